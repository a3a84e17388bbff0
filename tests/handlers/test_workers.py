from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from handlers.workers import Job, Lane, Workers

SECONDS = 10


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(quick=1, long=1, waiting=1)
    yield made
    made.stop(0.1)


class Held:
    """A job that waits until it is let go."""

    def __init__(self) -> None:
        self.began, self.go, self.told = threading.Event(), threading.Event(), threading.Event()
        self.job = Job(self._run, self.told.set)

    def _run(self) -> None:
        self.began.set()
        self.go.wait(SECONDS)


def test_a_job_runs_and_a_broken_one_stops_nobody(workers: Workers) -> None:
    done = threading.Event()

    assert workers.submit(Lane.QUICK, Job(lambda: 1 // 0))  # type: ignore[arg-type]  # its result is of no use
    assert workers.idle(SECONDS)
    assert workers.submit(Lane.QUICK, Job(done.set))

    assert done.wait(SECONDS)


def test_clicks_go_on_while_the_long_lane_is_full(workers: Workers) -> None:
    held, done = Held(), threading.Event()
    workers.submit(Lane.LONG, held.job)

    workers.submit(Lane.QUICK, Job(done.set))

    assert done.wait(SECONDS)
    held.go.set()


def test_what_no_queue_holds_is_refused(workers: Workers) -> None:
    held = Held()
    workers.submit(Lane.LONG, held.job)
    assert held.began.wait(SECONDS)

    assert [workers.submit(Lane.LONG, Job(lambda: None)) for _ in range(2)] == [True, False]
    held.go.set()


def test_a_stop_waits_for_what_runs(workers: Workers) -> None:
    held = Held()
    workers.submit(Lane.LONG, held.job)
    assert held.began.wait(SECONDS)
    threading.Timer(0.05, held.go.set).start()

    assert workers.stop(SECONDS)
    assert not held.told.is_set()


def test_a_stop_tells_those_whose_work_does_not_end_or_never_began(workers: Workers) -> None:
    running, waiting = Held(), Held()
    workers.submit(Lane.LONG, running.job)
    assert running.began.wait(SECONDS)
    workers.submit(Lane.LONG, waiting.job)

    assert not workers.stop(0.2)
    assert running.told.is_set()
    assert waiting.told.is_set()
    assert not waiting.began.is_set()
    running.go.set()


def test_a_stopped_pool_takes_nothing(workers: Workers) -> None:
    workers.stop(0.1)

    assert not workers.submit(Lane.QUICK, Job(lambda: None))
