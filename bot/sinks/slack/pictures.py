"""Pictures of a message, drawn as PNG and shown in its thread: once, after the message, which is complete without."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from pathlib import Path

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.render.post import Picture
from bot.sinks.slack.errors import remedy
from bot.sinks.slack.files import SlackFile, share, why_not

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"

ZOOM = 2.5
"""Sharp on a phone, whose pixels are three of ours."""

_logger = logging.getLogger(__name__)


def show(client: WebClient, channel: str, thread_ts: str, pictures: Sequence[Picture], shown: Collection[str]) -> None:
    """Show what no block of the message shows already. What goes wrong is logged: the words were said."""
    wanted = [each for each in pictures if each.shown_by not in shown]
    try:
        files = [SlackFile(f"{each.name}.png", each.title, png_of(each.svg), each.words) for each in wanted]
        if files:
            share(client, channel, thread_ts, files)
    except ImportError:
        _logger.info("pictures are left out: they need `pip install 'reveille[pictures]'`")
    except ValueError as error:
        _logger.warning("a picture could not be drawn: %s", error)
    except (SlackClientError, OSError) as error:
        why = why_not(error)
        _logger.warning("the pictures of a digest could not be shared: %s. %s", why, remedy(why))


def png_of(svg: str) -> bytes:
    """Return an SVG as PNG. Raises ImportError without the extra, ValueError for what cannot be drawn."""
    import resvg_py  # noqa: PLC0415 - an extra

    return resvg_py.svg_to_bytes(
        svg_string=svg, skip_system_fonts=True, font_files=[str(FONT)], font_family="DejaVu Sans", zoom=ZOOM
    )
