"""The graph and the causes of a large pipeline grow no faster than it; lines of code that run are counted."""

from __future__ import annotations

from checks.catalog import checks_of
from checks.diagnosis import diagnose
from checks.pipeline import Pipeline
from tests.bench.causes import JOBS, SERVICES, TABLES, failed, large
from tests.bench.counting import lines_of

MANY = 4


def lines(pipeline: Pipeline) -> int:
    checks, results = checks_of(pipeline), failed(pipeline)
    return lines_of(lambda: diagnose(pipeline, checks, results))


def test_causes_grow_no_faster_than_the_pipeline() -> None:
    assert lines(large(MANY)) <= 1.1 * MANY * lines(large())


def test_what_is_measured_has_its_size_and_fails() -> None:
    pipeline = large()

    assert (len(pipeline.services), len(pipeline.tables)) == (SERVICES, TABLES)
    assert pipeline.scheduler is not None
    assert len(pipeline.scheduler.explains) == JOBS
    assert {"invoker-missing", "job-failing"} <= {
        each.code for each in diagnose(pipeline, checks_of(pipeline), failed(pipeline))
    }
