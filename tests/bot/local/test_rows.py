"""What a scenario may state for a column."""

from __future__ import annotations

import pytest

from bot.local.rows import _CONVERSIONS
from tests.bot.local.test_template import GAPS


@pytest.mark.parametrize(
    ("kind", "stated", "kept"),
    [
        ("NUMERIC", 0.1, "0.1"),
        ("NUMERIC", "99999999999999999999999999999.123456789", "99999999999999999999999999999.123456789"),
        ("DATETIME", "2026-02-11T07:30:00", "2026-02-11T07:30:00"),
        ("TIME", "07:30:00", "07:30:00"),
    ],
)
def test_a_value_is_kept_with_all_its_digits(kind: str, stated: object, kept: str) -> None:
    assert _CONVERSIONS[kind](stated, GAPS) == kept


@pytest.mark.parametrize(
    ("kind", "stated"),
    [
        ("NUMERIC", "x"),
        ("NUMERIC", "NaN"),
        ("NUMERIC", "1e-10"),
        ("NUMERIC", 10**40),
        ("DATETIME", "2026-02-11T07:30:00+00:00"),
        ("TIME", "25:00"),
    ],
)
def test_what_a_column_cannot_hold_is_refused(kind: str, stated: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        _CONVERSIONS[kind](stated, GAPS)
