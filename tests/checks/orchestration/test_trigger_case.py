"""When rows of the next phase are an effect of the run that is judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from checks.orchestration.gathered import Rows
from checks.orchestration.trigger import _effect_in_rows

OPENS = datetime(2026, 2, 11, 5, tzinfo=UTC)
BEFORE = OPENS - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rows", "past_due", "expected"),
    [
        pytest.param(Rows(count=0), False, False, id="no rows"),
        pytest.param(Rows(count=0), True, False, id="no rows past due"),
        pytest.param(Rows(count=9, last_at=OPENS), False, True, id="written as the window opens"),
        pytest.param(Rows(count=9, last_at=BEFORE), False, False, id="left by an earlier run, not due yet"),
        pytest.param(Rows(count=9, last_at=BEFORE), True, True, id="left by an earlier run, past due"),
        pytest.param(Rows(count=9), False, True, id="rows that cannot say when"),
    ],
)
def test_rows_of_an_earlier_run_are_no_effect_before_the_run_is_due(rows: Rows, past_due: bool, expected: bool) -> None:
    assert _effect_in_rows(rows, OPENS, past_due=past_due) is expected
