"""Every alert on the screens that people have, drawn by a browser: of every scenario, and every day of one in five."""

from __future__ import annotations

from statistics import median

import pytest

from tests.bot.render.screens import SCENARIOS, alerts_of, digest_of
from tests.preview.browser import browser
from tests.preview.measure import sizes_of
from tests.thoroughness import EVERY_DAY, sampled

AROUND = 84
"""Pixels beside a message: its author's picture, and the edges."""

PHONE, PHONE_HEIGHT = 360, 640
DESKTOP = 640 + AROUND

SHOWN = sampled(SCENARIOS, EVERY_DAY)

pytestmark = [
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("screens"),
]


@pytest.mark.slow
def test_the_first_screen_of_a_phone_ends_below_the_buttons_of_every_alert() -> None:
    shown = [(name, each) for name in SHOWN for each in alerts_of(name)]

    sizes = sizes_of([each.message for _, each in shown], PHONE)

    below = {f"{name}: {each.title}": size.buttons for (name, each), size in zip(shown, sizes, strict=True)}
    assert {title: bottom for title, bottom in below.items() if not 0 < bottom <= PHONE_HEIGHT} == {}


def test_the_digest_of_a_broken_day_takes_25_lines_of_a_desktop_at_most() -> None:
    digests = {name: digest_of(name) for name in SHOWN}

    sizes = dict(zip(digests, sizes_of(list(digests.values()), DESKTOP), strict=True))

    clear = {name for name, each in digests.items() if each.text.startswith("🟢")}
    assert {name: each.lines for name, each in sizes.items() if each.lines > (4 if name in clear else 25)} == {}


def test_half_of_the_alerts_take_a_dozen_lines_of_a_desktop_at_most() -> None:
    sizes = sizes_of([each.message for name in SHOWN for each in alerts_of(name)], DESKTOP)

    assert median(each.lines for each in sizes) <= 12
