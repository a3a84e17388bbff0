"""Jobs that are missed: handed on from run to run until they are back, replaced, or nothing depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from checks.control_plane.missed_jobs import missed_jobs
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.services_spec import ServiceSpec
from tests.checks.control_plane.estate import job, numbered, pipeline, service

DAILY = job("daily", schedule="0 6 * * *")
IDLE = job("idle", numbered("elsewhere"))
BEFORE = (DAILY, IDLE, job("fine"))


def of_a_phase(phase: str | None = "phase3") -> Pipeline:
    return pipeline(services=(ServiceSpec(name="worker", phase=phase, optional=True),))


def missed(jobs: Sequence[SchedulerJob] | None, phase: str | None = "phase3", **asked: Any) -> set[str]:
    services = asked.get("services", (service("worker"),))
    return {each.name for each in missed_jobs(of_a_phase(phase), BEFORE, jobs, services)}


@pytest.mark.parametrize(
    ("jobs", "names"),
    [
        pytest.param([], {"daily", "fine"}, id="deleted"),
        pytest.param([job("daily", enabled=False), job("fine")], {"daily"}, id="paused"),
        pytest.param([job("daily"), job("fine")], set(), id="back"),
        pytest.param([job("anew", schedule="0 6 * * *"), job("fine")], set(), id="renamed"),
        pytest.param([job("anew", schedule="0 7 * * *"), job("fine")], {"daily"}, id="another at another time"),
        pytest.param([job("anew", schedule="0 6 * * *", enabled=False), job("fine")], {"daily"}, id="renamed, paused"),
    ],
)
def test_a_job_that_works_for_a_phase_is_missed_until_its_work_is_done_again(
    jobs: Sequence[SchedulerJob], names: set[str]
) -> None:
    assert missed(jobs) == names


def test_a_job_on_which_nothing_depends_is_forgotten() -> None:
    assert missed([], phase=None) == set()


def test_a_source_that_gives_no_answer_is_no_reason_to_forget() -> None:
    assert missed(None) == missed([], services=None) == {each.name for each in BEFORE}
