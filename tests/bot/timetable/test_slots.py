from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.pipeline_file import shipped_pipeline
from bot.timetable.slots import CATCH_UP, DigestCalendar, Watched, recorded_at, watch_slot, watched
from checks.intervals import Offset
from checks.model import Interval
from checks.orchestration_spec import Run, Transition
from checks.pipeline import Pipeline
from tests import fakes
from tests.bot.timetable.mornings import DAY, pipeline

NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")


def nothing_is_posted(_: Interval) -> bool:
    return False


def everything_is_posted(_: Interval) -> bool:
    return True


def calendar(post: str = "08:00", refresh: Sequence[str] = ("11:30", "17:00"), **parts: Any) -> DigestCalendar:
    return DigestCalendar(pipeline(post, refresh, **parts))


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
    slot = calendar().owed(local(now), nothing_is_posted)

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
    digests = calendar(post, (), zone=zone.key)

    slots = digests.slots(digests.on(day))

    assert [slot.due for slot in slots] == [datetime.fromisoformat(due)]


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds of Hypothesis are naive
    zone=st.sampled_from([NEW_YORK, LONDON, ZoneInfo("Asia/Kathmandu")]),
    clock=st.integers(0, 1439),
)
def test_what_is_owed_is_due_and_of_today_or_can_be_made_up_for(now: datetime, zone: ZoneInfo, clock: int) -> None:
    digests = calendar(f"{clock // 60:02}:{clock % 60:02}", (), zone=zone.key)
    (newest,) = digests.slots(digests.newest(now))

    slot = digests.owed(now, nothing_is_posted)

    assert newest.due <= now
    is_of_today = newest.of.day == now.astimezone(zone).date()
    assert slot == (newest if is_of_today or now - newest.due <= CATCH_UP else None)


@pytest.mark.parametrize(
    ("now", "owed"),
    [
        pytest.param("2026-02-12T11:50", "2350", id="at the limit"),
        pytest.param("2026-02-12T11:50:01", None, id="just past it"),
    ],
)
def test_a_digest_of_shortly_before_midnight_is_made_up_for_half_a_day_long(now: str, owed: str | None) -> None:
    slot = calendar("23:50", ()).owed(local(now), nothing_is_posted)

    assert (None if slot is None else (slot.of, slot.name)) == (None if owed is None else (DAY, owed))


@pytest.mark.parametrize(
    ("now", "owed"),
    [pytest.param("2026-02-12T05:00", "1700", id="at the limit"), pytest.param("2026-02-12T05:00:01", None, id="past")],
)
def test_a_refresh_is_made_up_for_over_midnight_where_its_digest_is_posted(now: str, owed: str | None) -> None:
    with_a_digest = calendar().owed(local(now), everything_is_posted)
    without = calendar().owed(local(now), nothing_is_posted)

    assert (None if with_a_digest is None else with_a_digest.name) == owed
    assert without is None


@pytest.mark.parametrize(
    ("at", "late"), [("2026-02-11T08:15", False), ("2026-02-11T08:15:01", True)], ids=["at the limit", "just past it"]
)
def test_a_digest_is_late_after_the_minutes_of_the_pipeline_file(at: str, late: bool) -> None:
    assert calendar().is_late(DAY, local(at)) is late


def test_slots_by_hand_are_told_apart_by_the_second_and_within_it_by_a_number() -> None:
    instants = [local(f"2026-02-11T09:00:0{second}") for second in (1, 2)]
    names = [each.name for now in instants for each in islice(calendar().by_hand(now, DAY), 12)]

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


def with_a_run_ahead(due: str) -> Pipeline:
    run = Run(opens=Offset("-1d 00:00"), due=Offset(due))
    transition = Transition(
        **{"from": "phase3", "to": "phase4"},
        id="phase3_to_phase4",
        title="3 to 4",
        state="phase3_completion",
        impact="None.",
        runs={"evening_before": run},
    )
    return fakes.pipeline(transitions=(transition,))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-02-11T17:29:59", [Watched(interval="2026-02-10")], id="before its first due time"),
        pytest.param(
            "2026-02-11T17:30",
            [Watched(interval="2026-02-10"), Watched(interval="2026-02-12", checks=("trigger",))],
            id="from then on",
        ),
        pytest.param("2026-02-12T00:00", [Watched(interval="2026-02-11")], id="at midnight it is the current one"),
    ],
)
def test_the_watch_looks_at_the_next_interval_once_something_of_it_is_due(now: str, expected: list[Watched]) -> None:
    assert list(watched(with_a_run_ahead("-1d 17:30"), local(now))) == expected


def test_a_recorded_world_is_judged_for_what_it_is_about_until_the_next_digest() -> None:
    described, evening = pipeline(), local("2026-02-11T23:50")
    recorded = recorded_at(described, "today", evening)
    digests = DigestCalendar(described, recorded)

    judged = [
        next(digests.by_hand(moment, digests.at(moment))).judges for moment in (evening, evening + timedelta(days=1))
    ]

    assert judged == ["2026-02-11", "2026-02-11"]
    assert next(DigestCalendar(described).by_hand(evening, digests.at(evening))).judges == "2026-02-10"
    assert watched(described, evening, recorded) == (Watched(interval="2026-02-11"),)
    assert watched(described, evening + timedelta(days=2), recorded) == (Watched(interval="2026-02-12"),)


def test_a_pipeline_without_runs_ahead_is_watched_for_the_previous_interval_alone() -> None:
    assert len(watched(fakes.pipeline(), local("2026-02-11T23:59"))) == 1


@pytest.mark.parametrize(
    ("now", "intervals"),
    [
        pytest.param("2026-02-11T17:29:59", ["2026-02-10"], id="before its first due time"),
        pytest.param("2026-02-11T17:30", ["2026-02-10", "2026-02-12"], id="from then on"),
    ],
)
def test_the_shipped_pipeline_has_transitions_without_a_run_ahead_and_is_watched(
    now: str, intervals: list[str]
) -> None:
    shipped = shipped_pipeline()

    assert any("tomorrow" not in transition.runs for transition in shipped.transitions)
    assert [each.interval for each in watched(shipped, local(now, shipped.zone))] == intervals
