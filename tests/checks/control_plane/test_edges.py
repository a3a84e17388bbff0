"""The edges from callers to services, and the check on them."""

from __future__ import annotations

from typing import Any

import pytest

from checks.control_plane.callers import CallerKind
from checks.control_plane.discovery import edges_of
from checks.control_plane.edges import edges
from checks.model import CheckResult, Finding, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.ports.messaging import Subscription
from checks.ports.policies import Binding, Policy
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes
from tests.checks.control_plane.estate import (
    ACCOUNT,
    function_address,
    granted,
    hashed,
    job,
    numbered,
    pipeline,
    push,
    run,
    service,
)

WORKER = service("worker")
EVERYONE = Policy((Binding("roles/run.invoker", frozenset({"allUsers"})),))
HERE = "--project=example-project"
DENIED = SourceError("Pub/Sub", Problem.DENIED, "pubsub.subscriptions.list is missing")


def seen(result: CheckResult) -> list[tuple[str, Outcome, Severity | None, str]]:
    return [(each.subject, each.outcome, each.severity, each.code) for each in result.findings]


def only(result: CheckResult) -> Finding:
    (finding,) = result.findings
    return finding


class TestDrawingThem:
    def test_each_caller_is_an_edge_with_its_account(self) -> None:
        subscription = push("orders-push", audience="https://audience.example.com", trigger="orders-trigger")

        first, second = edges_of(pipeline(), [subscription], [job("nightly", account="cron@example.com")], [WORKER])

        assert (first.kind, first.name, first.account) == (CallerKind.SUBSCRIPTION, "orders-push", ACCOUNT)
        assert (second.kind, second.name, second.account) == (CallerKind.JOB, "nightly", "cron@example.com")
        assert (first.audience, first.trigger) == ("https://audience.example.com", "orders-trigger")
        assert {first.service, second.service} == {"worker"}

    @pytest.mark.parametrize(
        "caller",
        [
            pytest.param(Subscription(name="pull", topic="orders"), id="a pull subscription"),
            pytest.param(push("other", endpoint="https://example.com/push"), id="a push to somebody else"),
        ],
    )
    def test_a_subscription_that_calls_nobody_here_is_no_edge(self, caller: Subscription) -> None:
        assert edges_of(pipeline(), [caller], [], [WORKER]) == ()

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"enabled": False}, id="paused"),
            pytest.param({"url": "https://example.com"}, id="to somebody else"),
        ],
    )
    def test_a_job_that_calls_nobody_here_is_no_edge(self, changes: Any) -> None:
        assert edges_of(pipeline(), [], [job("a", **changes)], [WORKER]) == ()

    def test_a_job_with_a_topic_is_no_edge(self) -> None:
        described = job("a")
        pubsub = type(described)(name="a", enabled=True, schedule="* * * * *", topic="orders")

        assert edges_of(pipeline(), [], [pubsub], [WORKER]) == ()


class TestCallersInOrder:
    def test_they_are_one_finding(self) -> None:
        result = run(edges, services=[WORKER], subscriptions=[push("a")], jobs=[job("b")])

        assert seen(result) == [("callers", Outcome.PASSED, None, "callers-in-order")]

    def test_nobody_who_calls_is_not_a_pass(self) -> None:
        assert seen(run(edges, services=[WORKER])) == [("callers", Outcome.SKIPPED, None, "no-callers")]

    def test_without_a_section_there_is_nothing_to_discover_and_nothing_is_asked(self) -> None:
        plane = fakes.FakeControlPlane()

        result = run(edges, plane=plane, described=fakes.pipeline())

        assert only(result).code == "not-configured"
        assert plane.asked == []


