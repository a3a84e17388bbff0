"""From figures to expectations: what holds before the newest interval, nearly always, with its exception."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.files import parse
from bot.discovery.guesses import Calculated, Guess, calculated, guesses_of, sensible
from bot.discovery.profile import KeyReference, Period, Profile, Subject
from bot.discovery.regularity import allowed
from bot.discovery.written import Draft, written
from checks.intervals import Cadence
from checks.pipeline import Pipeline

ZONE = ZoneInfo("UTC")
FIRST = date(2026, 10, 5)
"""A Monday."""

TODAY = date(2026, 12, 1)

SUBJECT = Subject(
    name="shop.orders",
    columns={"order_id": "STRING", "status": "STRING", "amount": "NUMERIC", "day": "DATE", "loaded_at": "TIMESTAMP"},
    date="day",
    loaded="loaded_at",
)


def period(day: date, rows: int = 100, **figures: Any) -> Period:
    loaded = datetime(day.year, day.month, day.day, 3, tzinfo=UTC) + timedelta(days=1)
    usual = Period(
        start=day,
        rows=rows,
        nulls=dict.fromkeys(SUBJECT.columns, 0),
        distinct={"status": 2, "order_id": rows},
        negatives={"amount": 0},
        lowest={"amount": 1.0},
        values={"status": frozenset({"open", "paid"})},
        copies=dict.fromkeys(SUBJECT.keys, 0),
        loads=frozenset({loaded}),
    )
    return replace(usual, **figures)


def profile(periods: Sequence[Period]) -> Profile:
    return Profile(subject=SUBJECT, periods=tuple(reversed(periods)))


def days(count: int) -> list[Period]:
    return [period(FIRST + timedelta(days=number)) for number in range(count)]


def guessed(periods: Sequence[Period], *references: KeyReference) -> dict[str, Any]:
    known = profile(periods)
    return dict(guesses_of(known, references, calculated([known], ZONE, TODAY)).expect)


BROKEN: dict[str, dict[str, Any]] = {
    "unique": {"copies": dict.fromkeys(SUBJECT.keys, 7)},
    "not_null": {"nulls": dict.fromkeys(SUBJECT.columns, 60)},
    "status": {"values": {"status": frozenset({"open", "lost"})}},
    "amount": {"negatives": {"amount": 9}, "lowest": {"amount": -4.0}},
    "volume": {"rows": 3},
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("where", [29, 11], ids=["the newest", "one before"])
def test_one_bad_day_does_not_change_what_is_expected(fault: str, where: int) -> None:
    healthy, periods = guessed(days(30)), days(30)
    periods[where] = replace(periods[where], **BROKEN[fault])

    found = guessed(periods)

    def plain(expect: dict[str, Any]) -> Any:
        of_columns = expect["not_null"]
        columns = of_columns.value if isinstance(of_columns, Guess) else [*of_columns]
        return (
            expect["unique"].value,
            columns,
            {k: v.value for k, v in expect["values"].items()},
            expect["volume"].value,
        )

    assert plain(found) == plain(healthy)
    named = str(periods[where].start) in repr(found)
    assert named is (where != 29)


@pytest.mark.parametrize(("count", "expected"), [(7, 0), (8, 1), (39, 1), (40, 2)])
def test_how_many_exceptions_there_may_be(count: int, expected: int) -> None:
    assert allowed(count) == expected


@pytest.mark.parametrize("fault", ["unique", "status", "amount"])
def test_what_does_not_hold_on_two_of_thirty_days_is_not_expected(fault: str) -> None:
    periods = days(31)
    for where in (9, 17):
        periods[where] = replace(periods[where], **BROKEN[fault])

    found = guessed(periods)

    assert fault not in {**found, **found.get("values", {})} or "lost" in found["values"]["status"].value


@pytest.mark.parametrize(
    ("count", "form"),
    [
        (11, {"history": "28d"}),
        (10, {"at_least": 50, "learned": "none"}),
        (2, {"at_least": 50, "learned": "none"}),
    ],
)
def test_a_volume_is_learned_from_ten_days_on(count: int, form: dict[str, Any]) -> None:
    assert guessed(days(count + 1))["volume"].value == form


def test_a_table_without_a_key_is_judged_by_too_many_rows_too() -> None:
    """A load that ran twice is told by its key, and where there is none by its rows alone."""
    periods = [replace(each, copies=dict.fromkeys(SUBJECT.keys, 3)) for each in days(31)]

    found = guessed(periods)

    assert "unique" not in found
    assert found["volume"].value == {"history": "28d", "both_sides": True}


def test_days_of_the_week_that_differ_are_compared_with_their_like() -> None:
    periods = [replace(each, rows=20 if each.start.weekday() > 4 else 100) for each in days(85)]  # type: ignore[union-attr]

    assert guessed(periods)["volume"].value == {"history": "112d", "alike": "weekday"}


def test_of_the_forms_that_are_right_of_the_past_the_strictest_is_taken() -> None:
    busy = [replace(each, rows=150 + 15 * each.start.weekday()) for each in days(120)]  # type: ignore[union-attr]
    uneven = [replace(each, rows=80 + (number * 11) % 31) for number, each in enumerate(days(120))]

    assert guessed(busy)["volume"].value == {"history": "112d", "alike": "weekday"}
    assert guessed(uneven)["volume"].value == {"history": "28d"}


def test_the_gap_of_each_weekend_is_no_exception() -> None:
    weekdays = [each for each in days(60) if each.start.weekday() < 5]  # type: ignore[union-attr]
    known = profile(weekdays)

    found = guesses_of(known, (), Calculated(zone=ZONE, cadence=Guess(Cadence(), ""))).expect["freshness"]

    assert isinstance(found, Guess)
    assert "but for" not in found.why


def test_a_weekend_without_rows_is_a_calendar_from_three_weeks_on() -> None:
    def weekdays(count: int) -> Guess | None:
        return calculated([profile([each for each in days(count) if each.start.weekday() < 5])], ZONE, TODAY).calendar  # type: ignore[union-attr]

    assert weekdays(18) is None
    found = weekdays(26)
    assert found is not None
    assert "saturday" not in found.value
    assert "friday" in found.value


def test_a_table_of_rare_dates_has_no_volume() -> None:
    assert "volume" not in guessed(days(40)[::10])


def test_a_share_of_nulls_leaves_some_room() -> None:
    periods = [replace(each, nulls={**each.nulls, "status": 8}) for each in days(20)]

    assert guessed(periods)["not_null"]["status"].value == "20 %"


def test_a_late_load_that_stands_alone_is_named_and_not_learned() -> None:
    periods = days(30)
    periods[12] = replace(periods[12], loads=frozenset())

    found = guessed(periods)["freshness"]

    assert found.value == "26h"
    assert "48h" in found.why


@given(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=90)))
def test_the_age_allowed_is_more_than_the_gap_and_less_than_twice_it_and_some_hours(gap: timedelta) -> None:
    assert gap < sensible(gap) <= 2 * gap + timedelta(hours=4)


def test_a_reference_holds_but_for_its_exception() -> None:
    to = KeyReference(column="status", table="shop.states", key="status")
    bad = FIRST + timedelta(days=4)

    found = guessed(days(30), replace(to, unmatched={bad: 3}))["references"]["status"]

    assert found.value == "shop.states.status"
    assert str(bad) in found.why


counts = st.integers(0, 40)
some_period = st.builds(
    lambda rows, nulls, copies, negatives, values: {
        "rows": rows,
        "nulls": {name: min(rows, nulls) for name in SUBJECT.columns},
        "copies": dict.fromkeys(SUBJECT.keys, min(rows, copies)),
        "negatives": {"amount": min(rows, negatives)},
        "values": {"status": frozenset(values)},
        "distinct": {"status": len(values), "order_id": rows},
    },
    st.integers(1, 5000), counts, counts, counts, st.lists(st.text(max_size=24), max_size=13, unique=True),
)  # fmt: skip


@given(st.lists(some_period, min_size=1, max_size=40), st.text(max_size=30), st.integers(1, 9))
def test_whatever_the_figures_are_the_file_can_be_read_and_says_why(
    figures: list[dict[str, Any]], said: str, step: int
) -> None:
    periods = [period(FIRST + timedelta(days=number * step), **each) for number, each in enumerate(figures)]
    known = profile(periods)
    common = calculated([known], ZONE, TODAY)
    table = replace(guesses_of(known, (), common, (said,)), date=Guess("day", said), loaded=Guess("loaded_at", said))

    text = written(
        Draft(name=Guess("shop", said), zone=Guess("UTC", said), common=common, tables=[table], more={}, read=said,
              next_command="x", remarks=(said,))
    )  # fmt: skip

    expect = parse(text, "x.yaml", Pipeline).content.tables["shop.orders"].expect
    assert bool(expect) is bool(table.expect)
    below = text.partition("expect:")[2].splitlines()
    valued = [line for line in below if ": " in line and not line.strip().startswith(("#", "[", "{"))]
    assert all("guessed:" in line or "guessed:" in below[below.index(line) - 1] for line in valued)


def test_newest_interval_is_learned_from_only_where_it_is_the_only_one() -> None:
    only = guessed(days(1))

    assert only["volume"].value == {"at_least": 50, "learned": "none"}
    assert "the one date" in only["volume"].why
