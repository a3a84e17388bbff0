"""Every alert in every state on the screens that people have, drawn by a browser: of every scenario, and every day of
one in five."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from statistics import median

import pytest

from bot.render.alert import alert_message
from bot.render.blocks import slack_message
from bot.render.pages import SlackMessage
from tests.bot.render.every_message import states_of
from tests.bot.render.screens import SCENARIOS, alerts_of, digest_of
from tests.pipelines.nba_world import NBA
from tests.preview.browser import browser
from tests.preview.measure import Size, sizes_of
from tests.replayed import replayed
from tests.thoroughness import EVERY_DAY, sampled

AROUND = 84
"""Pixels beside a message: its author's picture, and the edges."""

PHONE, PHONE_HEIGHT = 360, 640
DESKTOP = 640 + AROUND

LATER = timedelta(minutes=25)
STATES = {"firing", "acknowledged", "snoozed", "until it changes", "resolved", "back"}

SHOWN = sampled(SCENARIOS, EVERY_DAY)

pytestmark = [
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("screens"),
]


@cache
def shown() -> Mapping[str, SlackMessage]:
    """Every alert of the scenarios in each of its states, by scenario, place and state."""
    return {
        f"{name} {place}, {state}": slack_message(alert_message(each, NBA, replayed(name).report.now + LATER))
        for name in SHOWN
        for place, opened in enumerate(alerts_of(name))
        for state, each in states_of(opened.alert, replayed(name).report.now).items()
    }


@cache
def sizes(width: int) -> Mapping[str, Size]:
    """The sizes of all of them, from one page."""
    return dict(zip(shown(), sizes_of(list(shown().values()), width), strict=True))


@pytest.mark.slow
def test_every_state_is_looked_at() -> None:
    assert {name.rpartition(", ")[2] for name in shown()} == STATES


def test_the_first_screen_of_a_phone_ends_below_the_buttons_of_every_alert_in_every_state() -> None:
    below = {name: size.buttons for name, size in sizes(PHONE).items()}

    assert {name: bottom for name, bottom in below.items() if not 0 < bottom <= PHONE_HEIGHT} == {}


@pytest.mark.slow  # the middle of a few scenarios says nothing of that of all
def test_half_of_the_alerts_take_a_dozen_lines_of_a_desktop_at_most() -> None:
    for state in STATES:
        assert median(size.lines for name, size in sizes(DESKTOP).items() if name.endswith(f", {state}")) <= 12
    assert median(size.lines for size in sizes(DESKTOP).values()) <= 12


def test_the_digest_of_a_broken_day_takes_25_lines_of_either_screen_at_most() -> None:
    digests = {name: digest_of(name) for name in SHOWN}
    clear = {name for name, each in digests.items() if each.text.startswith("🟢")}
    for width in (DESKTOP, PHONE):
        found = dict(zip(digests, sizes_of(list(digests.values()), width), strict=True))

        most = {name: 6 if name in clear else 25 for name in found}
        assert {name: each.lines for name, each in found.items() if each.lines > most[name]} == {}
        assert {name: each.hidden for name, each in found.items() if each.hidden > 0} == {}


def test_nobody_scrolls_sideways_for_an_alert() -> None:
    assert {name: size.hidden for name, size in sizes(PHONE).items() if size.hidden > 0} == {}
