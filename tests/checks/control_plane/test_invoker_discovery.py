"""The invoker check over the callers that were discovered."""

from __future__ import annotations

from typing import Any

import pytest

from checks.control_plane.invoker import invoker
from checks.model import CheckResult, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.ports.policies import Policy
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from checks.tolerated_spec import Suppression
from tests import fakes
from tests.checks.control_plane.estate import ACCOUNT, granted, hashed, job, pipeline, push, run, service

DECLARED = ServiceSpec(name="declared")
OTHER = "cron@example.com"


def seen(result: CheckResult) -> list[tuple[str, Outcome, Severity | None, str]]:
    return [(each.subject, each.outcome, each.severity, each.code) for each in result.findings]


def test_a_service_that_the_pipeline_file_does_not_name_is_judged_as_the_others_are() -> None:
    result = run(
        invoker,
        services=[service("declared"), service("grading")],
        policies={"declared": granted(), "grading": Policy(())},
        subscriptions=[push("grading-push", endpoint=hashed("grading"))],
        described=pipeline(services=(DECLARED,)),
    )

    assert seen(result) == [
        ("declared", Outcome.PASSED, None, "caller-allowed"),
        ("grading", Outcome.FAILED, Severity.P0, "caller-refused"),
    ]
    refused = result.findings[1]
    assert refused.evidence["caller"] == f"serviceAccount:{ACCOUNT}"
    assert refused.evidence["through"] == "subscription grading-push"
    assert refused.action is not None
    assert refused.action.repair == "grant-invoker:grading"


def test_eight_services_that_a_list_by_hand_would_miss_are_eight_findings() -> None:
    names = [f"missed-{number}" for number in range(8)]

    result = run(
        invoker,
        services=[service(name) for name in names],
        policies=dict.fromkeys(names, Policy(())),
        subscriptions=[push(f"to-{name}", endpoint=hashed(name)) for name in names],
    )

    assert [(each.subject, each.code) for each in result.findings] == [(name, "caller-refused") for name in names]


def test_every_account_that_calls_a_service_needs_its_own_grant() -> None:
    result = run(
        invoker,
        services=[service("worker")],
        policies={"worker": granted(ACCOUNT)},
        subscriptions=[push("a"), push("b")],
        jobs=[job(name, account=OTHER) for name in ("hourly", "nightly", "weekly")],
    )

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("caller-refused", Severity.P0)
    assert finding.evidence["caller"] == f"serviceAccount:{OTHER}"
    assert finding.evidence["through"] == "job hourly, job nightly, job weekly"
    assert "job hourly, job nightly and 1 more" in finding.summary
    assert finding.evidence["callers"] == (
        f"serviceAccount:{ACCOUNT} (subscription a, subscription b); "
        f"serviceAccount:{OTHER} (job hourly, job nightly, job weekly)"
    )


class TestACallWithAnotherAccountThanTheFileNames:
    DESCRIBED = pipeline(services=(ServiceSpec(name="declared", callers=(f"serviceAccount:{ACCOUNT}",)),))

    def test_its_account_is_corrected_and_no_other_one_is_let_in(self) -> None:
        (finding,) = run(
            invoker,
            services=[service("declared")],
            policies={"declared": granted()},
            subscriptions=[push("a", endpoint=hashed("declared"), account=OTHER, audience=hashed("declared"))],
            jobs=[job("b", hashed("declared"), account=OTHER)],
            described=self.DESCRIBED,
        ).findings

        assert (finding.code, finding.evidence["caller"]) == ("caller-refused", f"serviceAccount:{OTHER}")
        assert finding.action is not None
        assert finding.action.repair is None
        address, here = hashed("declared"), "--project=example-project"
        push_config = f"--push-endpoint={address} --push-auth-service-account={ACCOUNT}"
        token = f"--push-auth-token-audience={address}"
        assert (finding.action.command or "").splitlines() == [
            f"gcloud pubsub subscriptions modify-push-config a {push_config} {token} {here}",
            f"gcloud scheduler jobs update http b --location=us-west2 --oidc-service-account-email={ACCOUNT} {here}",
        ]

    def test_an_eventarc_trigger_keeps_the_account_so_that_it_is_corrected_there(self) -> None:
        triggered = push(
            "a", endpoint=hashed("declared"), account=OTHER, trigger="on-orders", trigger_region="us-east1"
        )

        (finding,) = run(
            invoker,
            services=[service("declared")],
            policies={"declared": granted()},
            subscriptions=[triggered],
            described=self.DESCRIBED,
        ).findings

        assert finding.action is not None
        assert finding.action.command == (
            f"gcloud eventarc triggers update on-orders --location=us-east1 --service-account={ACCOUNT} "
            "--project=example-project"
        )

    def test_where_nobody_of_the_file_may_call_either_each_is_granted_and_the_repair_offered(self) -> None:
        (finding,) = run(
            invoker,
            services=[service("declared")],
            policies={"declared": Policy(())},
            subscriptions=[push("a", endpoint=hashed("declared"), account=OTHER)],
            described=self.DESCRIBED,
        ).findings

        assert finding.action is not None
        assert finding.action.repair == "grant-invoker:declared"
        assert (finding.action.command or "").count("add-iam-policy-binding") == 2


