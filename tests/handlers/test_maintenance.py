"""``/reveille maintenance``: who may, how long, and what the channel hears."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.alerting.holds import LONGEST, current
from bot.playground.slack.requests import PERSON
from bot.request import RequestError
from bot.sinks.slack.format import formatted
from bot.store.model import StateStore
from checks.notifications import Permissions as Rules
from handlers.maintenance import asked_hold
from tests.handlers.rig import CHANNEL, COLLEAGUE, NOW, Rig, running
from tests.handlers.test_home import opened, shown

ZONE = ZoneInfo("America/New_York")


def posted(store: StateStore) -> list[str]:
    return [str(formatted(each.body)["text"]) for each in store.pending() if each.channel == CHANNEL]


def until(rig: Rig) -> datetime | None:
    hold = current(rig.store, rig.services.validation.pipeline, rig.now)
    return None if hold is None else hold.until


def test_it_starts_is_said_in_the_channel_and_is_in_the_audit() -> None:
    with running() as rig:
        rig.done("/reveille", "maintenance 2h deploying <the> worker")

        (message,) = posted(rig.store)
        assert message == "🔧 *Deploying &lt;the&gt; worker until 10:00 EST* by <@U0PERSON>: alerts below P0 wait."
        assert until(rig) == NOW + timedelta(hours=2)
        assert "maintenance-started" in {each.action for each in rig.store.audit(NOW, 9)}


def test_it_ends_early_by_anybody_who_may_and_a_second_end_says_so() -> None:
    with running() as rig:
        rig.done("/reveille", "maintenance 2h deploying")
        rig.done("/reveille", "maintenance END", user=COLLEAGUE)
        rig.done("/reveille", "maintenance end")

        assert until(rig) is None
        assert any(f"ended by <@{COLLEAGUE}>" in each for each in posted(rig.store))
        assert "No maintenance" in rig.said[-1]


def test_alone_it_says_what_waits() -> None:
    with running() as rig:
        rig.done("/reveille", "maintenance")
        rig.done("/reveille", "maintenance 30m deploying")
        rig.done("/reveille", "maintenance")

        assert rig.said[0] == "No maintenance: every alert is posted."
        assert "until 08:30 EST" in rig.said[-1]


def test_only_who_may_act_on_alerts_starts_it() -> None:
    with running(Rules(actors=(COLLEAGUE,))) as rig:
        rig.done("/reveille", "maintenance 2h deploying")

        assert until(rig) is None
        assert posted(rig.store) == []
        assert rig.said


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("30m x", NOW + timedelta(minutes=30)),
        ("30min x", NOW + timedelta(minutes=30)),
        ("2H x", NOW + timedelta(hours=2)),
        ("1h30m x", NOW + timedelta(hours=1, minutes=30)),
        ("1d x", NOW + LONGEST),
        ("2 hours x", NOW + timedelta(hours=2)),
        ("90 min x", NOW + timedelta(minutes=90)),
        ("45 minutes x", NOW + timedelta(minutes=45)),
        ("until 14:30 x", datetime(2026, 2, 11, 19, 30, tzinfo=UTC)),
        ("until 8:00 x", datetime(2026, 2, 12, 13, tzinfo=UTC)),
    ],
)
def test_how_long_is_said_as_people_say_it(words: str, end: datetime) -> None:
    assert asked_hold(words.split(), PERSON, ZONE, NOW).until == end


@pytest.mark.parametrize(
    "words",
    [
        ["2h"],
        ["0m", "x"],
        ["soon", "x"],
        ["25h", "x"],
        ["until", "25:00", "x"],
        ["until"],
        ["99d", "x"],
        ["h", "x"],
        ["90", "x"],
        ["end", "now"],
        ["2", "hours"],
        ["2", "parsecs", "x"],
        ["-2h", "x"],
    ],
)
def test_what_cannot_be_done_is_answered_with_a_sentence(words: Sequence[str]) -> None:
    with pytest.raises(RequestError):
        asked_hold(list(words), PERSON, ZONE, NOW)


def test_a_request_that_cannot_be_done_changes_nothing() -> None:
    with running() as rig:
        rig.done("/reveille", "maintenance soon")

        assert until(rig) is None
        assert "maintenance [2h" in rig.said[-1]


def test_home_shows_it() -> None:
    with running() as rig:
        rig.done("/reveille", "maintenance 2h deploying")

        opened(rig)

        assert "Deploying until 10:00 EST" in shown(rig)
