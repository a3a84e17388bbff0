"""A click that was acknowledged is done: by this process, or by the next one where this one is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.store.kept import undone
from bot.store.model import Alert, AlertState, StoreError
from bot.store.progress import recent
from handlers.clicks import LATER, pressed, submit_kept
from handlers.interrupted import settle_abandoned
from handlers.replies import PrivateReply
from handlers.workers import Job, Lane, Workers
from tests.handlers.rig import Rig, running
from tests.servers.slack_requests import PERSON


class Killed(Workers):
    """Takes what it is given, and is killed before it begins; ``revived`` is the next process."""

    def __init__(self) -> None:
        super().__init__()
        self.revived = False

    def submit(self, lane: Lane, job: Job) -> bool:
        return super().submit(lane, job) if self.revived else True


@contextmanager
def killed() -> Iterator[tuple[Rig, Callable[[], None]]]:
    """Yield handlers whose process ends before any work, and what starts the next one."""
    workers = Killed()
    with running(workers=workers) as rig:

        def start() -> None:
            workers.revived = True
            stopping = threading.Event()
            stopping.set()
            settle_abandoned(rig.services, rig.again, stopping, alone=True)
            rig.wait()

        yield rig, start


def value(alert: Alert) -> str:
    return json.dumps({"key": alert.key, "version": alert.version})


def click(rig: Rig, alert: Alert, action_id: str) -> None:
    assert rig.send(rig.slack.requests.click(rig.parent(alert), action_id, value(alert))).status == 200


def state_of(rig: Rig, alert: Alert) -> AlertState:
    found = rig.store.alert(alert.key)
    assert found is not None
    return found.state


def left(rig: Rig) -> int:
    return len(undone(recent(rig.store, rig.now), rig.now, None))


def test_a_click_of_a_process_that_is_killed_before_it_begins_is_done_by_the_next() -> None:
    with killed() as (rig, start):
        alert = rig.alert()
        click(rig, alert, "alert:acknowledge")
        before = state_of(rig, alert)

        start()

        assert (before, state_of(rig, alert)) == (AlertState.FIRING, AlertState.ACKNOWLEDGED)
        assert left(rig) == 0


def test_it_is_done_once() -> None:
    with killed() as (rig, start):
        alert = rig.alert()
        click(rig, alert, "alert:acknowledge")
        start()
        waiting = len(rig.store.pending())

        start()

        assert (len(rig.store.pending()), rig.said) == (waiting, [])


def test_a_recheck_of_a_process_that_is_killed_is_made_by_the_next() -> None:
    with killed() as (rig, start):
        alert = rig.alert()
        click(rig, alert, "alert:recheck")

        start()

        assert rig.gate.asked.is_set()
        assert left(rig) == 0


def test_a_recheck_is_remembered_until_its_run_has_ended() -> None:
    with running() as rig:
        alert = rig.alert()
        rig.gate.opened.clear()
        click(rig, alert, "alert:recheck")
        assert rig.gate.asked.wait(20)
        under_way = left(rig)
        rig.gate.opened.set()
        rig.wait()

        assert (under_way, left(rig)) == (1, 0)


def test_a_snooze_of_a_process_that_is_killed_is_made_by_the_next() -> None:
    with killed() as (rig, start):
        alert = rig.alert()
        origin = json.dumps({"key": alert.key, "version": alert.version, "channel": alert.channel, "thread": None})
        form = {"id": "V0EXAMPLE", "callback_id": "alert:snooze", "private_metadata": origin, "type": "modal"}
        values = {"until": {"choice": {"selected_option": {"value": "1h"}}}}
        assert rig.send(rig.slack.requests.submission(form, values)).status == 200

        start()

        assert state_of(rig, alert) is AlertState.SNOOZED
        assert left(rig) == 0


@pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck", "alert:unsnooze"])
def test_what_was_done_is_not_done_again_at_a_start(action_id: str) -> None:
    with running() as rig:
        click(rig, rig.alert(), action_id)
        rig.wait()

        assert left(rig) == 0


def test_one_who_lost_the_right_meanwhile_is_refused_at_the_start() -> None:
    with killed() as (rig, start):
        alert = rig.alert()
        click(rig, alert, "alert:acknowledge")
        rig.slack.workspace.users[PERSON] = {"deleted": True}

        start()

        assert (state_of(rig, alert), left(rig)) == (AlertState.FIRING, 0)


def test_neither_the_trigger_nor_the_address_to_answer_to_is_kept() -> None:
    with killed() as (rig, _):
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        rig.send(request)

        (kept,) = undone(recent(rig.store, rig.now), rig.now, None)
        assert "response_url" not in kept.body
        assert "trigger_id" not in kept.body
        assert pressed(kept.body["actions"][0]["value"]) is not None


def test_a_store_that_takes_nothing_keeps_no_click_from_its_acknowledgement() -> None:
    class Silent:
        def commit(self, _: Any) -> None:
            raise StoreError("answers nothing")

        def first_time(self, *_: Any) -> bool:
            raise StoreError("answers nothing")

    with running() as rig:
        done = threading.Event()
        reply = PrivateReply(client=rig.services.client, user=PERSON)
        body = {"trigger_id": "1.2.example", "user": {"id": PERSON}}

        submit_kept(replace(rig.services, store=Silent()), body, done.set, reply)  # type: ignore[arg-type]

        assert done.wait(20)


def test_one_whose_click_a_shutdown_cuts_short_hears_that_it_will_be_done() -> None:
    with running() as rig:
        held, release = threading.Event(), threading.Event()
        reply = PrivateReply(client=rig.services.client, user=PERSON)

        def hold() -> None:
            held.set()
            release.wait(20)

        submit_kept(rig.services, {"trigger_id": "1.2.example", "user": {"id": PERSON}}, hold, reply)
        assert held.wait(20)
        rig.services.workers.stop(0.2)
        release.set()

        assert [each.text for each in rig.slack.messages(PERSON)] == [LATER]
        assert left(rig) == 1


def test_a_click_of_another_instance_is_left_to_it_while_it_is_young() -> None:
    with killed() as (rig, _):
        click(rig, rig.alert(), "alert:acknowledge")
        entries = recent(rig.store, rig.now)

        young = undone(entries, rig.now + timedelta(seconds=179), timedelta(minutes=3))
        old = undone(entries, rig.now + timedelta(minutes=3), timedelta(minutes=3))

        assert (len(young), len(old)) == (0, 1)
