"""The chart of what the pipeline makes, from the documents of its digests."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.render.post import Chart
from bot.render.trend import FEWEST, trend_post
from checks.catalog import checks_of
from checks.pipeline import Pipeline
from tests.pipelines.nba_world import NBA

TODAY = date(2026, 2, 11)
VOLUME = {"expectation": "volume", "measured": 57.5, "exposure": 4.0, "median": 50.0, "low": 30.0}


def document(day: int, **changed: Any) -> dict[str, Any]:
    finding = {"interval": f"2026-02-{day:02}", "evidence": {**VOLUME, **changed}}
    group = {**finding, "evidence": {**VOLUME, "expectation": "volume by system_id", "measured": 1.0}}
    results = [{"check": "predictions-sound", "findings": [group, finding]}]
    return {"previous": f"2026-02-{day:02}", "results": results}


def chart(*documents: dict[str, Any], pipeline: Pipeline = NBA) -> Chart | None:
    found = trend_post(documents, pipeline, TODAY)
    if found is None:
        return None
    (part,) = found.parts
    assert isinstance(part, Chart)
    return part


def test_it_counts_what_a_phase_makes_of_an_existing_check() -> None:
    assert "predictions-sound" in {each.id for each in checks_of(NBA)}


def test_a_line_of_what_was_made_lies_between_what_was_usual_the_oldest_first() -> None:
    found = chart(document(10), document(9, measured=3.0), document(8))

    assert found is not None
    assert found.labels == ("8 Feb", "9 Feb", "10 Feb")
    assert dict(found.lines) == {
        "Predictions": (230, 12, 230),
        "usual, at least": (120, 120, 120),
        "usual, at most": (280, 280, 280),
    }


def test_of_an_interval_the_newest_document_counts() -> None:
    found = chart(document(10), document(10, measured=1.0), document(9), document(8))

    assert found is not None
    assert found.lines[0][1] == (230, 230, 230)


def test_days_that_nobody_measured_or_that_have_no_limit_are_left_out() -> None:
    without = [document(day, median=None) for day in range(1, 6)]

    assert chart(*without) is None
    assert chart(*[document(day) for day in range(1, FEWEST)]) is None
    assert chart(*[document(day) for day in range(1, FEWEST + 1)], *without) is not None


def test_a_pipeline_that_expects_no_volume_of_what_it_makes_has_none() -> None:
    assert chart(*[document(day) for day in range(1, 9)], pipeline=NBA.model_copy(update={"tables": {}})) is None
