"""What a scenario may state for a column."""

from __future__ import annotations

import pytest

from bot.scenarios.stated_values import NotHeldError, conversion
from checks.column_types import column_type
from tests.bot.scenarios.test_template import GAPS


@pytest.mark.parametrize(
    ("kind", "stated", "kept"),
    [
        ("NUMERIC", 0.1, "0.1"),
        ("NUMERIC", "99999999999999999999999999999.123456789", "99999999999999999999999999999.123456789"),
        ("DATETIME", "2026-02-11T07:30:00", "2026-02-11T07:30:00"),
        ("TIME", "07:30:00", "07:30:00"),
        ("BYTES", "00ff", r"\x00\xFF"),
        ("INTERVAL", "-1-2 3 4:05:06.5", "-14 months 3 days 14706500000 microseconds"),
        ("ARRAY<NUMERIC>", "[0.1, 12345678901234567890.123456789]", ["0.1", "12345678901234567890.123456789"]),
        ("STRUCT<a INT64, b ARRAY<DATE>>", '{"a": 9007199254740993}', {"a": 9007199254740993, "b": []}),
    ],
)
def test_a_value_is_kept_with_all_its_digits(kind: str, stated: object, kept: str) -> None:
    assert conversion(column_type(kind))(stated, GAPS) == kept


@pytest.mark.parametrize(
    ("kind", "stated"),
    [
        ("NUMERIC", "x"),
        ("NUMERIC", "NaN"),
        ("NUMERIC", "1e-10"),
        ("NUMERIC", 10**40),
        ("DATETIME", "2026-02-11T07:30:00+00:00"),
        ("TIME", "25:00"),
        ("BYTES", "0g"),
        ("INTERVAL", "1 day"),
        ("ARRAY<INT64>", "[1"),
        ("ARRAY<INT64>", '["x"]'),
    ],
)
def test_what_a_column_cannot_hold_is_refused(kind: str, stated: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        conversion(column_type(kind))(stated, GAPS)


@pytest.mark.parametrize(
    ("kind", "stated"), [("ARRAY<INT64>", "1"), ("STRUCT<a INT64>", "[1]"), ("STRUCT<a INT64>", '{"b": 1}')]
)
def test_a_value_of_another_shape_is_refused(kind: str, stated: object) -> None:
    with pytest.raises(TypeError):
        conversion(column_type(kind))(stated, GAPS)


@pytest.mark.parametrize("kind", ["BIGNUMERIC", "GEOGRAPHY", "RANGE<DATE>", "STRUCT", "ARRAY<GEOGRAPHY>"])
def test_a_type_that_the_embedded_engine_lacks_takes_no_value(kind: str) -> None:
    with pytest.raises(NotHeldError, match="the embedded engine cannot hold"):
        conversion(column_type(kind))
