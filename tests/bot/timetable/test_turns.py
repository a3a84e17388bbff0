from __future__ import annotations

import pytest

from bot.store.model import StoreError, StoreProblem
from bot.timetable.turns import IN_A_ROW, Turns
from tests.bot.timetable.mornings import Morning
from tests.bot.timetable.test_schedules import schedules_of


def turns() -> tuple[Turns, list[str]]:
    told: list[str] = []
    return Turns(lambda name, _: told.append(name)), told


@pytest.mark.parametrize(
    ("failures", "said"), [(IN_A_ROW - 1, []), (IN_A_ROW, ["watch"])], ids=["at the limit", "just past it"]
)
def test_a_step_that_fails_again_and_again_is_a_problem_and_is_told_once(failures: int, said: list[str]) -> None:
    counted, told = turns()

    for _ in range(failures):
        counted.failed("watch", OverflowError("secret"))

    assert told == said
    assert list(counted.problems()) == said
    assert counted.counts() == {"watch": failures}
    assert "secret" not in str(counted.problems())


def test_it_is_told_no_more_often_and_once_that_it_works_again() -> None:
    counted, told = turns()
    for _ in range(20):
        counted.failed("watch", OverflowError())

    counted.worked("watch")
    counted.worked("watch")

    assert told == ["watch", "watch:again"]
    assert counted.problems() == {}


def test_a_success_between_two_failures_starts_anew() -> None:
    counted, told = turns()
    for _ in range(IN_A_ROW):
        counted.failed("watch", OverflowError())
        counted.worked("watch")

    assert told == []


def test_a_store_that_takes_nothing_is_named_as_the_reason() -> None:
    counted, _ = turns()
    for _ in range(IN_A_ROW):
        counted.failed("watch", StoreError("in /a/file", problem=StoreProblem.FULL))

    assert str(StoreProblem.FULL) in counted.problems()["watch"]
    assert "/a/file" not in counted.problems()["watch"]


def test_a_round_whose_alerting_crashes_each_time_is_no_silence() -> None:
    morning = Morning()
    morning.desk.failure = OverflowError()
    counted, told = turns()
    schedules = schedules_of(morning, turns=counted)

    for _ in range(IN_A_ROW):
        with pytest.raises(OverflowError):
            schedules.run("round")
        morning.later(minutes=20)

    assert "watch" in told
    assert "watch" in counted.problems()
