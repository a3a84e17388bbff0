"""Discovery through Google's own clients: how much it asks, and what one source that fails costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from bot.composition.google import google_ports
from bot.settings import Settings
from checks.catalog import PYTHON_CHECKS
from checks.model import CheckResult, Outcome, Severity
from checks.reads import ReadCache
from checks.runner import Run, run_checks
from checks.source import ReadRecord
from tests.servers.cloud_run import GET_PROJECT_POLICY, GET_SERVICE_POLICY, LIST_SERVICES
from tests.servers.cloud_scheduler import LIST_JOBS
from tests.servers.estate import NOW, PROJECT, REGION, Estate, Shape, described, estate
from tests.servers.pubsub import LIST_SUBSCRIPTIONS, LIST_TOPICS
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, ScriptedGrpcServer

SMALL = Shape(services=8, subscriptions=6, jobs=500)
CHECKS = [
    each
    for each in PYTHON_CHECKS
    if each.id in ("invoker", "edges", "subscriptions", "scheduler-jobs", "service-ready", "service-traffic")
]


def run(estate: Estate, shape: Shape) -> tuple[dict[str, CheckResult], Sequence[ReadRecord]]:
    pipeline = described(shape)
    ports = google_ports(pipeline, Settings.from_environment(estate.environment))
    cache = ReadCache(pipeline.limits)
    try:
        today = pipeline.timeline.at(NOW)
        about = Run(pipeline=pipeline, now=NOW, previous=today, current=today)
        results = {each.check: each for each in run_checks(CHECKS, about, ports, cache)}
    finally:
        cache.close()
        ports.close()
    return results, cache.records


def outcomes(result: CheckResult) -> Counter[tuple[Outcome, str]]:
    return Counter((each.outcome, each.code) for each in result.findings)


def test_each_page_of_a_list_and_each_policy_is_asked_for_once_by_all_checks_together() -> None:
    with estate(SMALL, page_size=200) as servers:
        results, _ = run(servers, SMALL)

        assert {outcome for each in results.values() for outcome, _ in outcomes(each)} == {Outcome.PASSED}
        assert outcomes(results["invoker"]) == {(Outcome.PASSED, "caller-allowed"): 8}
        assert servers.control_plane.calls == {
            (LIST_SERVICES, REGION): 1,
            (GET_PROJECT_POLICY, PROJECT): 1,
            **{(GET_SERVICE_POLICY, f"service-{number:03}"): 1 for number in range(8)},
        }
        assert servers.pubsub.calls == {(LIST_SUBSCRIPTIONS, PROJECT): 1, (LIST_TOPICS, PROJECT): 1}
        assert servers.scheduler.calls == {(LIST_JOBS, REGION): 3}


def test_the_policies_of_declared_services_are_asked_for_before_any_list_has_answered() -> None:
    with estate(SMALL, delay=0.3) as servers:
        _, reads = run(servers, SMALL)

    first_answer = min(look.started + look.duration for look in reads)
    early = {look.key for look in reads if look.started < first_answer}
    assert {f"policy service-{number:03}" for number in range(4)} | {"services", "subscriptions", "jobs"} <= early
    assert max(look.depth for look in reads) == 2


ON_DISCOVERED = {"invoker", "edges", "service-ready", "service-traffic"}
"""The checks that also judge services which are known from their callers alone."""


@pytest.mark.parametrize(
    ("fails", "source", "unknown"),
    [
        pytest.param("pubsub", "Pub/Sub", {*ON_DISCOVERED, "subscriptions"}, id="Pub/Sub"),
        pytest.param("scheduler", "Cloud Scheduler", {*ON_DISCOVERED, "scheduler-jobs"}, id="Cloud Scheduler"),
    ],
)
def test_an_api_that_is_not_enabled_costs_its_own_part_and_says_which(
    fails: str, source: str, unknown: set[str]
) -> None:
    with estate(SMALL) as servers:
        server: ScriptedGrpcServer = getattr(servers, fails)
        for method in (LIST_SUBSCRIPTIONS, LIST_TOPICS, LIST_JOBS):
            server.fail(method, EVERYTHING, NOT_ENABLED)
        results, _ = run(servers, SMALL)

    found = {
        name: [each for each in result.findings if each.outcome is Outcome.UNKNOWN] for name, result in results.items()
    }
    assert {name for name, findings in found.items() if findings} == unknown
    for findings in (found[name] for name in unknown):
        (finding,) = findings
        assert (finding.evidence["source"], finding.evidence["problem"]) == (source, "not enabled")
        assert "gcloud services enable" in finding.summary
    assert {each.outcome for result in results.values() for each in result.findings} == {
        Outcome.PASSED,
        Outcome.UNKNOWN,
    }
    judged = [each for each in results["invoker"].findings if each.code == "caller-allowed"]
    assert len(judged) >= 4
    assert found["invoker"][0].severity is Severity.P0


def test_a_list_of_services_with_a_gap_leaves_policies_judged_and_nothing_green_that_was_not_seen() -> None:
    with estate(SMALL) as servers:
        servers.control_plane.unreachable = [REGION]
        results, _ = run(servers, SMALL)

    assert outcomes(results["service-ready"]) == {(Outcome.UNKNOWN, "source-unavailable"): 5}
    assert outcomes(results["invoker"]) == {
        (Outcome.PASSED, "caller-allowed"): 4,
        (Outcome.UNKNOWN, "source-unavailable"): 1,
    }
    assert outcomes(results["edges"]) == {(Outcome.UNKNOWN, "source-unavailable"): 1}
