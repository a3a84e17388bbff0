"""What a process that was killed has left standing in Slack is ended by the next one, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.playground.slack.server import unreachable
from bot.store.kept import Kept, recent, shown, undone
from bot.store.model import AuditEntry, Changes
from handlers.interrupted import LONGEST_WORK, settle_abandoned
from tests.handlers.rig import CHANNEL, Rig, running, until


@pytest.fixture
def prepared() -> Iterator[Rig]:
    with running() as made:
        yield made


def killed_in_the_middle(made: Rig) -> str:
    """Leave what a process leaves that is killed while a command runs; return the text that stands."""
    text = "⏳ Validating NBA player props for <@U0PERSON> · starting"
    answer = made.services.client.chat_postMessage(channel=CHANNEL, text=text)
    asked = Kept(request="request:example", title="NBA player props", actor="U0PERSON", at=made.now)
    made.store.commit(Changes(audit=(shown(asked, (CHANNEL, str(answer["ts"])), made.now),)))
    return text


def withdraw(made: Rig, *, alone: bool = True, later: timedelta = timedelta(0)) -> None:
    stopping = threading.Event()
    stopping.set()
    services = replace(made.services, clock=lambda: made.now + later, sleep=lambda _: None)
    settle_abandoned(services, made.again, stopping, alone=alone)


def test_a_command_that_a_killed_process_left_starting_is_ended_by_the_next_start(prepared: Rig) -> None:
    before = killed_in_the_middle(prepared)

    withdraw(prepared)

    after = prepared.slack.messages()[0].text
    assert before.startswith("⏳")
    assert "restarted" in after


def test_it_is_ended_once(prepared: Rig) -> None:
    killed_in_the_middle(prepared)
    withdraw(prepared)
    edits = len(prepared.slack.called("chat.update"))

    withdraw(prepared)

    assert len(prepared.slack.called("chat.update")) == edits


def test_a_command_is_remembered_while_it_runs_and_forgotten_when_it_is_answered(prepared: Rig) -> None:
    prepared.gate.opened.clear()
    prepared.command("/validate-daily", "yesterday")
    assert prepared.gate.asked.wait(20)
    until(lambda: [each.message for each in undone(recent(prepared.store, prepared.now), prepared.now, None)] != [None])
    running = undone(recent(prepared.store, prepared.now), prepared.now, None)
    prepared.gate.opened.set()
    prepared.wait()

    (message,) = prepared.slack.messages()
    assert [each.message for each in running] == [(CHANNEL, message.ts)]
    assert undone(recent(prepared.store, prepared.now), prepared.now, None) == []


def test_an_answer_that_came_is_left_alone(prepared: Rig) -> None:
    prepared.done("/validate-daily", "yesterday")
    edits = len(prepared.slack.called("chat.update"))

    withdraw(prepared)

    assert len(prepared.slack.called("chat.update")) == edits


@pytest.mark.parametrize(
    ("later", "ended"), [(timedelta(0), False), (LONGEST_WORK + timedelta(seconds=60), True)], ids=["young", "old"]
)
def test_what_another_instance_may_be_working_on_is_ended_only_when_it_cannot_be(
    prepared: Rig, later: timedelta, ended: bool
) -> None:
    killed_in_the_middle(prepared)

    withdraw(prepared, alone=False, later=later)

    text = prepared.slack.messages()[0].text
    assert ("restarted" in text) is ended


def test_what_slack_does_not_take_is_left_to_the_next_start(prepared: Rig) -> None:
    killed_in_the_middle(prepared)
    prepared.slack.tell("chat.update", unreachable(20))
    withdraw(prepared)
    prepared.slack.recover()

    withdraw(prepared)

    assert "restarted" in prepared.slack.messages()[0].text


def test_a_repair_that_was_confirmed_and_not_begun_is_told_in_its_thread_once(prepared: Rig) -> None:
    alert = prepared.alert()
    details = {"run": "run-1", "group": "run-1", "key": "grant-invoker:coordinator", "title": "Grant"}
    entry = AuditEntry(
        key="repair-of:run-1",
        at=prepared.now,
        actor="U0PERSON",
        action="repair",
        subject=alert.key,
        outcome="confirmed",
        details=details,
    )
    prepared.store.commit(Changes(audit=(entry,)))

    withdraw(prepared)
    withdraw(prepared)

    told = [each for each in prepared.store.pending() if "interrupted:run-1" in each.key]
    assert len(told) == 1
