"""What is kept of Slack's answers: for a while, within bounds, and never against a definite error."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.remembered import Remembered

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_answer_that_was_not_asked_for_longest_goes_first() -> None:
    asked: list[str] = []

    def ask(key: str) -> str:
        asked.append(key)
        return key

    kept = Remembered[str, str](ask, lambda: NOW, at_most=2)
    for key in ("a", "b", "c", "c", "b", "a"):
        assert kept.get(key, fresh=HOUR, usable=HOUR) == key

    assert asked == ["a", "b", "c", "a"]


@pytest.mark.parametrize(("age", "known"), [(HOUR - timedelta(seconds=1), True), (HOUR, False)])
def test_an_answer_is_known_for_a_while(age: timedelta, known: bool) -> None:
    now = [NOW]
    kept = Remembered[str, str](lambda key: key, lambda: now[0])
    kept.get("a", fresh=HOUR, usable=HOUR)
    now[0] = NOW + age

    assert (kept.known("a", HOUR) is not None) is known


def test_a_question_that_takes_long_keeps_nobody_else_waiting() -> None:
    held, asking = threading.Event(), threading.Event()

    def ask(key: str) -> str:
        if key == "slow":
            asking.set()
            assert held.wait(10)
        return key

    kept = Remembered[str, str](ask, lambda: NOW)
    slow = threading.Thread(target=lambda: kept.get("slow", fresh=HOUR, usable=HOUR))
    slow.start()
    try:
        assert asking.wait(10)
        assert kept.get("quick", fresh=HOUR, usable=HOUR) == "quick"
    finally:
        held.set()
        slow.join()
