from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from checks.control_plane.grants import INVOKER
from checks.control_plane.invoker import invoker
from checks.model import Finding, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline
from checks.ports.policies import Binding, Policy
from checks.ports.services import Service
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes

NAME = "phase3-to-phase4-orchestrator"
CALLER = "serviceAccount:invoker@example.com"
DEPLOYED = datetime(2026, 2, 10, 7, 13, tzinfo=UTC)
DENIED = SourceError("Cloud Run", Problem.DENIED, "run.services.getIamPolicy is missing")
PROJECT_DENIED = SourceError("Resource Manager", Problem.DENIED, "resourcemanager.projects.getIamPolicy is missing")


def service(name: str = NAME, **changes: Any) -> Service:
    described: dict[str, Any] = {
        "name": name,
        "ready": True,
        "latest_created_revision": f"{name}-00042",
        "latest_ready_revision": f"{name}-00042",
        "traffic": {f"{name}-00042": 100},
        "deployed_at": DEPLOYED,
        "deployed_by": "builder@example.com",
    }
    return Service(**{**described, **changes})


def granted(*members: str, role: str = INVOKER, condition: str = "") -> Policy:
    return Policy((Binding(role, frozenset(members), condition),))


def described(*specs: ServiceSpec) -> Pipeline:
    transition = {"id": "phase3_to_phase4", "title": "3→4", "from": "phase3", "to": "phase4", "orchestrator": NAME}
    return fakes.pipeline(transitions=(Transition(**transition),), services=specs or (ServiceSpec(name=NAME),))


def judged(
    policy: Policy | SourceError | None,
    project: Policy | SourceError | None = None,
    state: Service | SourceError | None = service(),  # noqa: B008 - frozen
    spec: ServiceSpec = ServiceSpec(name=NAME),  # noqa: B008 - frozen
) -> Finding:
    policies = {} if policy is None else {spec.name: policy}
    services = {} if state is None else {spec.name: state}
    world = fakes.ports(control_plane=fakes.FakeControlPlane(services, policies, project))
    (finding,) = fakes.run_check(invoker, described(spec), world).findings
    return finding


def test_a_caller_in_the_policy_passes() -> None:
    finding = judged(granted(CALLER))

    assert (finding.outcome, finding.code, finding.subject) == (Outcome.PASSED, "caller-allowed", NAME)


def test_a_lost_binding_is_p0_with_the_deploy_as_evidence_and_the_command_that_repairs_it() -> None:
    finding = judged(Policy(()))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.FAILED, Severity.P0, "caller-refused")
    assert finding.phase == "phase4"
    assert finding.evidence["caller"] == CALLER
    assert finding.evidence["revision"] == f"{NAME}-00042"
    assert finding.evidence["deployed_at"] == DEPLOYED
    assert finding.evidence["deployed_by"] == "builder@example.com"
    assert finding.action is not None
    assert finding.action.command == (
        f"gcloud run services add-iam-policy-binding {NAME} --region=us-west2 --project=example-project"
        f" --member={CALLER} --role=roles/run.invoker"
    )
    assert finding.action.repair == f"grant-invoker:{NAME}"
    assert (
        finding.link == f"https://console.cloud.google.com/run/detail/us-west2/{NAME}/security?project=example-project"
    )


@pytest.mark.parametrize(
    ("policy", "outcome", "severity", "code"),
    [
        pytest.param(
            granted(CALLER, condition="false"), Outcome.FAILED, Severity.P0, "conditional-grant", id="a condition"
        ),
        pytest.param(
            granted(f"deleted:{CALLER}?uid=1"), Outcome.FAILED, Severity.P0, "deleted-member", id="a deleted account"
        ),
        pytest.param(granted("group:all@example.com"), Outcome.UNKNOWN, Severity.P0, "undecidable-grant", id="a group"),
        pytest.param(granted("allUsers"), Outcome.FAILED, Severity.P3, "public", id="everyone"),
    ],
)
def test_a_grant_that_is_none_or_too_much_is_named(
    policy: Policy, outcome: Outcome, severity: Severity, code: str
) -> None:
    finding = judged(policy)

    assert (finding.outcome, finding.severity, finding.code) == (outcome, severity, code)