def test_no_repair_is_offered_that_would_not_be_allowed() -> None:
    (finding,) = run(
        invoker,
        services=[service("declared")],
        policies={"declared": Policy(())},
        subscriptions=[push("a", endpoint=hashed("declared"))],
        described=pipeline(services=(ServiceSpec(name="declared", callers=()),)),
    ).findings

    assert finding.action is not None
    assert finding.action.repair is None


def test_a_caller_of_the_pipeline_file_and_its_subscription_are_one_caller() -> None:
    result = run(
        invoker,
        services=[service("declared")],
        policies={"declared": granted()},
        subscriptions=[push("a", endpoint=hashed("declared"), account=ACCOUNT.upper())],
        described=pipeline(services=(DECLARED,)),
    )

    (finding,) = result.findings
    assert finding.code == "caller-allowed"
    assert finding.evidence["callers"] == f"serviceAccount:{ACCOUNT} (subscription a)"


def test_what_the_pipeline_file_adds_is_judged_without_any_edge() -> None:
    result = run(
        invoker,
        services=[service("declared")],
        policies={"declared": granted(ACCOUNT)},
        described=pipeline(services=(ServiceSpec(name="declared", callers=("user:operator@example.com",)),)),
    )

    assert seen(result) == [("declared", Outcome.FAILED, Severity.P0, "caller-refused")]


def test_a_discovered_caller_counts_also_where_the_file_says_nobody() -> None:
    result = run(
        invoker,
        services=[service("declared")],
        policies={"declared": Policy(())},
        subscriptions=[push("a", endpoint=hashed("declared"))],
        described=pipeline(services=(ServiceSpec(name="declared", callers=()),)),
    )

    assert seen(result) == [("declared", Outcome.FAILED, Severity.P0, "caller-refused")]


def test_a_suppression_holds_for_a_discovered_service() -> None:
    known = Suppression(check="invoker", subject="grading", until=fakes.SLATE.day, reason="being moved")

    result = run(
        invoker,
        services=[service("grading")],
        policies={"grading": Policy(())},
        subscriptions=[push("a", endpoint=hashed("grading"))],
        described=pipeline(suppressions=(known,)),
    )

    assert seen(result) == [("grading", Outcome.SKIPPED, None, "suppressed")]


@pytest.mark.parametrize("declared", [True, False], ids=["declared optional", "an orchestrator that only watches"])
def test_a_service_that_may_be_closed_stays_optional(declared: bool) -> None:
    transition = {"id": "a_to_b", "title": "a", "from": "phase2", "to": "phase3", "orchestrator": "watcher"}
    specs = (ServiceSpec(name="watcher", optional=True),) if declared else ()

    result = run(
        invoker,
        services=[service("watcher")],
        policies={"watcher": Policy(())},
        subscriptions=[push("a", endpoint=hashed("watcher"))],
        described=pipeline(transitions=(Transition(**transition, monitoring_only=True),), services=specs),
    )

    assert seen(result) == [("watcher", Outcome.SKIPPED, None, "optional-service")]


