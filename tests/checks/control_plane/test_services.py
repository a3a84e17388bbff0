"""The four checks that judge what Cloud Run says of a service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from checks.control_plane.service_environment import service_environment
from checks.control_plane.service_instances import service_instances
from checks.control_plane.service_ready import service_ready
from checks.control_plane.service_traffic import service_traffic
from checks.model import CheckResult, Finding, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.ports.services import SECRET, Service
from checks.registry import Check
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from tests import fakes
from tests.checks.control_plane import estate

NAME = "prediction-worker"
ORCHESTRATOR = "phase3-to-phase4-orchestrator"
WATCHER = "phase2-to-phase3-orchestrator"
NEW, OLD = "worker-00042", "worker-00041"

TRANSITIONS = tuple(
    Transition(
        **{
            "id": f"phase{number}_to_phase{number + 1}",
            "title": f"{number}→{number + 1}",
            "from": f"phase{number}",
            "to": f"phase{number + 1}",
            "orchestrator": name,
            "monitoring_only": name == WATCHER,
        }
    )
    for number, name in ((2, WATCHER), (3, ORCHESTRATOR))
)
FULL = ServiceSpec(name=NAME, phase="phase5", minimum_instances=1, environment=("MODEL", "TOPIC"))
ALL = (service_ready, service_traffic, service_instances, service_environment)


def service(**changes: Any) -> Service:
    described: dict[str, Any] = {
        "name": NAME,
        "ready": True,
        "latest_created_revision": NEW,
        "latest_ready_revision": NEW,
        "traffic": {NEW: 100},
        "minimum_instances": 1,
        "environment": {"MODEL": "model.cbm", "TOPIC": SECRET},
        "deployed_at": fakes.MORNING - timedelta(hours=6),
        "deployed_by": "builder@example.com",
    }
    return Service(**{**described, **changes})


def run(
    check: Check, *specs: ServiceSpec, states: Mapping[str, Service | SourceError] = MappingProxyType({})
) -> CheckResult:
    described = fakes.pipeline(transitions=TRANSITIONS, services=specs)
    return fakes.run_check(check, described, fakes.ports(control_plane=fakes.FakeControlPlane(states)))


def judged(check: Check, state: Service | SourceError | None, spec: ServiceSpec = FULL) -> Finding:
    result = run(check, spec, states={spec.name: state} if state is not None else {})
    (finding,) = result.findings
    return finding


def seen(finding: Finding) -> tuple[Outcome, Severity | None, str]:
    return finding.outcome, finding.severity, finding.code


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
class TestEachOfThem:
    def test_passes_on_a_service_in_order(self, check: Check) -> None:
        finding = judged(check, service())

        assert finding.outcome is Outcome.PASSED
        assert finding.code in check.codes
        assert (finding.subject, finding.phase) == (NAME, "phase5")

    def test_says_that_a_service_does_not_exist(self, check: Check) -> None:
        finding = judged(check, None)

        assert (finding.outcome, finding.code) == (Outcome.FAILED, "service-missing")

    def test_cannot_tell_when_cloud_run_is_down(self, check: Check) -> None:
        finding = judged(check, fakes.down("Cloud Run"))

        assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, "source-unavailable")
        assert finding.evidence["source"] == "Cloud Run"

    def test_says_of_each_service_that_it_cannot_tell(self, check: Check) -> None:
        other = FULL.model_copy(update={"name": "other"})

        result = run(check, FULL, other, states={NAME: fakes.down("Cloud Run"), "other": service(name="other")})

        assert [(each.subject, each.outcome) for each in result.findings] == [
            (NAME, Outcome.UNKNOWN),
            ("other", Outcome.UNKNOWN),
        ]

    def test_never_fails_for_an_optional_service(self, check: Check) -> None:
        optional = FULL.model_copy(update={"optional": True})

        assert seen(judged(check, None, optional)) == (Outcome.SKIPPED, None, "optional-service")
        assert seen(judged(check, fakes.down("Cloud Run"), optional)) == (Outcome.SKIPPED, None, "optional-service")

    def test_has_nothing_to_check_without_services(self, check: Check) -> None:
        assert [each.code for each in run(check).findings] == ["not-configured"]


def test_all_of_them_share_one_question() -> None:
    plane = fakes.FakeControlPlane({NAME: service()})
    context = fakes.context(fakes.pipeline(services=(FULL,)), fakes.ports(control_plane=plane))

    for check in ALL:
        assert len(list(check.run(context))) == 1

    assert plane.asked == ["services"]


class TestReady:
    def test_a_service_that_is_not_ready_is_p1_and_says_why(self) -> None:
        finding = judged(service_ready, service(ready=False, reason="Container failed to start."))

        assert seen(finding) == (Outcome.FAILED, Severity.P1, "not-ready")
        assert finding.evidence["reason"] == "Container failed to start."

    @pytest.mark.parametrize(
        ("state", "code"), [(service(name=ORCHESTRATOR, ready=False), "not-ready"), (None, "service-missing")]
    )
    def test_an_orchestrator_is_p0(self, state: Service | None, code: str) -> None:
        finding = judged(service_ready, state, ServiceSpec(name=ORCHESTRATOR))

        assert seen(finding) == (Outcome.FAILED, Severity.P0, code)
        assert finding.phase == "phase4"

    def test_an_orchestrator_that_only_watches_is_p1(self) -> None:
        assert judged(service_ready, service(ready=False), ServiceSpec(name=WATCHER)).severity is Severity.P1

    @pytest.mark.parametrize(
        ("minutes", "outcome", "code"),
        [
            pytest.param(1, Outcome.WAITING, "reconciling", id="just begun"),
            pytest.param(30, Outcome.WAITING, "reconciling", id="at the limit"),
            pytest.param(31, Outcome.FAILED, "stuck-reconciling", id="just past it"),
        ],
    )
    def test_a_change_under_way_is_waited_for_but_not_for_ever(self, minutes: int, outcome: Outcome, code: str) -> None:
        began = fakes.MORNING - timedelta(minutes=minutes)

        finding = judged(service_ready, service(ready=False, reconciling=True, deployed_at=began))

        assert (finding.outcome, finding.code) == (outcome, code)

    def test_a_change_whose_beginning_is_not_known_is_waited_for(self) -> None:
        finding = judged(service_ready, service(ready=False, reconciling=True, deployed_at=None))

        assert finding.outcome is Outcome.WAITING


class TestTraffic:
    @pytest.mark.parametrize(
        "state",
        [
            pytest.param(service(traffic={OLD: 100}), id="all on the old one"),
            pytest.param(service(traffic={NEW: 99, OLD: 1}), id="one percent on the old one"),
            pytest.param(service(traffic={}), id="none anywhere"),
            pytest.param(service(latest_ready_revision=OLD), id="all on a new one that is not ready"),
            pytest.param(service(latest_ready_revision=OLD, traffic={OLD: 100}), id="the new one never became ready"),
            pytest.param(
                service(latest_created_revision="", latest_ready_revision="", traffic={"": 100}), id="no names"
            ),
        ],
    )
    def test_anything_but_the_latest_serving_all_is_p1(self, state: Service) -> None:
        assert seen(judged(service_traffic, state)) == (Outcome.FAILED, Severity.P1, "stale-revision")

    def test_the_finding_names_revisions_and_shares_and_repairs_it(self) -> None:
        finding = judged(service_traffic, service(traffic={OLD: 90, NEW: 10, "worker-00001": 0}))

        assert finding.evidence["traffic"] == f"{OLD} 90 %, {NEW} 10 %"
        assert finding.evidence["latest_created"] == NEW
        assert finding.action is not None
        assert finding.action.command == (
            f"gcloud run services update-traffic {NAME} --region=us-west2 --project=example-project --to-latest"
        )
        assert finding.action.repair == f"route-to-latest:{NAME}"

    def test_routing_is_not_offered_where_it_would_change_nothing(self) -> None:
        finding = judged(service_traffic, service(latest_ready_revision=OLD, traffic={OLD: 100}))

        assert finding.action is not None
        assert finding.action.repair is None

    def test_a_tagged_revision_without_traffic_does_no_harm(self) -> None:
        assert judged(service_traffic, service(traffic={NEW: 100, OLD: 0})).outcome is Outcome.PASSED

    def test_while_a_change_is_under_way_traffic_may_move(self) -> None:
        finding = judged(service_traffic, service(reconciling=True, traffic={OLD: 100}))

        assert seen(finding) == (Outcome.WAITING, None, "rolling-out")


class TestInstances:
    @pytest.mark.parametrize(
        ("kept", "outcome"),
        [
            pytest.param(0, Outcome.FAILED, id="none"),
            pytest.param(1, Outcome.FAILED, id="just below"),
            pytest.param(2, Outcome.PASSED, id="as declared"),
            pytest.param(3, Outcome.PASSED, id="more"),
        ],
    )
    def test_fewer_than_declared_is_p2(self, kept: int, outcome: Outcome) -> None:
        spec = ServiceSpec(name=NAME, minimum_instances=2)

        finding = judged(service_instances, service(minimum_instances=kept), spec)

        assert finding.outcome is outcome
        assert finding.severity is (Severity.P2 if outcome is Outcome.FAILED else None)

    def test_only_services_with_a_declared_number_are_judged(self) -> None:
        assert [each.code for each in run(service_instances, ServiceSpec(name=NAME)).findings] == ["not-configured"]


class TestEnvironment:
    @pytest.mark.parametrize(
        ("environment", "code", "missing", "empty"),
        [
            pytest.param({"TOPIC": "t"}, "variable-missing", "MODEL", "", id="missing"),
            pytest.param({}, "variable-missing", "MODEL, TOPIC", "", id="all missing"),
            pytest.param({"MODEL": "", "TOPIC": "t"}, "variable-empty", "", "MODEL", id="empty"),
            pytest.param({"MODEL": " \n", "TOPIC": "t"}, "variable-empty", "", "MODEL", id="blank"),
            pytest.param({"MODEL": ""}, "variable-missing", "TOPIC", "MODEL", id="one of each"),
        ],
    )
    def test_a_variable_that_is_missing_or_empty_is_p1(
        self, environment: dict[str, str], code: str, missing: str, empty: str
    ) -> None:
        finding = judged(service_environment, service(environment=environment))

        assert seen(finding) == (Outcome.FAILED, Severity.P1, code)
        assert (finding.evidence["missing"], finding.evidence["empty"]) == (missing, empty)

    def test_the_repair_leaves_other_variables_alone(self) -> None:
        finding = judged(service_environment, service(environment={"TOPIC": "t"}))

        assert finding.action is not None
        assert (finding.action.command or "").endswith("--update-env-vars=MODEL=VALUE")

    def test_no_value_is_ever_shown(self) -> None:
        finding = judged(service_environment, service(environment={"TOPIC": "hush-hush", "OTHER": "hush-hush"}))

        assert "hush-hush" not in repr(finding)

    def test_only_services_that_require_variables_are_judged(self) -> None:
        assert [each.code for each in run(service_environment, ServiceSpec(name=NAME)).findings] == ["not-configured"]


class TestAServiceThatIsKnownFromItsCallersAlone:
    @pytest.mark.parametrize(
        ("check", "changes", "code"),
        [
            pytest.param(service_ready, {"ready": False}, "not-ready", id="that is not ready"),
            pytest.param(service_traffic, {"traffic": {"worker-1": 100}}, "stale-revision", id="that serves old code"),
        ],
    )
    @pytest.mark.parametrize(
        "callers",
        [{"subscriptions": [estate.push("a")]}, {"jobs": [estate.job("a")]}],
        ids=["a subscription", "a job"],
    )
    def test_it_is_judged_like_a_listed_one(self, check: Any, changes: Any, code: str, callers: Any) -> None:
        result = estate.run(check, services=[estate.service("worker", **changes)], **callers)

        assert [(each.subject, each.code, each.severity) for each in result.findings] == [("worker", code, Severity.P1)]

    @pytest.mark.parametrize("check", [service_ready, service_traffic])
    def test_without_the_callers_it_is_said_that_more_may_have_been_judged(self, check: Any) -> None:
        described = estate.pipeline(services=(ServiceSpec(name="worker"),))

        result = estate.run(
            check, services=[estate.service("worker")], subscriptions=fakes.down("Pub/Sub"), described=described
        )

        assert [(each.subject, each.outcome) for each in result.findings] == [
            ("worker", Outcome.PASSED),
            ("callers from Pub/Sub", Outcome.UNKNOWN),
        ]
