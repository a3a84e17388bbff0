"""A process that serves is killed before and after every call of its store, one place after the other: what it had
written down is done by the next process, once, and what it had not is not acknowledged."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.playground.slack.requests import SignedRequest
from bot.playground.slack.server import SlackServer
from bot.repairs.model import LEASE, NEVER_WRITTEN
from bot.scenarios.platform import ScenarioPlatform
from bot.store import kept
from bot.store.kept import undone
from bot.store.model import Alert, AlertState, StateStore
from bot.store.sqlite import SqliteStore
from handlers.interrupted import settle_abandoned
from handlers.workers import Workers
from tests.faults.points import Points, guarded
from tests.handlers.rig import Rig, new_slack, running
from tests.handlers.test_repairs import broken, press, refused_alert, words
from tests.handlers.test_repairs import following as follow

OK = 200
MANY = 1_000_000
MOST_PLACES = 200
DEAD_WITHIN = 20.0

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def stand_still(place: str) -> None:
    """Do nothing more, as the thread of a process that is dead; one that somebody will join ends instead."""
    if threading.current_thread().daemon:
        threading.Event().wait()
    raise SystemExit(place)


class Mortal(Workers):
    """Nobody waits for work whose thread is dead."""

    def stop(self, seconds: float) -> bool:
        del seconds
        return super().stop(0.0)


@dataclass
class World:
    """What outlives a process."""

    slack: SlackServer
    store: SqliteStore
    platform: ScenarioPlatform | None = None

    def process(self, store: StateStore, *, repairs: bool) -> AbstractContextManager[Any]:
        if repairs:
            return broken(outliving=(self.slack, store), platform=self.platform, workers=Mortal())
        return running(outliving=(self.slack, store), workers=Mortal())


Make = Callable[[Rig, Alert], SignedRequest]


def button(action_id: str) -> Make:
    def make(rig: Rig, alert: Alert) -> SignedRequest:
        value = json.dumps({"key": alert.key, "version": alert.version})
        return rig.slack.requests.click(rig.parent(alert), action_id, value)

    return make


def snooze(rig: Rig, alert: Alert) -> SignedRequest:
    origin = json.dumps({"key": alert.key, "version": alert.version, "channel": alert.channel, "thread": None})
    form = {"id": "V0EXAMPLE", "callback_id": "alert:snooze", "private_metadata": origin, "type": "modal"}
    return rig.slack.requests.submission(form, {"until": {"choice": {"selected_option": {"value": "1h"}}}})


def confirmation(rig: Rig, alert: Alert) -> SignedRequest:
    return rig.slack.requests.submission(press(rig, alert), {})


def command(rig: Rig, alert: Alert) -> SignedRequest:
    del alert
    return rig.slack.requests.command("/validate-daily", "")


CASES: Mapping[str, Make] = {
    "acknowledge": button("alert:acknowledge"),
    "re-check": button("alert:recheck"),
    "snooze": snooze,
    "repair": confirmation,
    "command": command,
}


@dataclass(frozen=True)
class Outcome:
    """What there is in the end. ``acknowledged`` says whether Slack was answered 200, ``settled`` that nothing that was
    written down waits any more, ``running`` counts messages of commands that seem to run."""

    acknowledged: bool
    settled: bool
    running: int
    alert: Any
    deliveries: tuple[str, ...]
    granted: str
    words: str

    @property
    def effect(self) -> tuple[Any, ...]:
        # Of a repair that was made and not recorded the thread hears that it is verified, and not that it is written.
        deliveries = tuple(each for each in self.deliveries if not each.endswith(":repaired:"))
        return (self.alert, deliveries, self.granted)


def lived(case: str, die_after: int | None) -> tuple[Outcome, str | None]:
    """Send one request to a process that dies at a place, start the next one; return what there is, and the place."""
    repairs = case == "repair"
    with new_slack() as slack, closing(SqliteStore(":memory:")) as store:
        world = World(slack, store)
        points = Points(stand_still)
        with world.process(guarded(store, "store", points), repairs=repairs) as made:
            rig, world.platform = made if repairs else (made, None)
            alert = refused_alert(rig) if repairs else rig.alert()
            request = CASES[case](rig, alert)
            points.arm(MANY if die_after is None else die_after)
            answer = rig.send(request)
            done_or_dead(rig, points)
            place = points.died_at
            acknowledged = answer.status == OK and "response_action" not in answer.body
            with world.process(store, repairs=repairs) as following:
                successor = following[0] if repairs else following
                start(successor, repairs=repairs)
                found = outcome(successor, world, alert, acknowledged=acknowledged)
            points.died_at = "over"  # what is left of the first process does nothing more
        return found, place


def done_or_dead(rig: Rig, points: Points) -> None:
    until = time.monotonic() + DEAD_WITHIN
    while points.died_at is None and not rig.services.workers.idle(0.05):
        assert time.monotonic() < until


def start(rig: Rig, *, repairs: bool) -> None:
    """Do what a process does at its start, and what it does about repairs once a lease of the dead one has ended."""
    stopping = threading.Event()
    stopping.set()
    settle_abandoned(rig.services, rig.again, stopping, alone=True)
    rig.wait()
    if repairs:
        rig.now += LEASE + timedelta(seconds=1)
        follow(rig).turn()


def outcome(rig: Rig, world: World, alert: Alert, *, acknowledged: bool) -> Outcome:
    now = rig.store.alert(alert.key)
    assert now is not None
    granted = "" if world.platform is None else str([each.bindings for each in world.platform.policies.values()])
    return Outcome(
        acknowledged=acknowledged,
        settled=not undone(kept.recent(rig.store, rig.now), rig.now, None),
        running=sum(each.text.startswith("⏳") for each in world.slack.messages()),
        alert=(now.state, now.owner),
        deliveries=tuple(sorted(re.sub("[0-9a-f]{16,32}|:v[0-9]+", "", each.key) for each in rig.store.pending())),
        granted=granted,
        words=words(rig, alert),
    )


def is_told(found: Outcome) -> bool:
    """Whether the thread says that nothing was changed, and nothing was."""
    said = "nothing was changed" in found.words or NEVER_WRITTEN in found.words
    return said and found.alert == (AlertState.FIRING, None)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_whatever_was_acknowledged_is_done_once_wherever_the_process_is_killed(case: str) -> None:
    undisturbed, _ = lived(case, None)
    places = []
    for number in range(MOST_PLACES):
        found, place = lived(case, number)
        if place is None:
            break
        places.append(place)
        assert found.settled, place
        assert found.running == 0, place
        if number == 0:
            assert case == "command" or not found.acknowledged
        elif case == "repair":
            assert found.effect == undisturbed.effect or is_told(found), (number, place, found)
        elif case != "command":
            assert found.effect == undisturbed.effect, (number, place)

    assert places[0] == "before store.commit"
    assert 4 < len(places) < MOST_PLACES


def test_a_process_that_is_killed_before_it_has_written_a_click_down_has_not_acknowledged_it() -> None:
    found, place = lived("acknowledge", 0)

    assert (found.acknowledged, place) == (False, "before store.commit")
    assert found.alert == (AlertState.FIRING, None)


def test_a_process_that_is_killed_once_it_has_written_a_click_down_leaves_it_to_the_next() -> None:
    found, place = lived("acknowledge", 1)

    assert (found.acknowledged, place) == (False, "after store.commit")
    assert found.effect == lived("acknowledge", None)[0].effect