def test_a_call_without_identity_and_a_target_that_is_missing_are_left_to_the_check_on_edges() -> None:
    result = run(
        invoker,
        services=[service("worker")],
        policies={"worker": granted()},
        subscriptions=[push("a"), push("b", account=""), push("c", endpoint=hashed("gone"))],
    )

    assert seen(result) == [("worker", Outcome.PASSED, None, "caller-allowed")]


def test_a_run_for_some_phases_leaves_discovered_services_of_others_out() -> None:
    transition = {"id": "a_to_b", "title": "a", "from": "phase3", "to": "phase4", "orchestrator": "mover"}
    world: dict[str, Any] = {
        "services": [service("mover")],
        "policies": {"mover": Policy(())},
        "subscriptions": [push("a", endpoint=hashed("mover"))],
        "described": pipeline(transitions=(Transition(**transition),)),
    }

    assert [each.code for each in run(invoker, **world, phases=frozenset({"phase4"})).findings] == ["caller-refused"]
    assert [each.code for each in run(invoker, **world, phases=frozenset({"phase2"})).findings] == ["not-configured"]


class TestDiscoveryThatIsIncomplete:
    DENIED = SourceError("Pub/Sub", Problem.DENIED, "pubsub.subscriptions.list is missing")

    def test_declared_services_and_the_other_callers_are_judged_and_one_finding_says_so(self) -> None:
        result = run(
            invoker,
            services=[service("declared"), service("worker")],
            policies={"declared": granted(), "worker": Policy(())},
            subscriptions=self.DENIED,
            jobs=[job("nightly")],
            described=pipeline(services=(DECLARED,)),
        )

        assert seen(result) == [
            ("declared", Outcome.PASSED, None, "caller-allowed"),
            ("worker", Outcome.FAILED, Severity.P0, "caller-refused"),
            ("callers from Pub/Sub", Outcome.UNKNOWN, Severity.P0, "source-unavailable"),
        ]
        assert result.findings[2].evidence["source"] == "Pub/Sub"

    def test_a_source_that_is_not_connected_is_incomplete_too(self) -> None:
        plane = fakes.FakeControlPlane({"declared": service("declared")}, {"declared": granted()})

        result = fakes.run_check(
            invoker, pipeline(services=(DECLARED,), scheduler=None), fakes.ports(control_plane=plane)
        )

        assert seen(result) == [
            ("declared", Outcome.PASSED, None, "caller-allowed"),
            ("callers from Pub/Sub", Outcome.UNKNOWN, Severity.P0, "source-unavailable"),
        ]

    def test_a_list_of_services_out_of_reach_costs_the_discovered_ones_alone(self) -> None:
        plane = fakes.FakeControlPlane({"declared": fakes.down("Cloud Run")}, {"declared": granted()})

        result = run(invoker, plane=plane, subscriptions=[push("a")], described=pipeline(services=(DECLARED,)))

        assert seen(result) == [
            ("declared", Outcome.PASSED, None, "caller-allowed"),
            ("callers from Cloud Run", Outcome.UNKNOWN, Severity.P0, "source-unavailable"),
        ]

    def test_a_kind_without_its_section_is_off_and_not_incomplete(self) -> None:
        result = run(
            invoker,
            services=[service("declared")],
            policies={"declared": granted()},
            subscriptions=self.DENIED,
            jobs=self.DENIED,
            described=fakes.pipeline(services=(DECLARED,)),
        )

        assert seen(result) == [("declared", Outcome.PASSED, None, "caller-allowed")]


def test_each_list_is_asked_for_once_and_each_policy_once() -> None:
    names = [f"service-{number}" for number in range(6)]
    plane = fakes.FakeControlPlane({name: service(name) for name in names}, dict.fromkeys(names, granted()))
    specs = tuple(ServiceSpec(name=name) for name in names[:3])

    run(
        invoker,
        plane=plane,
        subscriptions=[push(f"{kind}-{name}", endpoint=hashed(name)) for name in names for kind in "ab"],
        described=pipeline(services=specs),
    )

    assert sorted(plane.asked) == [*(f"policy {name}" for name in names), "project policy", "services"]
