from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.timetable.done import Done
from bot.timetable.watch import gaps
from tests.bot.timetable.mornings import EIGHT, Morning, pipeline
from tests.bot.timetable.written import (
    OTHER_DAY,
    BrokenStore,
)

LONGEST = timedelta(minutes=37, seconds=30)


def minutes(*numbers: float) -> list[datetime]:
    return [EIGHT + timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param([15, 30, 45], [], id="every quarter of an hour"),
        pytest.param([30, 45], [], id="one left out"),
        pytest.param([45], [(0, 45)], id="two left out at the beginning"),
        pytest.param([15], [(15, 60)], id="and at the end"),
        pytest.param([], [(0, 60)], id="nobody at all"),
        pytest.param([-10, 70], [(0, 60)], id="nobody in the time that is asked for"),
        pytest.param([22.5], [], id="at the limit"),
        pytest.param([22.4], [(22.4, 60)], id="just past it"),
    ],
)
def test_stretches_without_a_watch_are_found(times: list[float], expected: list[tuple[float, float]]) -> None:
    begin, end = minutes(0, 60)

    found = gaps(minutes(*times), begin, end, LONGEST)

    assert [tuple(minutes(*each)) for each in expected] == list(found)


@given(st.lists(st.floats(0, 1440, allow_nan=False)))
def test_gaps_are_in_order_and_hold_no_watch(times: list[float]) -> None:
    begin, end = minutes(0, 1440)
    watches = minutes(*times)

    found = gaps(watches, begin, end, LONGEST)

    assert list(found) == sorted(found)
    assert all(last - first > LONGEST for first, last in found)
    assert not [each for each in watches for first, last in found if first < each < last]


class TestWatch:
    @pytest.fixture
    def watching(self) -> Morning:
        return Morning(described=pipeline(quick=True))

    def test_it_looks_with_the_quick_checks_and_lets_incidents_follow(self, watching: Morning) -> None:
        assert watching.instance().watch() is Done.WATCHED
        (report,) = watching.desk.processed
        assert (report.previous, report.trigger, report.partial) == (OTHER_DAY, "watch", True)

    def test_its_report_is_kept_short_and_with_what_was_decided(self, watching: Morning) -> None:
        watching.instance().watch()

        (stored,) = watching.desk.stored
        assert (stored.job, stored.verdict, stored.document["verdict"]) == ("watch", "ALL CLEAR", "ALL CLEAR")
        assert "results" not in stored.document

    def test_it_posts_nothing_itself(self, watching: Morning) -> None:
        watching.instance().watch()

        assert watching.waiting() == []

    def test_once_in_an_interval_whoever_calls(self, watching: Morning) -> None:
        one, two = watching.instance("one"), watching.instance("two")

        done = [one.watch(), two.watch(), one.watch(), two.watch()]
        watching.later(minutes=15)
        again = [two.watch(), one.watch()]

        assert done == [Done.WATCHED, Done.BUSY, Done.NOT_OWED, Done.NOT_OWED]
        assert again == [Done.WATCHED, Done.BUSY]

    def test_one_that_failed_is_tried_again_in_the_same_interval(self, watching: Morning) -> None:
        instance = watching.instance()
        watching.desk.failure = RuntimeError("broken")
        with pytest.raises(RuntimeError):
            instance.watch()
        watching.desk.failure = None

        assert instance.watch() is Done.WATCHED

    def test_a_store_without_leases_does_not_silence_it(self, watching: Morning) -> None:
        watching.store = BrokenStore("acquire")

        assert watching.instance().watch() is Done.WATCHED
