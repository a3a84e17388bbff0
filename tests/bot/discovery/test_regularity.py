"""One date a week, or a month: the cadence, and on which day an interval begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.discovery.profile import Period, Profile, Subject
from bot.discovery.regularity import seldom

ZONE = ZoneInfo("Europe/Paris")
SUNDAY = date(2026, 8, 2)


def table(days: Sequence[date], lag: timedelta | None, column: str = "trained_on") -> Profile:
    """A table with rows of some days, which are loaded so long after midnight of their day."""
    kinds = {"model_id": "STRING", column: "DATE"} | ({} if lag is None else {"loaded_at": "TIMESTAMP"})
    subject = Subject(name="ml.models", columns=kinds, date=column, loaded=None if lag is None else "loaded_at")

    def period(day: date) -> Period:
        loads = frozenset() if lag is None else frozenset({datetime(day.year, day.month, day.day, tzinfo=UTC) + lag})
        return Period(
            start=day, rows=9, nulls={}, distinct={}, negatives={}, lowest={}, values={}, copies={}, loads=loads
        )

    return Profile(subject=subject, periods=tuple(period(day) for day in sorted(days, reverse=True)))


def stated(*tables: Profile, today: date = date(2026, 12, 1)) -> object:
    found = seldom(tables, ZONE, today)
    return None if found is None else found.cadence.stated


def weeks(count: int, first: date = SUNDAY) -> list[date]:
    return [first + timedelta(weeks=number) for number in range(count)]


def months(count: int, day: int) -> list[date]:
    return [date(2026, month, day) for month in range(1, 1 + count)]


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("lag", "first"),
    [
        pytest.param(20 * HOUR, "monday", id="on the day"),
        pytest.param(27 * HOUR, "monday", id="in the night after"),
        pytest.param(2 * DAY, "tuesday", id="on Tuesday morning"),
        pytest.param(7 * DAY + 3 * HOUR, "sunday", id="when the week is over"),
        pytest.param(None, "monday", id="nobody knows when"),
    ],
)
def test_a_week_ends_when_its_rows_are_there(lag: timedelta | None, first: str) -> None:
    assert stated(table(weeks(9), lag)) == {"weekly": first}


@pytest.mark.parametrize(
    ("day", "lag", "first"),
    [(1, 31 * DAY + 3 * HOUR, 1), (1, 6 * HOUR, 2), (28, 20 * HOUR, 1), (15, None, 16)],
)
def test_a_month_does_too(day: int, lag: timedelta | None, first: int) -> None:
    assert stated(table(months(8, day), lag)) == {"monthly": first}


def test_the_last_day_of_each_month_is_monthly() -> None:
    ends = [each.replace(day=1) - DAY for each in months(11, 1)]

    assert stated(table(ends, None)) == {"monthly": 1}


@pytest.mark.parametrize("column", ["week", "week_start", "weekBegin"])
def test_a_column_that_has_the_first_day_is_named_so(column: str) -> None:
    assert stated(table(weeks(9), None, column)) == {"weekly": "sunday"}


def test_a_newest_date_of_last_week_begins_the_week() -> None:
    assert stated(table(weeks(9), None), today=SUNDAY + timedelta(weeks=8, days=8)) == {"weekly": "sunday"}
    assert stated(table(weeks(9), None), today=SUNDAY + timedelta(weeks=8, days=2)) == {"weekly": "monday"}


def test_several_tables_of_a_week_have_one_cadence() -> None:
    late = table(weeks(9, SUNDAY + 2 * DAY), 20 * HOUR)

    assert stated(table(weeks(9), 20 * HOUR), late) == {"weekly": "wednesday"}


def test_a_lost_week_and_a_date_too_many_are_exceptions() -> None:
    days = weeks(30)

    assert stated(table([*days[:9], *days[10:], days[14] + DAY], 20 * HOUR)) == {"weekly": "monday"}


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(weeks(3), id="three weeks"),
        pytest.param(weeks(20)[::2], id="every other week"),
        pytest.param([*weeks(9), *weeks(9, SUNDAY + 3 * DAY)], id="twice a week"),
        pytest.param([SUNDAY + number * DAY for number in range(40)], id="daily"),
    ],
)
def test_other_dates_are_neither(days: Sequence[date]) -> None:
    assert stated(table(days, 20 * HOUR)) is None


def test_one_table_of_each_day_makes_no_week() -> None:
    daily = table([SUNDAY + number * DAY for number in range(60)], 20 * HOUR)

    assert stated(table(weeks(9), 20 * HOUR), daily) is None
