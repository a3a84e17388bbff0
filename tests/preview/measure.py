"""How much of a screen messages take, measured in Chromium: the preview's page at a width."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.playground.block_kit.posts import ShownPost, channel_page
from bot.render.pages import SlackMessage
from tests.preview.browser import draw

LINE = 22
"""Pixels of a line of text: a message is as many lines high as fit into its height, its buttons and titles too."""

SCRIPT = """<script>
document.documentElement.dataset.sizes = JSON.stringify([...document.querySelectorAll("article")].map(each => {
  const top = each.getBoundingClientRect().top, row = each.querySelector(".actions");
  const body = each.querySelector(".message").getBoundingClientRect();
  return [each.querySelector(".who").getBoundingClientRect().bottom - top, body.bottom - top,
          row ? row.getBoundingClientRect().bottom - top : 0,
          Math.max(...[...each.querySelectorAll(".block, .wide")].map(one => one.scrollWidth - one.clientWidth))];
}));
</script>"""


@dataclass(frozen=True, slots=True)
class Size:
    """``lines`` of the message below its author; ``buttons`` is where they end, in pixels from the top; ``hidden`` are
    the pixels that one must scroll sideways for."""

    lines: float
    buttons: float
    hidden: float


def sizes_of(messages: Sequence[SlackMessage], width: int) -> list[Size]:
    """Measure messages in a window of so many pixels. Raises NoBrowserError."""
    posts = [ShownPost(body={"text": each.text, "blocks": each.blocks}, time="08:05") for each in messages]
    page = channel_page("nba-pipeline", posts).replace("</body>", f"{SCRIPT}</body>")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "page.html")
        # Chromium has no window narrower than 500 pixels, so the page is narrow in a wide one.
        source.write_text(page.replace("<body>", f'<body style="width: {width}px">'), encoding="utf-8")
        found = re.search(r'data-sizes="([^"]*)"', draw(source, folder))
    assert found is not None
    return [Size((end - top) / LINE, buttons, hidden) for top, end, buttons, hidden in json.loads(found[1])]
