from __future__ import annotations

from bot.store.health import PROBE_SECONDS, StoreHealth
from bot.store.model import StoreError, StoreProblem


class Store:
    def __init__(self) -> None:
        self.problem: StoreProblem | None = None
        self.probes = 0

    def ping(self) -> None:
        self.probes += 1
        if self.problem is not None:
            raise StoreError("in /a/file: full", problem=self.problem)


class Timer:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_store_that_cannot_be_written_says_why_and_names_no_file() -> None:
    store = Store()
    store.problem = StoreProblem.FULL

    assert StoreHealth(store).problem() == str(StoreProblem.FULL)


def test_whoever_asks_often_hears_what_the_last_probe_found() -> None:
    store, timer = Store(), Timer()
    health = StoreHealth(store, timer=timer)

    for seconds in (0, PROBE_SECONDS - 1, PROBE_SECONDS, PROBE_SECONDS + 1):
        timer.now = seconds
        health.problem()

    assert store.probes == 2


def test_a_store_that_works_again_is_no_problem_after_the_next_probe() -> None:
    store, timer = Store(), Timer()
    store.problem = StoreProblem.LOCKED
    health = StoreHealth(store, timer=timer)
    health.problem()
    store.problem, timer.now = None, PROBE_SECONDS

    assert health.problem() is None
