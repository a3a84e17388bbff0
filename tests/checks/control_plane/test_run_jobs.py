"""Cloud Run's jobs: their latest executions, and those that their schedules asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.control_plane.addresses import run_job_of
from checks.control_plane.run_jobs import GRACE, LONGEST, run_jobs
from checks.control_plane_spec import SchedulerJobs
from checks.model import Finding, Outcome, Severity
from checks.places import Place, PlaceKind
from checks.ports.run_jobs import CLOUD_RUN_JOBS, ExecutionState, RunJob
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.services_spec import RunJobSpec
from checks.source import Ports, Source, SourceError
from tests import fakes
from tests.checks.control_plane.estate import job, pipeline

NOW = fakes.MORNING
HOUR = timedelta(hours=1)
EXECUTE = "https://run.googleapis.com/v2/projects/example-project/locations/us-west2/jobs/load:run"


class FakeRunJobs:
    def __init__(self, jobs: Sequence[RunJob] | SourceError) -> None:
        self._jobs = jobs

    def run_jobs(self) -> Sequence[RunJob]:
        if isinstance(self._jobs, SourceError):
            raise self._jobs
        return self._jobs


def execution(state: ExecutionState | None = ExecutionState.SUCCEEDED, **changes: Any) -> RunJob:
    return RunJob(**{"name": "load", "execution": "load-abc", "state": state, "started_at": NOW - HOUR, **changes})


def judged(
    jobs: Sequence[RunJob] | SourceError, *specs: RunJobSpec, schedules: Sequence[SchedulerJob] | SourceError = ()
) -> tuple[Finding, ...]:
    described = pipeline(run_jobs=specs, scheduler=SchedulerJobs())
    connected: dict[Source[Any], Any] = {CLOUD_RUN_JOBS: FakeRunJobs(jobs), SCHEDULER: fakes.FakeScheduler(schedules)}
    return fakes.run_check(run_jobs, described, Ports(connected)).findings


def seen(finding: Finding) -> tuple[str, Severity | None]:
    return finding.code, finding.severity


@pytest.mark.parametrize(
    ("one", "code", "severity"),
    [
        pytest.param(execution(), "execution-succeeded", None, id="succeeded"),
        pytest.param(execution(ExecutionState.FAILED), "execution-failed", Severity.P2, id="failed"),
        pytest.param(execution(ExecutionState.CANCELLED), "execution-cancelled", Severity.P2, id="cancelled"),
        pytest.param(execution(ExecutionState.PENDING), "execution-under-way", None, id="pending"),
        pytest.param(execution(None, started_at=None), "never-executed", None, id="never executed"),
    ],
)
def test_the_latest_execution_decides(one: RunJob, code: str, severity: Severity | None) -> None:
    (finding,) = judged([one])

    assert seen(finding) == (code, severity)
    assert finding.place == Place(PlaceKind.RUN_JOB, "load")


@pytest.mark.parametrize(
    ("spec", "longest", "limit"),
    [
        (None, None, LONGEST),
        (None, 600, timedelta(minutes=10) + GRACE),
        (RunJobSpec(name="load", minutes=30), 600, timedelta(minutes=30)),
    ],
    ids=["nobody says", "as the job says", "as the file says"],
)
def test_an_execution_may_take_as_long_as_it_is_said(
    spec: RunJobSpec | None, longest: int | None, limit: timedelta
) -> None:
    def code(started: datetime) -> str:
        one = execution(ExecutionState.RUNNING, started_at=started, longest_seconds=longest)
        return judged([one], *([spec] if spec is not None else []))[0].code

    assert code(NOW - limit) == "execution-under-way"
    assert code(NOW - limit - timedelta(seconds=1)) == "execution-too-long"


def test_one_that_a_phase_needs_is_louder() -> None:
    (finding,) = judged([execution(ExecutionState.FAILED)], RunJobSpec(name="load", phase="phase3"))

    assert (finding.severity, finding.phase) == (Severity.P1, "phase3")


def test_one_that_the_file_names_and_that_is_not_there_is_missing() -> None:
    findings = judged([execution()], RunJobSpec(name="gone"))

    assert [(each.subject, each.code) for each in findings] == [
        ("gone", "run-job-missing"),
        ("load", "execution-succeeded"),
    ]


class TestWhatWasAskedFor:
    @pytest.mark.parametrize(
        ("started", "code"),
        [
            (NOW - HOUR - GRACE, "execution-succeeded"),
            (NOW - HOUR - GRACE - timedelta(seconds=1), "no-execution"),
        ],
        ids=["at the limit", "just past it"],
    )
    def test_an_execution_that_was_promised_and_not_made_is_missed(self, started: datetime, code: str) -> None:
        asked = job("nightly", url=EXECUTE, last_attempt=NOW - HOUR)

        assert judged([execution(started_at=started)], schedules=[asked])[0].code == code

    def test_it_gets_some_minutes(self) -> None:
        asked = job("nightly", url=EXECUTE, last_attempt=NOW - GRACE + timedelta(seconds=1))

        assert judged([execution(started_at=NOW - timedelta(days=1))], schedules=[asked])[0].code == (
            "execution-succeeded"
        )

    def test_a_job_that_was_never_executed_is_missed_too(self) -> None:
        asked = job("nightly", url=EXECUTE, last_attempt=NOW - HOUR)

        assert judged([execution(None, started_at=None)], schedules=[asked])[0].code == "no-execution"

    def test_an_attempt_that_failed_is_told_by_the_scheduler(self) -> None:
        asked = job("nightly", url=EXECUTE, last_attempt=NOW - HOUR, status=13)

        assert judged([execution(started_at=NOW - 3 * HOUR)], schedules=[asked])[0].code == "execution-succeeded"

    def test_without_an_answer_of_the_scheduler_the_execution_counts(self) -> None:
        assert judged([execution()], schedules=fakes.down("Cloud Scheduler"))[0].code == "execution-succeeded"


@pytest.mark.parametrize(
    ("specs", "severity"),
    [
        ((), Severity.P3),
        ((RunJobSpec(name="load"),), Severity.P2),
        ((RunJobSpec(name="load", phase="phase3"),), Severity.P1),
    ],
    ids=["none is named", "one is", "one of a phase is"],
)
def test_a_source_that_is_down_is_as_loud_as_what_it_may_hide(
    specs: tuple[RunJobSpec, ...], severity: Severity
) -> None:
    (finding,) = judged(fakes.down("Cloud Run jobs"), *specs)

    assert (finding.outcome, finding.severity) == (Outcome.UNKNOWN, severity)


def test_where_they_are_not_read_nothing_is_claimed() -> None:
    (finding,) = fakes.run_check(run_jobs, pipeline(), Ports({})).findings

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")


def test_without_any_job_the_check_does_not_apply() -> None:
    (finding,) = judged([])

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "no-run-jobs")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (EXECUTE, "load"),
        (EXECUTE.replace("example-project", "123456789"), "load"),
        (
            "https://us-west2-run.googleapis.com/apis/run.googleapis.com/v1/namespaces/example-project/jobs/load:run",
            "load",
        ),
        (EXECUTE.replace("us-west2", "us-east1"), ""),
        (EXECUTE.replace("example-project", "other"), ""),
        (EXECUTE.replace("run.googleapis.com", "example.com"), ""),
        ("https://worker-123456789.us-west2.run.app/jobs/load:run", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_a_call_of_cloud_runs_api_names_the_job_that_it_executes(address: str, name: str) -> None:
    assert run_job_of(pipeline(), address) == name
