from __future__ import annotations

import threading
import time

import pytest

from bot.serving.courtesy import Courtesy

SOON = 5.0


def test_a_job_begins_at_once_when_nobody_waits_for_an_answer() -> None:
    assert Courtesy(most_seconds=SOON).give_way()


def test_a_job_waits_until_every_request_is_answered() -> None:
    courtesy = Courtesy(most_seconds=SOON)
    order: list[str] = []

    def work() -> None:
        courtesy.give_way()
        order.append("job")

    with courtesy.answering(), courtesy.answering():
        job = threading.Thread(target=work)
        job.start()
        order.append("answers")
    job.join(SOON)

    assert order == ["answers", "job"]


def test_a_job_waits_a_moment_for_the_next_request_of_a_burst() -> None:
    courtesy = Courtesy(quiet_seconds=0.02, most_seconds=SOON)

    with courtesy.answering():
        pass
    answered = time.monotonic()

    assert courtesy.give_way()
    assert time.monotonic() - answered >= 0.01


def test_a_job_does_not_wait_for_ever() -> None:
    courtesy = Courtesy(most_seconds=0.01)

    with courtesy.answering():
        assert not courtesy.give_way()


def test_a_request_that_breaks_counts_as_answered() -> None:
    courtesy = Courtesy(quiet_seconds=0.0, most_seconds=0.01)

    with pytest.raises(ValueError, match="broken"), courtesy.answering():
        raise ValueError("broken")

    assert courtesy.give_way()
