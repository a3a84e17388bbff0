from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.timetable.watching import gaps
from tests.bot.timetable.mornings import EIGHT

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