def test_a_policy_with_conditions_gets_a_command_that_gcloud_accepts() -> None:
    finding = judged(granted(CALLER, condition="false"))

    assert finding.action is not None
    assert (finding.action.command or "").endswith("--role=roles/run.invoker --condition=None")


def test_a_bare_address_becomes_a_member_in_the_command() -> None:
    finding = judged(Policy(()), spec=ServiceSpec(name=NAME, callers=("job@example.com",)))

    assert finding.action is not None
    assert "--member=serviceAccount:job@example.com " in (finding.action.command or "")


def test_a_grant_on_the_project_is_inherited() -> None:
    finding = judged(Policy(()), granted(CALLER, role="roles/editor"))

    assert (finding.outcome, finding.code) == (Outcome.PASSED, "inherited-grant")


def test_a_service_that_checks_nobody_is_a_note() -> None:
    finding = judged(Policy(()), state=service(invoker_check_disabled=True))

    assert (finding.outcome, finding.severity, finding.code) == (Outcome.FAILED, Severity.P3, "check-disabled")


class TestWhatCannotBeLookedAt:
    def test_a_project_policy_out_of_reach_does_not_matter_where_the_service_decides(self) -> None:
        assert judged(granted(CALLER), PROJECT_DENIED).code == "caller-allowed"

    @pytest.mark.parametrize("policy", [Policy(()), granted(CALLER, condition="x"), granted("group:a@example.com")])
    def test_a_project_policy_out_of_reach_is_unknown_where_it_could_decide(self, policy: Policy) -> None:
        finding = judged(policy, PROJECT_DENIED)

        assert (finding.outcome, finding.severity) == (Outcome.UNKNOWN, Severity.P0)
        assert finding.code == "source-unavailable"
        assert finding.evidence["source"] == "Resource Manager"
        assert finding.evidence["caller"] == CALLER

    def test_a_service_policy_out_of_reach_is_unknown(self) -> None:
        finding = judged(DENIED)

        assert (finding.outcome, finding.severity, finding.code) == (Outcome.UNKNOWN, Severity.P0, "source-unavailable")
        assert finding.evidence["source"] == "Cloud Run"

    def test_a_service_policy_out_of_reach_does_not_matter_where_the_project_grants(self) -> None:
        assert judged(DENIED, granted(CALLER, role="roles/owner")).code == "inherited-grant"

    def test_a_service_out_of_reach_costs_its_evidence_and_not_its_finding(self) -> None:
        finding = judged(Policy(()), state=fakes.down("Cloud Run"))

        assert (finding.code, finding.severity) == ("caller-refused", Severity.P0)
        assert "revision" not in finding.evidence

    def test_one_service_out_of_reach_leaves_the_others_judged(self) -> None:
        specs = (ServiceSpec(name="first"), ServiceSpec(name="second"))
        world = fakes.ports(
            control_plane=fakes.FakeControlPlane(
                {"first": service("first"), "second": service("second")}, {"first": DENIED, "second": granted(CALLER)}
            )
        )

        result = fakes.run_check(invoker, described(*specs), world)

        assert [each.code for each in result.findings] == ["source-unavailable", "caller-allowed"]


class TestAServiceThatDoesNotExist:
    def test_it_is_p0(self) -> None:
        finding = judged(None, state=None)

        assert (finding.outcome, finding.severity, finding.code) == (Outcome.FAILED, Severity.P0, "service-missing")

    def test_a_policy_that_outlived_it_changes_nothing(self) -> None:
        assert judged(granted(CALLER), state=None).code == "service-missing"

    def test_its_policy_says_so_too(self) -> None:
        assert judged(None, state=fakes.down("Cloud Run")).code == "service-missing"


