from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.pipeline_file import shipped_pipeline
from bot.timetable.slots import (
    CATCH_UP,
    Watched,
    is_late,
    newest_day,
    owed_slot,
    slots_by_hand,
    slots_of,
    watch_slot,
    watched,
)
from checks.notifications import DigestTimes
from checks.pipeline import Pipeline, Run, Runs, Transition
from checks.values import Moment
from tests import fakes

NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
TIMES = DigestTimes()
DAY = date(2026, 2, 11)


def nothing_is_posted(_: date) -> bool:
    return False


def everything_is_posted(_: date) -> bool:
    return True


def local(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "name"),
    [
        pytest.param("2026-02-11T00:00", None, id="at midnight nothing of the new day is owed"),
        pytest.param("2026-02-11T07:59:59", None, id="just before the first"),
        pytest.param("2026-02-11T08:00", "0800", id="at the first"),
        pytest.param("2026-02-11T11:29:59", "0800", id="just before the second"),
        pytest.param("2026-02-11T11:30", "1130", id="at the second"),
        pytest.param("2026-02-11T23:59:59", "1700", id="to the end of the day"),
    ],
)
def test_the_newest_slot_of_today_is_owed(now: str, name: str | None) -> None:
    slot = owed_slot(TIMES, NEW_YORK, local(now), nothing_is_posted)

    assert (None if slot is None else slot.name) == name


@pytest.mark.parametrize(
    ("zone", "day", "post", "due"),
    [
        pytest.param(NEW_YORK, date(2026, 3, 8), "02:30", "2026-03-08T07:30+00:00", id="New York skips the hour"),
        pytest.param(NEW_YORK, date(2026, 11, 1), "01:30", "2026-11-01T05:30+00:00", id="New York repeats the hour"),
        pytest.param(LONDON, date(2026, 3, 29), "01:30", "2026-03-29T01:30+00:00", id="London skips the hour"),
        pytest.param(LONDON, date(2026, 10, 25), "01:30", "2026-10-25T00:30+00:00", id="London repeats the hour"),
    ],
)
def test_a_slot_in_an_hour_that_clocks_skip_or_repeat_is_due_once(
    zone: ZoneInfo, day: date, post: str, due: str
) -> None:
    slots = slots_of(DigestTimes(post=Moment(post), refresh=()), zone, day)

    assert [slot.due for slot in slots] == [datetime.fromisoformat(due)]


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of Hypothesis are naive
    zone=st.sampled_from([NEW_YORK, LONDON, ZoneInfo("Asia/Kathmandu")]),
    clock=st.integers(0, 1439),
)
def test_what_is_owed_is_due_and_of_today_or_can_be_made_up_for(now: datetime, zone: ZoneInfo, clock: int) -> None:
    times = DigestTimes(post=Moment(f"{clock // 60:02}:{clock % 60:02}"), refresh=())
    day = newest_day(times, zone, now)
    (newest,) = slots_of(times, zone, day)

    slot = owed_slot(times, zone, now, nothing_is_posted)

    assert newest.due <= now
    assert slot == (newest if day == now.astimezone(zone).date() or now - newest.due <= CATCH_UP else None)


@pytest.mark.parametrize(
    ("now", "owed"),
    [
        pytest.param("2026-02-12T11:50", "2350", id="at the limit"),
        pytest.param("2026-02-12T11:50:01", None, id="just past it"),
    ],
)
def test_a_digest_of_shortly_before_midnight_is_made_up_for_half_a_day_long(now: str, owed: str | None) -> None:
    slot = owed_slot(DigestTimes(post=Moment("23:50"), refresh=()), NEW_YORK, local(now), nothing_is_posted)

    assert (None if slot is None else (slot.day, slot.name)) == (None if owed is None else (DAY, owed))


@pytest.mark.parametrize(
    ("now", "owed"),
    [pytest.param("2026-02-12T05:00", "1700", id="at the limit"), pytest.param("2026-02-12T05:00:01", None, id="past")],
)
def test_a_refresh_is_made_up_for_over_midnight_where_its_digest_is_posted(now: str, owed: str | None) -> None:
    with_a_digest = owed_slot(TIMES, NEW_YORK, local(now), everything_is_posted)
    without = owed_slot(TIMES, NEW_YORK, local(now), nothing_is_posted)

    assert (None if with_a_digest is None else with_a_digest.name) == owed
    assert without is None


@pytest.mark.parametrize(
    ("at", "late"), [("2026-02-11T08:15", False), ("2026-02-11T08:15:01", True)], ids=["at the limit", "just past it"]
)
def test_a_digest_is_late_after_the_minutes_of_the_pipeline_file(at: str, late: bool) -> None:
    assert is_late(TIMES, NEW_YORK, DAY, local(at)) is late


def test_slots_by_hand_are_told_apart_by_the_second_and_within_it_by_a_number() -> None:
    names = [
        each.name for second in (1, 2) for each in islice(slots_by_hand(local(f"2026-02-11T09:00:0{second}"), DAY), 12)
    ]

    assert len(set(names)) == len(names)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of Hypothesis are naive
    minutes=st.integers(1, 60),
)
def test_every_instant_lies_in_its_watch_interval(now: datetime, minutes: int) -> None:
    slot = watch_slot(minutes, now)

    assert slot <= now < slot + timedelta(minutes=minutes)
    assert watch_slot(minutes, slot) == slot
    assert watch_slot(minutes, slot + timedelta(minutes=minutes)) == slot + timedelta(minutes=minutes)


def with_tomorrow(due: str) -> Pipeline:
    run = Run(opens=Moment("-1d 00:00"), due=Moment(due))
    transition = Transition(
        **{"from": "phase3", "to": "phase4"},
        id="phase3_to_phase4",
        title="3 to 4",
        state="phase3_completion",
        impact="None.",
        runs=Runs(tomorrow=run),
    )
    return fakes.pipeline(transitions=(transition,))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-02-11T17:29:59", [Watched(date=date(2026, 2, 10))], id="before tomorrow's first due time"),
        pytest.param(
            "2026-02-11T17:30",
            [Watched(date=date(2026, 2, 10)), Watched(date=date(2026, 2, 12), checks=("trigger",))],
            id="from then on",
        ),
        pytest.param("2026-02-12T00:00", [Watched(date=DAY)], id="at midnight tomorrow is today"),
    ],
)
def test_the_watch_looks_at_tomorrow_as_soon_as_something_of_it_is_due(now: str, expected: list[Watched]) -> None:
    assert list(watched(with_tomorrow("-1d 17:30"), local(now))) == expected


def test_a_pipeline_without_runs_for_tomorrow_is_watched_for_the_night_alone() -> None:
    assert len(watched(fakes.pipeline(), local("2026-02-11T23:59"))) == 1


@pytest.mark.parametrize(
    ("now", "dates"),
    [
        pytest.param("2026-02-11T17:29:59", [date(2026, 2, 10)], id="before tomorrow's first due time"),
        pytest.param("2026-02-11T17:30", [date(2026, 2, 10), date(2026, 2, 12)], id="from then on"),
    ],
)
def test_the_shipped_pipeline_has_transitions_without_a_run_for_tomorrow_and_is_watched(
    now: str, dates: list[date]
) -> None:
    pipeline = shipped_pipeline()

    assert any(transition.runs.tomorrow is None for transition in pipeline.transitions)
    assert [each.date for each in watched(pipeline, local(now, pipeline.zone))] == dates
