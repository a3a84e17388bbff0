"""Repairs of scenarios: what was broken works afterwards, in the same process."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.composition.repairs import repairs_of
from bot.composition.scenario import scenario_ports
from bot.definition.pipeline_file import shipped_pipeline
from bot.repairs.model import RepairOutcome, RepairPlan, RepairRefusedError, RepairRun
from bot.repairs.ports import IamPolicy, TrafficTarget, WriteConflictError
from bot.repairs.service import RepairService
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.settings import Settings
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.model import Outcome as Found
from checks.model import Report, Severity, Verdict
from tests.validated import validated


@contextmanager
def morning(name: str) -> Iterator[tuple[Validation, RepairService, Request]]:
    scenario, pipeline = load_scenario(name), shipped_pipeline()
    ports = scenario_ports(pipeline, scenario)
    request = Request(interval=scenario.file.requested)
    validation = Validation(pipeline, ports, lambda: ports.now)
    repairs = repairs_of(validation, SqliteStore(":memory:"), Settings(), request.interval)
    try:
        yield validation, repairs, request
    finally:
        ports.close()


def loud(report: Report) -> list[tuple[str, str, str]]:
    return [
        (result.check, finding.code, finding.subject)
        for result, finding in report.findings()
        if finding.outcome is Found.FAILED and finding.severity in (Severity.P0, Severity.P1)
    ]


def offered(repairs: RepairService, report: Report) -> list[str]:
    """Return the repairs that the report's causes offer."""
    keys = [cause.action.repair for cause in report.causes if cause.action is not None and cause.action.repair]
    return [str(each) for words in keys for each in repairs.offered(words)]


@pytest.mark.parametrize(
    "name", ["invoker-lost", "live-export-key-lost", "stale-revision"], ids=["grants", "a variable", "traffic"]
)
@pytest.mark.slow
def test_what_the_cause_offers_repairs_the_morning(name: str) -> None:
    with morning(name) as (validation, repairs, request):
        before = validated(validation, request)
        now = before.now
        keys = offered(repairs, before)
        assert keys

        plans = [each for each in repairs.plan_all(keys, "slack:U1", now) if isinstance(each, RepairPlan)]
        runs = [each for each in repairs.apply_all(plans, "slack:U1", now) if isinstance(each, RepairRun)]
        seen = repairs.verify_all(runs, now)
        after = validated(validation, request)

    assert len(plans) == len(runs) == len(keys)
    assert [each.run.outcome for each in seen if not isinstance(each, RepairRefusedError)] == [
        RepairOutcome.VERIFIED for _ in keys
    ]
    subjects = {key.partition(":")[2] for key in keys}
    checks = {"invoker", "service-environment", "service-traffic"}
    assert [each for each in loud(before) if each[2] in subjects and each[0] in checks]
    assert not [each for each in loud(after) if each[2] in subjects and each[0] in checks]


def test_the_morning_of_february_is_no_longer_blocked() -> None:
    with morning("invoker-lost") as (validation, repairs, request):
        before = validated(validation, request)
        for plan in repairs.plan_all(offered(repairs, before), "slack:U1", before.now):
            assert isinstance(plan, RepairPlan)
            repairs.apply(plan, "slack:U1", before.now)

        after = validated(validation, request)

    assert before.verdict is Verdict.BLOCKED
    assert after.verdict is not Verdict.BLOCKED
    # What the orchestrators did not write while they could not be called, no repair writes afterwards.
    assert {check for check, _, _ in loud(after)} <= {"phase-log"}


def test_an_undo_closes_the_service_again() -> None:
    with morning("invoker-lost") as (validation, repairs, request):
        before = validated(validation, request)
        key = offered(repairs, before)[0]
        run = repairs.apply(repairs.plan(key, "slack:U1", before.now), "slack:U1", before.now)

        repairs.apply(repairs.plan_undo(run.id, "slack:U1", before.now), "slack:U1", before.now)

        assert loud(validated(validation, request)) == loud(before)


@pytest.mark.slow
def test_a_job_runs_once_and_ends_well() -> None:
    with morning("line-enrichment-crashed") as (validation, repairs, request):
        now = validated(validation, request).now

        run = repairs.apply(repairs.plan("run-job:line-enrichment", "slack:U1", now), "slack:U1", now)

        assert repairs.verify(run, now).run.outcome is RepairOutcome.VERIFIED


def test_a_world_refuses_what_was_read_before_somebody_else_wrote() -> None:
    ports = scenario_ports(shipped_pipeline(), load_scenario("invoker-lost"))
    stale = ports.platform.policy("nba-scrapers")
    assert stale is not None
    ports.platform.write_policy("nba-scrapers", stale)

    with pytest.raises(WriteConflictError):
        ports.platform.write_policy("nba-scrapers", IamPolicy(etag=stale.etag))
    with pytest.raises(WriteConflictError):
        ports.platform.write_traffic("nba-scrapers", [TrafficTarget(percent=100)], stale.etag.decode())

    ports.close()


def test_a_source_that_fails_in_the_scenario_fails_for_repairs() -> None:
    with morning("half-the-sources-down") as (validation, repairs, request):
        now = validated(validation, request).now
        plans = repairs.plan_all(repairs.catalogue(), "slack:U1", now)

    assert any(isinstance(each, RepairRefusedError) for each in plans)