class TestATargetThatIsMissing:
    @pytest.mark.parametrize("address", [hashed("gone"), numbered("gone")], ids=["hash", "number"])
    def test_it_is_p1_and_names_who_calls_and_what_removes_them(self, address: str) -> None:
        result = run(
            edges,
            services=[WORKER],
            subscriptions=[
                push("eventarc-us-west2-old-sub-1", endpoint=address, trigger="old", trigger_region="us-east1"),
                push("plain", endpoint=address),
            ],
            jobs=[job("nightly", address), job("fine")],
        )

        missing, fine = result.findings
        assert (missing.subject, missing.severity, missing.code) == ("gone", Severity.P1, "target-missing")
        assert missing.action is not None
        assert (missing.action.command or "").splitlines() == [
            "gcloud eventarc triggers delete old --location=us-east1 --project=example-project",
            "gcloud pubsub subscriptions delete plain --project=example-project",
            "gcloud scheduler jobs delete nightly --location=us-west2 --project=example-project",
        ]
        assert (
            missing.evidence["callers"] == "subscription eventarc-us-west2-old-sub-1, subscription plain, job nightly"
        )
        assert missing.evidence["triggers"] == "old"
        assert fine.code == "callers-in-order"

    def test_a_function_may_be_of_the_first_generation_so_it_is_p2(self) -> None:
        result = run(edges, services=[WORKER], jobs=[job("a", function_address("Gone"))])

        assert seen(result) == [("Gone", Outcome.FAILED, Severity.P2, "function-missing")]

    def test_an_optional_service_may_be_missing(self) -> None:
        described = pipeline(services=(ServiceSpec(name="gone", optional=True),))

        result = run(edges, services=[WORKER], subscriptions=[push("a", endpoint=hashed("gone"))], described=described)

        assert seen(result) == [("gone", Outcome.SKIPPED, None, "optional-service")]

    def test_odd_names_are_quoted_for_the_shell(self) -> None:
        result = run(edges, services=[WORKER], subscriptions=[push("a;rm -rf $HOME%~+", endpoint=hashed("gone"))])

        action = only(result).action
        assert action is not None
        assert "'a;rm -rf $HOME%~+'" in (action.command or "")


class TestACallWithoutIdentity:
    NAMELESS = push("nameless", account="")

    def test_it_is_p0_where_the_service_checks_its_callers(self) -> None:
        result = run(
            edges,
            services=[WORKER],
            policies={"worker": granted()},
            subscriptions=[self.NAMELESS],
            jobs=[job("bare", account="")],
        )

        finding = only(result)
        assert (finding.subject, finding.severity, finding.code) == ("worker", Severity.P0, "no-identity")
        assert finding.action is not None
        push_config = f"--push-endpoint={hashed('worker')} --push-auth-service-account={ACCOUNT}"
        assert (finding.action.command or "").splitlines() == [
            f"gcloud pubsub subscriptions modify-push-config nameless {push_config} {HERE}",
            f"gcloud scheduler jobs update http bare --location=us-west2 --oidc-service-account-email={ACCOUNT} {HERE}",
        ]

    def test_a_secret_in_its_address_is_not_repeated(self) -> None:
        address = hashed("worker", "/push?token=hidden")
        result = run(
            edges, services=[WORKER], policies={"worker": granted()}, subscriptions=[push("a", "t", address, "")]
        )

        assert only(result).code == "no-identity"
        assert "hidden" not in repr(result)

    @pytest.mark.parametrize(
        ("policies", "project", "state"),
        [
            pytest.param({"worker": EVERYONE}, None, WORKER, id="its policy lets everyone in"),
            pytest.param({"worker": Policy(())}, EVERYONE, WORKER, id="the project's policy does"),
            pytest.param({"worker": fakes.down("Cloud Run")}, EVERYONE, WORKER, id="one policy suffices"),
            pytest.param(
                {"worker": granted()}, None, service("worker", invoker_check_disabled=True), id="it checks nobody"
            ),
        ],
    )
    def test_it_is_in_order_where_everyone_may_call(self, policies: Any, project: Any, state: Any) -> None:
        result = run(edges, services=[state], policies=policies, project=project, subscriptions=[self.NAMELESS])

        assert seen(result) == [("callers", Outcome.PASSED, None, "callers-in-order")]

    @pytest.mark.parametrize(
        ("policies", "project"),
        [
            pytest.param({"worker": fakes.down("Cloud Run")}, None, id="its policy"),
            pytest.param({"worker": granted()}, fakes.down("Resource Manager"), id="the project's policy"),
        ],
    )
    def test_it_is_unknown_where_a_policy_that_could_decide_is_out_of_reach(self, policies: Any, project: Any) -> None:
        result = run(edges, services=[WORKER], policies=policies, project=project, subscriptions=[self.NAMELESS])

        assert seen(result) == [("worker", Outcome.UNKNOWN, Severity.P0, "source-unavailable")]

    def test_no_policy_is_asked_for_when_every_call_has_an_identity(self) -> None:
        plane = fakes.FakeControlPlane({"worker": WORKER})

        run(edges, plane=plane, subscriptions=[push("a")])

        assert plane.asked == ["services"]


