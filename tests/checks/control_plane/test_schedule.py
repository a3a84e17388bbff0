"""When a schedule has last been due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.schedule import due_since, parsed

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)
"""A Wednesday."""
LONG_AGO = NOW - timedelta(days=400)


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
     "5-1 * * * *", "a * * * *", "* * * *", "* * * * * *", "1,,2 * * * *", "@daily", "² * * * *"],
)  # fmt: skip
def test_of_a_schedule_that_is_not_understood_nothing_is_claimed(schedule: str) -> None:
    assert parsed(schedule) is None
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


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_the_time_found_is_one_that_the_schedule_names(minute: int, hour: int, weekday: int, zone: str) -> None:
    found = due_since(f"{minute} {hour} * * {weekday}", zone, NOW - timedelta(days=8), NOW)

    assert found is not None
    local = found.astimezone(ZoneInfo(zone))
    assert (local.minute, local.hour, local.isoweekday() % 7) == (minute, hour, weekday)
    assert NOW - timedelta(days=8) < found <= NOW


@given(st.text(alphabet="0123456789*/,- monjafeb", max_size=30))
def test_no_text_whatsoever_breaks_it(text: str) -> None:
    due_since(text, "America/New_York", NOW - timedelta(days=3), NOW)
