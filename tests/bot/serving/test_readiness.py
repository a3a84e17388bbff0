import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.serving.readiness import FRESH_SECONDS, STALE_SECONDS, Readiness


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Read:
    """A look at the store, which can hang."""

    def __init__(self) -> None:
        self.problems: Mapping[str, str] = {}
        self.reads = 0
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self) -> Mapping[str, str]:
        self.reads += 1
        self.begun.set()
        assert self.may_end.wait(20)
        return self.problems


def test_an_answer_serves_everybody_for_a_moment() -> None:
    look, clock = Read(), Clock()
    readiness = Readiness(look, clock)
    reads = []

    for clock.now in (0.0, FRESH_SECONDS - 0.01, FRESH_SECONDS):
        readiness()
        reads.append(look.reads)

    assert reads == [1, 1, 2]


def test_while_a_look_hangs_others_hear_what_was_known_and_after_a_while_that_it_hangs() -> None:
    look, clock = Read(), Clock()
    readiness = Readiness(look, clock)
    readiness()
    clock.now = FRESH_SECONDS
    look.begun.clear()
    look.may_end.clear()

    with ThreadPoolExecutor(1) as first:
        looking = first.submit(readiness)
        assert look.begun.wait(10)
        meanwhile = readiness()
        clock.now = STALE_SECONDS + 0.1
        later = readiness()
        look.may_end.set()

    assert (meanwhile, looking.result(), look.reads) == ({}, {}, 2)
    assert set(later) == {"process"}


def test_before_the_first_look_has_ended_nobody_is_told_that_all_is_well() -> None:
    look = Read()
    look.may_end.clear()
    readiness = Readiness(look)

    with ThreadPoolExecutor(1) as first:
        looking = first.submit(readiness)
        assert look.begun.wait(10)
        meanwhile = readiness()
        look.may_end.set()

    assert set(meanwhile) == {"process"}
    assert looking.result() == {}