class TestATokenForAnotherAudience:
    OLD = "https://an-older-worker-xyzxyzxyzx-wl.a.run.app"

    def test_it_is_p0_and_the_command_gives_it_the_services_address(self) -> None:
        callers = [push("a", audience=self.OLD)], [job("b", audience=self.OLD)]

        finding = only(
            run(edges, services=[WORKER], policies={"worker": granted()}, subscriptions=callers[0], jobs=callers[1])
        )

        assert (finding.subject, finding.severity, finding.code) == ("worker", Severity.P0, "wrong-audience")
        assert finding.evidence["audience"] == self.OLD
        assert finding.action is not None
        address = hashed("worker")
        push_config = f"--push-endpoint={address} --push-auth-service-account={ACCOUNT}"
        token = f"--push-auth-token-audience={address}"
        scheduled = f"--location=us-west2 --oidc-service-account-email={ACCOUNT}"
        assert (finding.action.command or "").splitlines() == [
            f"gcloud pubsub subscriptions modify-push-config a {push_config} {token} {HERE}",
            f"gcloud scheduler jobs update http b {scheduled} --oidc-token-audience={address} {HERE}",
        ]

    @pytest.mark.parametrize(
        ("audience", "code"),
        [
            pytest.param("", "callers-in-order", id="none: the address that is called"),
            pytest.param(hashed("worker"), "callers-in-order", id="an address of the service"),
            pytest.param(numbered("worker", "/run"), "callers-in-order", id="another, with a path"),
            pytest.param("worker-of-our-own", "callers-in-order", id="one of its own choice"),
            pytest.param("another-of-our-own", "wrong-audience", id="the choice of nobody"),
            pytest.param(hashed("other"), "wrong-audience", id="another service of the project"),
            pytest.param(hashed("gone"), "wrong-audience", id="a service that is gone"),
            pytest.param("https://example.com", "wrong-audience", id="somebody else"),
        ],
    )
    def test_it_must_be_an_address_of_the_service_or_one_of_its_choice(self, audience: str, code: str) -> None:
        states = [service("worker", audiences=("worker-of-our-own",)), service("other")]

        result = run(edges, services=states, subscriptions=[push("a", audience=audience)])

        assert [each.code for each in result.findings] == [code]

    def test_it_does_not_matter_where_everyone_may_call(self) -> None:
        result = run(
            edges, services=[WORKER], policies={"worker": EVERYONE}, subscriptions=[push("a", audience=self.OLD)]
        )

        assert only(result).code == "callers-in-order"

    def test_beside_a_call_without_identity_both_are_said_in_one_finding(self) -> None:
        callers = [push("a", audience=self.OLD), push("b", account="")]

        finding = only(run(edges, services=[WORKER], policies={"worker": granted()}, subscriptions=callers))

        assert finding.code == "no-identity"
        assert self.OLD in finding.summary
        assert finding.action is not None
        assert len((finding.action.command or "").splitlines()) == 2

    def test_a_secret_in_it_is_not_repeated(self) -> None:
        secret = push("a", audience="https://example.com/?token=hidden")

        result = run(edges, services=[WORKER], policies={"worker": granted()}, subscriptions=[secret])

        assert only(result).code == "wrong-audience"
        assert "hidden" not in repr(result)


