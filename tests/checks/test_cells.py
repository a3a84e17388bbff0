"""Every value has a text for people and one that names it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.cells import LONGEST_VALUE, Range, SqlInterval, as_json, exact, in_words, type_name, words
from checks.values import Comparison
from tests.cells import SAMPLES, YEAR, ZONE, Sample

INT64 = st.integers(-(2**63), 2**63 - 1)
BIGNUMERIC = st.decimals(-(10**38), 10**38, allow_nan=False, places=38)
TIMESTAMP = st.datetimes(timezones=st.just(UTC))
INTERVAL = st.builds(SqlInterval, st.integers(-120_000, 120_000), st.integers(-3_660_000, 3_660_000), INT64)
SCALARS = st.one_of(
    INT64, st.floats(), BIGNUMERIC, st.booleans(), st.text(), st.binary(), st.dates(), st.datetimes(), TIMESTAMP,
    st.times(), INTERVAL, st.builds(Range, st.none() | st.dates(), st.none() | st.dates()), st.none(),
)  # fmt: skip
CELLS = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=5), st.lists(SCALARS, max_size=2))
)
ZONES = st.sampled_from([ZoneInfo(name) for name in ("America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "UTC")])


def of_samples(test: Callable[..., None]) -> Any:
    return pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)(test)


@of_samples
def test_a_value_is_written_for_people(sample: Sample) -> None:
    assert words(sample.value, ZONE, YEAR) == sample.words


@of_samples
def test_a_value_has_an_exact_text(sample: Sample) -> None:
    assert exact(sample.value) == sample.exact


def interval_of(text: str) -> SqlInterval:
    calendar, days, clock = text.split()
    years, months = map(int, calendar.removeprefix("-").split("-"))
    hours, minutes, seconds = clock.removeprefix("-").split(":")
    microseconds = (int(hours) * 60 + int(minutes)) * 60_000_000 + int(Decimal(seconds) * 1_000_000)
    sign, clock_sign = (-1 if part.startswith("-") else 1 for part in (calendar, clock))
    return SqlInterval(sign * (years * 12 + months), int(days), clock_sign * microseconds)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        pytest.param(INT64, int, id="INT64"),
        pytest.param(st.floats(allow_nan=False), float, id="FLOAT64"),
        pytest.param(BIGNUMERIC, Decimal, id="BIGNUMERIC"),
        pytest.param(st.booleans(), lambda text: text == "true", id="BOOL"),
        pytest.param(st.text(), str, id="STRING"),
        pytest.param(st.binary(), bytes.fromhex, id="BYTES"),
        pytest.param(st.dates(), date.fromisoformat, id="DATE"),
        pytest.param(st.datetimes(), datetime.fromisoformat, id="DATETIME"),
        pytest.param(TIMESTAMP, datetime.fromisoformat, id="TIMESTAMP"),
        pytest.param(st.times(), time.fromisoformat, id="TIME"),
        pytest.param(INTERVAL, interval_of, id="INTERVAL"),
        pytest.param(st.lists(st.text()), json.loads, id="ARRAY"),
        pytest.param(st.dictionaries(st.text(), st.integers(-(2**53), 2**53)), json.loads, id="STRUCT"),
    ],
)
@given(data=st.data())
def test_an_exact_text_reads_back(
    values: st.SearchStrategy[Any], read: Callable[[str], Any], data: st.DataObject
) -> None:
    value = data.draw(values)

    assert read(exact(value)) == value


@given(st.lists(INT64, unique=True), st.lists(BIGNUMERIC, unique=True))
def test_different_numbers_have_different_texts_inside_arrays_too(ids: list[int], amounts: list[Decimal]) -> None:
    assert len({exact([each]) for each in ids}) == len(ids)
    assert len({exact([each]) for each in amounts}) == len(amounts)


@given(CELLS, ZONES, st.none() | st.integers(1, 9999))
def test_every_value_has_words_on_one_line(value: Any, zone: ZoneInfo, year: int | None) -> None:
    shown = words(value, zone, year)

    assert len(shown) <= LONGEST_VALUE
    assert shown == " ".join(shown.split())
    assert "(" not in shown or "(" in exact(value)  # no name of a class of Python


def test_a_list_that_is_cut_names_its_last_one_in_full() -> None:
    told = words(", ".join(f"team_{number}" for number in range(50)), ZONE)

    assert len(told) <= LONGEST_VALUE
    assert re.fullmatch(r"(team_\d+, )+team_\d+ and more", told)


@given(CELLS)
def test_every_value_has_a_type_an_exact_text_and_json(value: Any) -> None:
    assert type_name(value) != "value"
    assert exact(value) == exact(value)
    assert json.loads(json.dumps(as_json(value), allow_nan=False)) == as_json(value)


@pytest.mark.parametrize("hours", [-14, -5, 5, 14])
@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_time_at_the_end_of_the_calendar_has_texts_in_any_offset(day: date, hours: int) -> None:
    for clock in (time.min, time.max):
        there = datetime.combine(day, clock, timezone(timedelta(hours=hours)))

        assert datetime.fromisoformat(exact(there)) == there
        assert f"{day.year:04}" in in_words(there, ZONE)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(2**53, 2**53, id="at the last whole double"),
        pytest.param(2**53 + 1, "9007199254740993", id="just past it"),
        pytest.param(Decimal("12.25"), 12.25, id="a NUMERIC that a double says"),
        pytest.param(Decimal("12345678901234567890.5"), "12345678901234567890.5", id="one that a double rounds"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param(b"\x00", "00", id="bytes"),
        pytest.param(SqlInterval(days=1), "0-0 1 0:0:0", id="interval"),
    ],
)
def test_json_has_no_number_that_its_readers_would_round(value: Any, expected: Any) -> None:
    assert as_json(value) == expected


class TestComparing:
    @pytest.mark.parametrize(
        ("comparison", "value", "result"),
        [
            pytest.param({"equals": 2**53 + 1}, 2**53 + 1, True, id="equal beyond the doubles"),
            pytest.param({"equals": 2**53 + 1}, 2**53, False, id="one less beyond the doubles"),
            pytest.param({"above": 2**53}, 2**53 + 1, True, id="one more beyond the doubles"),
            pytest.param({"at_least": 0.1}, Decimal("0.1"), True, id="NUMERIC at the limit"),
            pytest.param({"below": 0.1}, Decimal("0.0999999999"), True, id="NUMERIC just below"),
            pytest.param({"above": 0.1}, Decimal("0.1"), False, id="NUMERIC not above the limit"),
            pytest.param({"equals": 52.4}, Decimal("52.4"), True, id="equal NUMERIC"),
            pytest.param({"at_most": 52.4}, 52.4, True, id="FLOAT64 at the limit"),
            pytest.param({"above": 0.3}, 0.1 + 0.2, True, id="FLOAT64 just past the limit"),
            pytest.param({"above": 1}, float("inf"), True, id="infinity"),
            pytest.param({"above": 10**29}, Decimal(10**29 + 1), True, id="BIGNUMERIC beyond INT64"),
        ],
    )
    def test_numbers_compare_by_all_their_digits(self, comparison: Any, value: Any, result: bool) -> None:
        assert Comparison.model_validate(comparison).test(value) is result

    @given(INT64, INT64)
    def test_whole_numbers_compare_as_whole_numbers(self, bound: int, value: int) -> None:
        assert Comparison(above=bound).test(value) is (value > bound)
        assert Comparison(at_most=bound).test(Decimal(value)) is (value <= bound)

    @given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
    def test_floats_compare_as_floats(self, bound: float, value: float) -> None:
        assert Comparison(at_least=bound).test(value) is (value >= bound)

    def test_a_bound_is_told_with_all_its_digits(self) -> None:
        assert str(Comparison(above=2**53 + 1)) == "> 9007199254740993"
