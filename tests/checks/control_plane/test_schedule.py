"""When a schedule has last been due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.control_plane.schedule import due_since

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)
"""A Wednesday."""
LONG_AGO = NOW - timedelta(days=400)
MOMENTS = (
    ("America/New_York", "2026-03-08 07:00"),
    ("America/New_York", "2026-11-01 06:00"),
    ("Europe/London", "2026-03-29 01:00"),
    ("Europe/London", "2026-10-25 01:00"),
    ("Pacific/Auckland", "2026-04-04 14:00"),
    ("Pacific/Auckland", "2026-09-26 14:00"),
    ("America/Havana", "2026-03-08 05:00"),
    ("America/Havana", "2026-11-01 05:00"),
    ("Asia/Beirut", "2026-03-28 22:00"),
    ("Asia/Beirut", "2026-10-24 21:00"),
    ("Asia/Kolkata", "2026-01-01 00:00"),
    ("UTC", "2024-02-29 10:00"),
)
"""When clocks change, some of them at midnight; a new year and a leap day."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "expected"),
    [
        pytest.param("0 * * * *", "UTC", "2026-02-11 13:00", id="each hour, this minute"),
        pytest.param("30 * * * *", "UTC", "2026-02-11 12:30", id="each hour"),
        pytest.param("*/15 * * * *", "UTC", "2026-02-11 13:00", id="each quarter"),
        pytest.param("7/20 * * * *", "UTC", "2026-02-11 12:47", id="a step from a minute on"),
        pytest.param("0 6 * * *", "America/New_York", "2026-02-11 11:00", id="each morning in New York"),
        pytest.param("30 8 * * *", "America/New_York", "2026-02-10 13:30", id="not yet today"),
        pytest.param("0 6 * * 1", "UTC", "2026-02-09 06:00", id="on Mondays"),
        pytest.param("0 6 * * MON", "UTC", "2026-02-09 06:00", id="on Mondays by name"),
        pytest.param("0 6 * * 0", "UTC", "2026-02-08 06:00", id="on Sundays"),
        pytest.param("0 6 * * 7", "UTC", "2026-02-08 06:00", id="on Sundays as 7"),
        pytest.param("0 6 * * fri-sun", "UTC", None, id="a range of names that runs backwards"),
        pytest.param("0 6 1 * *", "UTC", "2026-02-01 06:00", id="on the first"),
        pytest.param("0 6 31 jan,mar *", "UTC", "2026-01-31 06:00", id="in some months"),
        pytest.param("0 6 1 * 2", "UTC", "2026-02-10 06:00", id="day or weekday"),
        pytest.param("0 0 29 2 *", "UTC", None, id="no leap day in the time looked at"),
        pytest.param("5,10 3-5 * * *", "UTC", "2026-02-11 05:10", id="lists and ranges"),
    ],
)
def test_the_latest_time_is_found(schedule: str, zone: str, expected: str | None) -> None:
    assert due_since(schedule, zone, LONG_AGO, NOW) == (at(expected) if expected is not None else None)


def test_a_leap_day_is_found_years_back() -> None:
    assert due_since("0 0 29 2 *", "UTC", at("2023-01-01"), NOW) == at("2024-02-29 00:00")


@pytest.mark.parametrize(
    ("since", "due"),
    [("2026-02-11 05:59", True), ("2026-02-11 06:00", False), ("2026-02-11 06:01", False)],
    ids=["just before", "at", "just after"],
)
def test_only_what_was_due_after_the_beginning_counts(since: str, due: bool) -> None:
    assert (due_since("0 6 * * *", "UTC", at(since), NOW) is not None) is due


@pytest.mark.parametrize(
    ("schedule", "hours", "due"),
    [
        ("every 2 hours", 4.1, True),
        ("every 2 hours", 3.9, False),
        ("Every 30 minutes", 1.1, True),
        ("every 30 mins", 0.9, False),
    ],
)
def test_an_interval_is_due_once_it_has_passed_twice(schedule: str, hours: float, due: bool) -> None:
    assert (due_since(schedule, "UTC", NOW - timedelta(hours=hours), NOW) is not None) is due


