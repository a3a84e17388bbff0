"""Intervals, their names, calendars and offsets: for every cadence, across every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from checks.intervals import WEEKDAYS, Cadence, Calendar, Offset, Timeline, interval_words
from tests.fakes import NEW_YORK, day

LONDON = ZoneInfo("Europe/London")
ZONES = [ZoneInfo(name) for name in ("UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe")]
CADENCES = st.one_of(
    st.just(Cadence()),
    st.just(Cadence("hourly")),
    st.builds(Cadence, st.just("weekly"), st.integers(0, 6)),
    st.builds(Cadence, st.just("monthly"), st.integers(1, 28)),
)
TIMELINES = st.builds(Timeline, st.sampled_from(ZONES), CADENCES)
INSTANTS = st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - UTC by timezones
WORKDAYS = Calendar(weekdays=WEEKDAYS[:5], holidays=(date(2026, 12, 25), date(2026, 12, 28)))
BUSINESS = Timeline(LONDON, Cadence(), WORKDAYS)


@given(TIMELINES, INSTANTS)
def test_an_instant_lies_in_its_interval(timeline: Timeline, instant: datetime) -> None:
    interval = timeline.at(instant)

    assert interval.start <= instant < interval.end


@given(TIMELINES, INSTANTS)
def test_intervals_follow_one_another_without_gap_or_overlap(timeline: Timeline, instant: datetime) -> None:
    interval = timeline.at(instant)
    following = timeline.next(interval)

    assert following.start.astimezone(UTC) == interval.end.astimezone(UTC)
    assert timeline.before(following) == interval


@given(TIMELINES, INSTANTS)
def test_a_name_means_its_interval(timeline: Timeline, instant: datetime) -> None:
    interval = timeline.at(instant)

    assert timeline.named(interval.name).start.astimezone(UTC) == interval.start.astimezone(UTC)


@given(TIMELINES, INSTANTS, INSTANTS)
def test_names_sort_as_their_intervals_do(timeline: Timeline, one: datetime, other: datetime) -> None:
    first, second = timeline.at(one), timeline.at(other)

    assert (first.name < second.name) == (first.start < second.start)
    assert (first < second) == (first.start < second.start)


@pytest.mark.parametrize(
    ("cadence", "instant", "name", "hours"),
    [
        pytest.param(Cadence(), "2026-02-10T23:59:59-05:00", "2026-02-10", 24, id="a day"),
        pytest.param(Cadence(), "2026-03-08T12:00:00-04:00", "2026-03-08", 23, id="the day that is short"),
        pytest.param(Cadence(), "2026-11-01T12:00:00-05:00", "2026-11-01", 25, id="the day that is long"),
        pytest.param(Cadence("hourly"), "2026-02-10T14:59:59-05:00", "2026-02-10T14", 1, id="an hour"),
        pytest.param(Cadence("hourly"), "2026-11-01T01:30:00-04:00", "2026-11-01T01", 1, id="the first of two hours"),
        pytest.param(Cadence("hourly"), "2026-11-01T01:30:00-05:00", "2026-11-01T01-0500", 1, id="the second of two"),
        pytest.param(Cadence("weekly", 6), "2026-02-08T00:00:00-05:00", "2026-W07", 168, id="a week from Sunday"),
        pytest.param(
            Cadence("weekly", 6), "2026-02-07T23:59:59-05:00", "2026-W06", 168, id="the end of the one before"
        ),
        pytest.param(Cadence("weekly", 0), "2027-01-03T12:00:00-05:00", "2026-W53", 168, id="the last week of a year"),
        pytest.param(Cadence("monthly", 1), "2026-02-28T23:00:00-05:00", "2026-02", 672, id="a month"),
        pytest.param(Cadence("monthly", 15), "2026-01-14T23:00:00-05:00", "2025-12", 744, id="a month from the 15th"),
    ],
)
def test_an_interval_is_named_by_its_start(cadence: Cadence, instant: str, name: str, hours: int) -> None:
    interval = Timeline(NEW_YORK, cadence).at(datetime.fromisoformat(instant))

    assert interval.name == name
    assert interval.end.astimezone(UTC) - interval.start.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("cadence", "text", "name"),
    [
        (Cadence("weekly", 6), "2026-02-10", "2026-W07"),
        (Cadence("monthly", 1), "2026-02-10", "2026-02"),
        (Cadence("monthly", 15), "2026-02-10", "2026-01"),
    ],
)
def test_a_date_means_the_interval_in_which_it_lies(cadence: Cadence, text: str, name: str) -> None:
    assert Timeline(NEW_YORK, cadence).named(text).name == name


@pytest.mark.parametrize(
    ("cadence", "text"),
    [
        (Cadence(), "2026-02-30"),
        (Cadence(), "2026-W07"),
        (Cadence(), ""),
        (Cadence("hourly"), "2026-02-10"),
        (Cadence("hourly"), "2026-03-08T02"),
        (Cadence("hourly"), "2026-02-10T24"),
        (Cadence("weekly", 0), "2026-W54"),
        (Cadence("monthly", 1), "2026-13"),
        (Cadence("monthly", 1), "0000-01"),
    ],
)
def test_what_names_no_interval_is_refused_with_what_would(cadence: Cadence, text: str) -> None:
    with pytest.raises(ValueError, match="YYYY"):
        Timeline(NEW_YORK, cadence).named(text)


@given(TIMELINES, st.text(max_size=20))
def test_any_text_is_a_name_or_refused(timeline: Timeline, text: str) -> None:
    try:
        interval = timeline.named(text)
    except ValueError:
        return
    assert timeline.named(interval.name) == interval


class TestCalendars:
    @pytest.mark.parametrize(
        ("today", "previous", "following"),
        [
            pytest.param("2026-11-27", "2026-11-26", "2026-11-30", id="a Friday"),
            pytest.param("2026-11-28", "2026-11-27", "2026-11-30", id="a Saturday"),
            pytest.param("2026-11-30", "2026-11-27", "2026-12-01", id="a Monday looks back at Friday"),
            pytest.param("2026-12-29", "2026-12-24", "2026-12-30", id="after holidays and a weekend"),
        ],
    )
    def test_the_intervals_around_a_day_are_those_with_a_run(self, today: str, previous: str, following: str) -> None:
        interval = BUSINESS.named(today)

        assert (BUSINESS.previous(interval).name, BUSINESS.following(interval).name) == (previous, following)

    def test_a_week_has_a_run_unless_all_of_its_days_are_without(self) -> None:
        weekly = Timeline(
            LONDON, Cadence("weekly", 0), Calendar(holidays=tuple(date(2026, 8, n) for n in range(3, 10)))
        )

        assert not weekly.has_run(weekly.named("2026-W32"))
        assert weekly.previous(weekly.named("2026-W33")).name == "2026-W31"

    def test_a_calendar_without_a_day_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="at least one weekday"):
            Calendar(weekdays=())

    @pytest.mark.parametrize(("on", "why"), [("2026-12-25", "a holiday"), ("2026-11-28", "no run on a Saturday")])
    def test_a_day_off_says_why(self, on: str, why: str) -> None:
        assert WORKDAYS.why_not(date.fromisoformat(on)) == why

    @given(INSTANTS)
    def test_the_previous_interval_ended_and_has_a_run(self, instant: datetime) -> None:
        current = BUSINESS.at(instant)
        previous = BUSINESS.previous(current)

        assert previous.end <= current.start
        assert BUSINESS.has_run(previous)


class TestOffsets:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            pytest.param("11:30", "2026-02-10T11:30-05:00", id="on the day"),
            pytest.param("+1d 06:30", "2026-02-11T06:30-05:00", id="the morning after"),
            pytest.param("-1d 17:00", "2026-02-09T17:00-05:00", id="the evening before"),
            pytest.param("+20m", "2026-02-11T00:20-05:00", id="after the end"),
            pytest.param("+2h", "2026-02-11T02:00-05:00", id="hours after the end"),
            pytest.param("+1bd 04:00", "2026-02-11T04:00-05:00", id="every day is a business day"),
        ],
    )
    def test_an_offset_counts_from_the_interval(self, text: str, instant: str) -> None:
        assert Offset(text).of(day("2026-02-10"), Timeline(NEW_YORK)) == datetime.fromisoformat(instant)

    @pytest.mark.parametrize(
        ("of", "text", "instant"),
        [
            pytest.param("2026-11-27", "+1bd 04:00", "2026-11-30T04:00+00:00", id="from Friday to Monday"),
            pytest.param("2026-12-24", "+1bd 04:00", "2026-12-29T04:00+00:00", id="over holidays and a weekend"),
            pytest.param("2026-12-24", "+2bd 04:00", "2026-12-30T04:00+00:00", id="two of them"),
        ],
    )
    def test_business_days_are_those_of_the_calendar(self, of: str, text: str, instant: str) -> None:
        assert Offset(text).of(BUSINESS.named(of), BUSINESS) == datetime.fromisoformat(instant)

    @pytest.mark.parametrize(
        ("of", "text", "instant"),
        [
            pytest.param("2026-03-08", "02:30", "2026-03-08T07:30+00:00", id="skipped hour"),
            pytest.param("2026-11-01", "01:30", "2026-11-01T05:30+00:00", id="repeated hour"),
            pytest.param("2026-03-07", "+1d 06:30", "2026-03-08T10:30+00:00", id="short night"),
            pytest.param("2026-03-07", "+3h", "2026-03-08T08:00+00:00", id="hours over the change"),
        ],
    )
    def test_an_offset_survives_the_change_of_the_clocks(self, of: str, text: str, instant: str) -> None:
        assert Offset(text).of(day(of), Timeline(NEW_YORK)).astimezone(UTC) == datetime.fromisoformat(instant)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "7:30",
            "24:00",
            "06:60",
            "+1d",
            "1d 06:30",
            "+100d 06:30",
            "06:30 ",
            "٠٦:٣٠",
            "-20m",
            "+1bd",
            "-1bd 04:00",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="HH:MM"):
            Offset(text)

    @given(st.integers(-99, 99), st.times())
    def test_an_offset_is_written_as_it_is_read(self, days: int, clock: Any) -> None:
        offset = Offset(f"{days:+d}d {clock:%H:%M}")

        assert Offset(str(offset)) == offset
        assert hash(Offset(str(offset))) == hash(offset)


@pytest.mark.parametrize("written", ["daily", "hourly", {"weekly": "sunday"}, {"monthly": 1}, {"monthly": 28}], ids=str)
def test_a_cadence_is_written_as_it_is_read(written: object) -> None:
    adapter = TypeAdapter(Cadence)

    assert adapter.dump_python(adapter.validate_python(written)) == written


@pytest.mark.parametrize(
    "written", ["weekly", "Daily", {"weekly": "sonntag"}, {"monthly": 29}, {"monthly": True}, {}, None, 1], ids=str
)
def test_any_other_cadence_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match="expected 'daily'"):
        TypeAdapter(Cadence).validate_python(written)


@pytest.mark.parametrize(
    ("name", "year", "words"),
    [
        ("2026-02-10", 2026, "10 Feb"),
        ("2025-02-10", 2026, "10 Feb 2025"),
        ("2025-02-10", None, "10 Feb"),
        ("2026-02-10T14", 2026, "10 Feb 14:00"),
        ("2026-02-10T14:30", 2026, "10 Feb 14:30"),
        ("2026-W07", 2026, "week 7"),
        ("2025-W52", 2026, "week 52 2025"),
        ("2026-02", 2026, "February"),
        ("2025-12", 2026, "December 2025"),
        ("no interval", 2026, "no interval"),
    ],
)
def test_an_interval_in_words(name: str, year: int | None, words: str) -> None:
    assert interval_words(name, year) == words
