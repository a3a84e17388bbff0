"""The chart in the thread of a digest, of what the digests before have measured."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.store.model import Changes, StoredReport
from bot.timetable.done import Done
from checks.orchestration_spec import Phase
from checks.pipeline import Table
from tests.bot.timetable.mornings import DAY, EIGHT, POSTING, Morning, pipeline

TABLE = {
    "partition": "game_date",
    "expect": {"check": "as-many", "noun": "predictions", "volume": {"floor": "50 %"}},
    "columns": {"game_date": "DATE"},
}


def measured(days_ago: int) -> StoredReport:
    """A digest of a day before, whose report counted predictions."""
    interval = str(DAY.day - timedelta(days=1 + days_ago))
    evidence = {"expectation": "volume", "measured": 200 + days_ago, "median": 210, "low": 105}
    told = dict.fromkeys(("severity", "code", "subject", "phase", "summary", "place"))
    finding = {**told, "outcome": "passed", "interval": interval, "evidence": evidence}
    result: dict[str, Any] = {"check": "as-many", "title": "As many", "phase": None, "findings": [finding]}
    at = EIGHT - timedelta(days=days_ago)
    return StoredReport(
        key=f"digest:tiny:{DAY.day - timedelta(days=days_ago)}:post",
        pipeline="tiny",
        job="digest",
        previous=interval,
        at=at,
        verdict="ALL CLEAR",
        document={"now": at.isoformat(), "previous": interval, "results": [result]},
    )


@pytest.mark.parametrize(("digests", "is_drawn"), [(2, False), (3, True)], ids=["too few", "enough"])
def test_the_thread_ends_with_a_chart_once_enough_digests_have_measured(digests: int, is_drawn: bool) -> None:
    phases = (Phase(id="phase5", title="Predictions", makes="predictions"),)
    tables = {"data.predictions": Table.model_validate(TABLE)}
    morning = Morning(described=pipeline(phases=phases, tables=tables))
    morning.store.commit(Changes(reports=[measured(1 + each) for each in range(digests)]))

    assert morning.instance().run_owed() is Done.POSTED

    last = morning.slack_takes_everything()[-1]
    assert last.target == POSTING
    assert ("chart" in str(last.body)) is is_drawn