@pytest.mark.parametrize(
    "schedule",
    ["", "every monday 09:00", "61 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
     "5-1 * * * *", "a * * * *", "* * * *", "* * * * * *", "1,,2 * * * *", "@daily", "² * * * *",
     "5-5/10 * * * *", "0 0 * * mon-MON/2", "0 6 L * *", "0 6 1,LW * *", "0 6 * * 5L", "0 6 * * 1#2"],
)  # fmt: skip
def test_of_a_schedule_that_is_not_understood_nothing_is_claimed(schedule: str) -> None:
    assert due_since(schedule, "UTC", LONG_AGO, NOW) is None


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param("2026-03-08 20:00", "2026-03-07 07:30", id="02:30 does not exist when the clock goes forward"),
        pytest.param("2026-03-09 20:00", "2026-03-09 06:30", id="and does the day after"),
    ],
)
def test_a_local_time_that_the_clock_skips_was_not_due(until: str, expected: str) -> None:
    assert due_since("30 2 * * *", "America/New_York", LONG_AGO, at(until)) == at(expected)


def test_a_local_time_that_the_clock_repeats_was_due_the_first_time() -> None:
    assert due_since("30 1 * * *", "America/New_York", LONG_AGO, at("2026-11-01 20:00")) == at("2026-11-01 05:30")


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "\x00"])
def test_of_a_zone_that_is_not_known_nothing_is_claimed(zone: str) -> None:
    assert due_since("0 6 * * *", zone, LONG_AGO, NOW) is None


@dataclass(frozen=True)
class Field:
    """A field of a schedule as text, and the values that it stands for."""

    text: str
    values: frozenset[int]


def fields(lowest: int, highest: int, names: Sequence[str] = ()) -> st.SearchStrategy[Field]:
    """Every form that a field of unix-cron has: a star, a value, a range, each with a step, and lists of them."""
    everything = range(lowest, highest + 1)

    def word(value: int) -> str:
        return names[value - lowest] if value - lowest < len(names) else str(value)

    def stepped(text: str, values: Sequence[int], step: int) -> Field:
        return Field(text if step == 1 else f"{text}/{step}", frozenset(values[::step]))

    values, steps = st.integers(lowest, highest), st.integers(1, highest + 1)
    parts = st.one_of(
        steps.map(lambda step: stepped("*", everything, step)),
        values.map(lambda value: Field(word(value), frozenset({value}))),
        st.builds(lambda first, step: stepped(str(first), range(first, highest + 1), step), values, st.integers(2, 20)),
        st.builds(
            lambda ends, step: stepped(f"{word(min(ends))}-{word(max(ends))}", range(min(ends), max(ends) + 1), step),
            st.sets(values, min_size=2, max_size=2),
            steps,
        ),
    )
    return st.lists(parts, min_size=1, max_size=3).map(
        lambda found: Field(
            ",".join(each.text for each in found), frozenset[int]().union(*(each.values for each in found))
        )
    )


def latest_of(fields: Sequence[Field], zone: tzinfo, since: datetime, until: datetime) -> datetime | None:
    """Go back minute by minute, as nobody would who has much to read."""
    minute, hour, day, month, weekday = fields
    together = all if day.text.startswith("*") or weekday.text.startswith("*") else any
    weekdays = {each % 7 for each in weekday.values}
    instant = until.replace(second=0, microsecond=0)
    while instant > since:
        local = instant.astimezone(zone)
        at_this_time = local.minute in minute.values and local.hour in hour.values and not local.fold
        on_this_day = together((local.day in day.values, local.isoweekday() % 7 in weekdays))
        if at_this_time and on_this_day and local.month in month.values:
            return instant
        instant -= timedelta(minutes=1)
    return None


STAR = st.just(Field("*", frozenset(range(60))))


@settings(deadline=None)
@given(
    schedule=st.tuples(
        fields(0, 59),
        fields(0, 23),
        STAR | fields(1, 31),
        STAR | fields(1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        STAR | fields(0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ),
    moment=st.sampled_from(MOMENTS),
    offset=st.timedeltas(timedelta(hours=-3), timedelta(hours=30)),
)
def test_the_latest_time_is_that_of_somebody_who_counts_the_minutes_back(
    schedule: tuple[Field, Field, Field, Field, Field], moment: tuple[str, str], offset: timedelta
) -> None:
    zone, until = moment[0], at(moment[1]) + offset
    since = until - timedelta(days=2)

    found = due_since(" ".join(each.text for each in schedule), zone, since, until)

    assert found == latest_of(schedule, ZoneInfo(zone), since, until)


def test_a_schedule_that_is_due_once_in_decades_is_answered_at_once() -> None:
    assert due_since("0 0 29 2 */7", "America/New_York", at("1990-01-01"), NOW) == at("2004-02-29 05:00")


@given(st.text(alphabet="0123456789*/,- monjafeb", max_size=30))
def test_no_text_whatsoever_breaks_it(text: str) -> None:
    due_since(text, "America/New_York", NOW - timedelta(days=3), NOW)