class TestAnOptionalService:
    SPEC = ServiceSpec(name="phase2-to-phase3-orchestrator", optional=True)

    def judged(self, policy: Policy | SourceError | None, state: Service | SourceError | None) -> Finding:
        return judged(policy, state=state, spec=self.SPEC)

    def test_it_passes_where_it_can_be_called(self) -> None:
        assert self.judged(granted(CALLER), service(self.SPEC.name)).outcome is Outcome.PASSED

    @pytest.mark.parametrize(
        ("policy", "state", "found"),
        [
            pytest.param(None, None, "service-missing", id="missing"),
            pytest.param(Policy(()), service(SPEC.name), "caller-refused", id="closed"),
            pytest.param(granted("allUsers"), service(SPEC.name), "public", id="open"),
            pytest.param(DENIED, fakes.down("Cloud Run"), "source-unavailable", id="out of reach"),
        ],
    )
    def test_it_never_fails(
        self, policy: Policy | SourceError | None, state: Service | SourceError | None, found: str
    ) -> None:
        finding = self.judged(policy, state)

        assert (finding.outcome, finding.severity, finding.code) == (Outcome.SKIPPED, None, "optional-service")
        assert finding.evidence["former_code"] == found


class TestSeveralCallers:
    SPEC = ServiceSpec(name=NAME, callers=(CALLER, "serviceAccount:job@example.com", "serviceAccount:cron@example.com"))

    def test_all_of_them_must_be_able_to_call(self) -> None:
        assert judged(granted(*self.SPEC.callers or ()), spec=self.SPEC).code == "caller-allowed"

    def test_one_finding_names_those_who_cannot_and_has_a_command_for_each(self) -> None:
        finding = judged(granted(CALLER), spec=self.SPEC)

        assert finding.code == "caller-refused"
        assert finding.evidence["caller"] == "serviceAccount:job@example.com, serviceAccount:cron@example.com"
        assert finding.action is not None
        assert [line.split("--member=")[1].split()[0] for line in (finding.action.command or "").splitlines()] == [
            "serviceAccount:job@example.com",
            "serviceAccount:cron@example.com",
        ]

    def test_a_refusal_goes_before_what_cannot_be_told(self) -> None:
        policy = Policy((Binding(INVOKER, frozenset({CALLER, "serviceAccount:job@example.com"}), "x"),))
        spec = ServiceSpec(name=NAME, callers=(CALLER, "user:operator@example.com"))

        assert judged(policy, spec=spec).severity is Severity.P0
        assert judged(policy, spec=spec).code == "conditional-grant"

    def test_a_service_that_nobody_must_call_is_skipped(self) -> None:
        finding = judged(Policy(()), spec=ServiceSpec(name=NAME, callers=()))

        assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")


def test_a_pipeline_without_services_has_nothing_to_check_and_asks_nothing() -> None:
    plane = fakes.FakeControlPlane()

    result = fakes.run_check(invoker, fakes.pipeline(), fakes.ports(control_plane=plane))

    assert [(each.outcome, each.code) for each in result.findings] == [(Outcome.SKIPPED, "not-configured")]
    assert plane.asked == []


def test_project_and_services_are_asked_once_and_each_policy_once() -> None:
    names = [f"service-{number}" for number in range(5)]
    plane = fakes.FakeControlPlane({name: service(name) for name in names}, dict.fromkeys(names, Policy(())))

    fakes.run_check(invoker, described(*(ServiceSpec(name=name) for name in names)), fakes.ports(control_plane=plane))

    assert sorted(plane.asked) == [*(f"policy {name}" for name in names), "project policy", "services"]


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (granted("serviceAccount:other@example.com"), "roles/run.invoker is granted to others only"),
        (granted(CALLER, role="roles/run.viewer"), "no binding grants roles/run.invoker"),
        (Policy(()), "the policy of the service is empty"),
    ],
)
def test_a_refusal_says_what_the_policy_lacks(policy: Policy, why: str) -> None:
    assert why in judged(policy).summary