class TestASourceThatGivesNoAnswer:
    def test_the_other_kind_of_caller_is_still_judged(self) -> None:
        result = run(edges, services=[WORKER], subscriptions=DENIED, jobs=[job("a", hashed("gone")), job("b")])

        assert seen(result) == [
            ("callers from Pub/Sub", Outcome.UNKNOWN, Severity.P0, "source-unavailable"),
            ("gone", Outcome.FAILED, Severity.P1, "target-missing"),
            ("callers", Outcome.PASSED, None, "callers-in-order"),
        ]

    def test_without_the_services_nothing_is_claimed(self) -> None:
        result = run(edges, services=fakes.down("Cloud Run"), subscriptions=[push("a")], jobs=[job("b")])

        assert seen(result) == [("callers from Cloud Run", Outcome.UNKNOWN, Severity.P0, "source-unavailable")]

    def test_a_source_that_is_not_connected_is_said_too(self) -> None:
        world = fakes.ports(control_plane=fakes.FakeControlPlane({"worker": WORKER}))

        result = fakes.run_check(edges, pipeline(), world)

        assert [each.subject for each in result.findings] == ["callers from Pub/Sub", "callers from Cloud Scheduler"]


def test_a_run_for_some_phases_judges_their_services_only() -> None:
    transition = {"id": "a_to_b", "title": "a", "from": "phase3", "to": "phase4", "orchestrator": "gone"}
    described = pipeline(transitions=(Transition(**transition),), services=(ServiceSpec(name="other", phase="phase2"),))
    callers = [push("a", endpoint=hashed("gone")), push("b", endpoint=hashed("other"))]

    result = run(edges, services=[WORKER], subscriptions=callers, described=described, phases=frozenset({"phase4"}))

    assert [each.subject for each in result.findings] == ["gone"]


class TestAccountsThatNobodyDeclared:
    DECLARED = ServiceSpec(name="worker", callers=(f"serviceAccount:{ACCOUNT}",))

    def notes(self, spec: ServiceSpec, *accounts: str, allowed: Policy | SourceError) -> list[Finding]:
        subscriptions = [push(f"push-{number}", account=account) for number, account in enumerate(accounts)]
        result = run(
            edges,
            services=[WORKER],
            policies={"worker": allowed},
            subscriptions=subscriptions,
            described=pipeline(services=(spec,)),
        )
        return [each for each in result.findings if each.code == "undeclared-caller"]

    def test_one_that_can_call_is_noted_with_its_calls(self) -> None:
        (note,) = self.notes(self.DECLARED, ACCOUNT, "cron@example.com", allowed=granted(ACCOUNT, "cron@example.com"))

        assert (note.severity, note.evidence["accounts"]) == (Severity.P3, "cron@example.com")
        assert note.evidence["callers"] == "subscription push-1"

    @pytest.mark.parametrize(
        ("spec", "allowed"),
        [
            pytest.param(DECLARED, granted(ACCOUNT), id="it is refused, which is told elsewhere"),
            pytest.param(DECLARED, DENIED, id="nobody knows whether it can"),
            pytest.param(ServiceSpec(name="worker", callers=()), granted("cron@example.com"), id="nobody is declared"),
            pytest.param(
                ServiceSpec(name="worker", callers=("serviceAccount:Cron@Example.com",)),
                granted("cron@example.com"),
                id="it is declared",
            ),
        ],
    )
    def test_of_any_other_nothing_is_said(self, spec: ServiceSpec, allowed: Policy | SourceError) -> None:
        assert self.notes(spec, "cron@example.com", allowed=allowed) == []
