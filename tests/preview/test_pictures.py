"""The documentation's pictures: all there, small, and of what the bot says today."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from bot.playground.block_kit.emoji import undrawn
from tests.preview.__main__ import WIDTHS
from tests.preview.browser import browser, photograph
from tests.preview.pictures import PICTURES
from tests.preview.png import SIGNATURE, read

DOCS = Path(__file__).parents[2] / "docs"
LARGEST = 150_000

pytestmark = pytest.mark.xdist_group("pictures")


@cache
def page_of(name: str) -> str:
    return PICTURES[name]()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.slow
def test_a_picture_shows_no_box_in_place_of_an_emoji(name: str) -> None:
    page = re.sub(r'aria-label="[^"]*"', "", page_of(name))

    assert undrawn(page) == set()
    assert "See more" not in page


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("alert-firing", "Acknowledge"),
        ("alert-firing", "Grant on 3 services…"),
        ("alert-acknowledged", "Snooze"),
        ("alert-snoozed", "End snooze"),
        ("alert-resolved", "Details"),
        ("repair-form", "Cancel"),
        ("repair-thread", "Undo…"),
    ],
)
@pytest.mark.slow
def test_each_state_of_an_alert_offers_what_can_be_done_in_it(name: str, button: str) -> None:
    assert button in page_of(name)


@pytest.mark.slow
def test_the_thread_of_a_repair_tells_its_story_to_the_end() -> None:
    told = [page_of("repair-thread").find(words) for words in ("repairs:", "Done", "Verified", "<b>Resolved at ")]

    assert -1 not in told
    assert told == sorted(told)


def test_the_page_about_slack_shows_every_picture_and_no_other() -> None:
    shown = re.findall(r"\(slack-([a-z-]+)\.png\)", (DOCS / "slack.md").read_text(encoding="utf-8"))

    assert sorted(shown) == sorted(f"{name}{suffix}" for name in PICTURES for suffix in WIDTHS)


def test_every_picture_is_there_and_small() -> None:
    names = [f"{name}{suffix}" for name in PICTURES for suffix in WIDTHS]
    sizes = {name: (DOCS / f"slack-{name}.png").stat().st_size for name in names}

    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


@pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")
@pytest.mark.slow
def test_a_picture_is_as_high_as_its_page(tmp_path: Path) -> None:
    page = '<html><body style="margin:0;background:#f00"><div style="height:700px"></div></body></html>'

    photograph(page, tmp_path / "page.png", 400)

    data = (tmp_path / "page.png").read_bytes()
    pixels = read(data)
    assert data.startswith(SIGNATURE)
    assert pixels.shape == (1050, 600, 3)
    assert pixels[-1, -1].tolist() == [255, 0, 0]
