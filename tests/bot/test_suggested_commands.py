"""What a report suggests is held against what its own run has seen, wherever the suggestion comes from."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.request import Request
from bot.validation import Validation
from checks.actions import Action
from checks.control_plane_spec import SchedulerJobs
from checks.model import Report
from checks.ports.scheduler import SchedulerJob
from checks.source import SourceError
from checks.sql_check_spec import SqlCheck
from tests import fakes

EXISTING = SchedulerJob(
    name="same-day-phase3", enabled=True, schedule="0 1 * * *", last_attempt=fakes.MORNING, status=0
)


def advice(job: str) -> Mapping[str, str]:
    return {"text": "Run the job.", "command": f"gcloud scheduler jobs run {job} --location={{region}}"}


def report(job: str, jobs: fakes.FakeScheduler, *checks: str) -> Report:
    """Validate with a check of the pipeline file that fails and suggests to run a job."""
    spec = SqlCheck.model_validate(
        {
            "id": "rows-there",
            "title": "Rows are there",
            "rationale": "Because.",
            "query": "SELECT 0 AS row_count",
            "subject": "rows",
            "summary": "{row_count} rows",
            "rules": [{"if": {"row_count": {"equals": 0}}, "severity": "P1", "code": "no-rows"}],
            "action": advice(job),
            "expected": "Rows.",
        }
    )
    described = fakes.pipeline(checks=(spec,), scheduler=SchedulerJobs())
    warehouse = fakes.FakeWarehouse(lambda _: [{"row_count": 0}])
    validation = Validation(described, fakes.ports(warehouse=warehouse, scheduler=jobs), lambda: fakes.MORNING)
    return validation.run(validation.plan(Request(checks=("rows-there", *checks))))


def suggested(found: Report) -> tuple[Action, ...]:
    """Every action of the report: of its findings, and of its causes."""
    of_findings = (finding.action for _, finding in found.findings() if finding.code == "no-rows")
    actions = (*of_findings, *(cause.action for cause in found.causes))
    return tuple(action for action in actions if action is not None)


def test_a_job_that_exists_may_be_suggested() -> None:
    actions = suggested(report("same-day-phase3", fakes.FakeScheduler([EXISTING]), "scheduler-jobs"))

    assert actions
    assert all(action.command == "gcloud scheduler jobs run same-day-phase3 --location=us-west2" for action in actions)
    assert all("verified" not in action.text for action in actions)


def test_a_job_that_does_not_exist_is_suggested_nowhere_in_the_report() -> None:
    actions = suggested(report("sameday-phase-3", fakes.FakeScheduler([EXISTING]), "scheduler-jobs"))

    assert actions
    assert {action.command for action in actions} == {None}
    assert "there is no scheduler job sameday-phase-3. Did you mean same-day-phase3?" in actions[0].text


@pytest.mark.parametrize(
    ("jobs", "checks"),
    [
        pytest.param([EXISTING], (), id="nobody looked"),
        pytest.param(fakes.down("Cloud Scheduler"), ("scheduler-jobs",), id="the source was down"),
    ],
)
def test_a_job_that_nobody_could_look_up_is_suggested_with_a_word(
    jobs: list[SchedulerJob] | SourceError, checks: tuple[str, ...]
) -> None:
    (action, *_) = suggested(report("same-day-phase3", fakes.FakeScheduler(jobs), *checks))

    assert action.command is not None
    assert "Not verified: whether the scheduler job same-day-phase3 exists." in action.text
