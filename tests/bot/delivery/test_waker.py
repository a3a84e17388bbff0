"""Asking to be woken when a message may go, against a Cloud Tasks of this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.waker import FARTHEST, PAUSE, SLOT, Waker, next_due, slot_of
from bot.google_cloud.cloud_tasks import CloudTasksQueue, name_of
from bot.store.model import Delivery, DeliveryKind
from checks.source import Problem, SourceError
from tests.servers.json_http import Answer, JsonHttpServer

NOW = datetime(2026, 2, 12, 13, 0, 3, tzinfo=UTC)
QUEUE = "projects/example-project/locations/us-west2/queues/reveille"
URL = "https://reveille.example.com"
ACCOUNT = "clock@example-project.iam.gserviceaccount.com"
SOON = timedelta(minutes=2)


def queue_at(server: JsonHttpServer, seconds: float = 5.0) -> CloudTasksQueue:
    url = f"{URL}/tasks/round"
    return CloudTasksQueue(QUEUE, url=url, audience=URL, account=ACCOUNT, endpoint=server.address, seconds=seconds)


def waits(until: datetime | None, leased: datetime | None = None) -> Delivery:
    return Delivery(
        key="alert:a", kind=DeliveryKind.POST, channel="C0123456789", body={}, created_at=NOW,
        not_before=until, lease_until=leased,
    )  # fmt: skip


@given(seconds=st.integers(-3600, 40 * 86_400))
def test_a_slot_is_never_before_its_time_nor_in_the_past_nor_too_far(seconds: int) -> None:
    due = NOW + timedelta(seconds=seconds)
    slot = slot_of(due, NOW)

    wanted = min(max(due, NOW), NOW + FARTHEST)
    assert wanted <= slot < wanted + SLOT
    assert slot_of(slot, NOW) == slot


@pytest.mark.parametrize(
    ("pending", "due"),
    [
        ([], None),
        ([waits(None)], None),
        ([waits(NOW)], None),
        ([waits(NOW + SOON), waits(NOW + 2 * SOON)], NOW + SOON),
        ([waits(None, leased=NOW + SOON)], NOW + SOON),
    ],
    ids=["nothing waits", "it waits for no time", "it could go", "the first of two", "somebody holds it"],
)
def test_what_is_due_next_is_what_waits_for_a_time(pending: list[Delivery], due: datetime | None) -> None:
    assert next_due(pending, NOW) == due


def test_a_task_calls_the_round_at_its_time_with_the_token_of_the_clock() -> None:
    with JsonHttpServer(Answer(200, {"name": "made"})) as server:
        waker = Waker(queue_at(server), lambda: NOW)
        waker.at(NOW + SOON)
        waker.flush()
    (asked,) = server.requests
    task: Any = asked.body["task"]

    assert (asked.method, asked.path) == ("POST", f"/v2/{QUEUE}/tasks")
    assert task["name"] == f"{QUEUE}/tasks/{name_of(datetime(2026, 2, 12, 13, 2, 10, tzinfo=UTC))}"
    assert task["scheduleTime"] == "2026-02-12T13:02:10Z"
    assert task["httpRequest"]["url"] == f"{URL}/tasks/round"
    assert task["httpRequest"]["oidcToken"] == {"serviceAccountEmail": ACCOUNT, "audience": URL}


def test_what_is_due_in_one_slot_is_asked_for_once_also_by_another_process() -> None:
    with JsonHttpServer(Answer(200), Answer(409, {"error": {"status": "ALREADY_EXISTS"}})) as server:
        one, other = (Waker(queue_at(server), lambda: NOW) for _ in range(2))
        for waker in (one, one, other):
            waker.at(NOW + SOON)
            waker.round_is_over([waits(NOW + SOON)])
    names = [each.body["task"]["name"] for each in server.requests]

    assert len(names) == 2
    assert len(set(names)) == 1


def test_what_is_past_is_woken_for_at_once() -> None:
    with JsonHttpServer(Answer(200)) as server:
        waker = Waker(queue_at(server), lambda: NOW)
        waker.at(NOW - SOON)
        waker.flush()

    assert server.requests[0].body["task"]["scheduleTime"] == "2026-02-12T13:00:10Z"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(403, {"error": {"message": "Permission cloudtasks.tasks.create denied"}}), Problem.DENIED),
        (Answer(429, {"error": {"message": "Quota exceeded"}}), Problem.THROTTLED),
        (Answer(404, {"error": {"message": "Queue does not exist"}}), Problem.NOT_FOUND),
        (Answer(hang=True), Problem.TIMED_OUT),
    ],
    ids=["refused", "over its quota", "no such queue", "slow"],
)
def test_a_wake_up_that_cannot_be_had_is_logged_once_and_not_asked_for_again_at_once(
    answer: Answer, problem: Problem, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [NOW]
    with JsonHttpServer(answer) as server:
        queue = queue_at(server, seconds=0.2)
        with pytest.raises(SourceError) as refused:
            queue.wake_at(NOW)
        waker = Waker(queue, lambda: clock[0])
        for minutes in (1, 2, 3):
            waker.at(NOW + timedelta(minutes=minutes))
            waker.flush()
        asked = len(server.requests)
        clock[0] += PAUSE
        waker.at(clock[0] + SOON)
        waker.flush()

    assert refused.value.problem is problem
    assert asked == 2
    assert len(server.requests) == 3
    assert [each.levelname for each in caplog.records if each.name == "bot.delivery.waker"] == ["WARNING"] * 2


@pytest.mark.parametrize(("state", "runs"), [("RUNNING", True), ("PAUSED", False), ("DISABLED", False)])
def test_a_queue_that_sends_nothing_is_noticed(state: str, *, runs: bool) -> None:
    with JsonHttpServer(Answer(200, {"state": state})) as server:
        look: Callable[[], None] = queue_at(server).must_run
        if runs:
            look()
        else:
            with pytest.raises(SourceError, match=state):
                look()
