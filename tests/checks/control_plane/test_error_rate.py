"""Services that answer with errors of their own; a few requests, and no figure, say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from checks.control_plane.error_rate import error_rate, judge
from checks.control_plane_spec import ErrorLimits, Invocations
from checks.model import CheckResult, Outcome, Severity
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from tests import fakes
from tests.checks.control_plane import estate
from tests.platform_fakes import FakeRequests, ports

LIMITS = ErrorLimits(hours=6, requests=20, watch=10, act=50)
P1, P2 = Severity.P1, Severity.P2


@pytest.mark.parametrize(
    ("answers", "code", "severity"),
    [
        pytest.param({}, "few-requests", None, id="no figure"),
        pytest.param({"5xx": 19}, "few-requests", None, id="too few"),
        pytest.param({"5xx": 20}, "every-request-fails", P1, id="just enough"),
        pytest.param({"2xx": 50, "5xx": 50}, "many-errors", P1, id="at the limit of act"),
        pytest.param({"2xx": 51, "5xx": 49}, "some-errors", P2, id="just under the limit of act"),
        pytest.param({"2xx": 90, "5xx": 10}, "some-errors", P2, id="at the limit of watch"),
        pytest.param({"2xx": 91, "5xx": 9}, "answers-well", None, id="just under the limit of watch"),
        pytest.param({"4xx": 100}, "answers-well", None, id="the callers' errors"),
    ],
)
def test_the_share_of_server_errors_decides(answers: Mapping[str, int], code: str, severity: Severity | None) -> None:
    assert judge(answers, LIMITS) == (code, severity)


def run(
    answers: Mapping[str, Mapping[str, int]] | SourceError,
    *,
    limits: ErrorLimits | None = LIMITS,
    optional: bool = False,
    requests: FakeRequests | None = None,
) -> CheckResult:
    world = fakes.ports(control_plane=fakes.FakeControlPlane({"worker": estate.service("worker")}))
    described = estate.pipeline(
        invocations=Invocations(errors=limits), services=(ServiceSpec(name="worker", optional=optional),)
    )
    return fakes.run_check(error_rate, described, ports(world, requests=requests or FakeRequests(answers=answers)))


def seen(result: CheckResult) -> list[tuple[str, str, Outcome, Severity | None]]:
    return [(each.code, each.subject, each.outcome, each.severity) for each in result.findings]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"5xx": 74}, ("every-request-fails", "worker", Outcome.FAILED, P1), id="it crashes"),
        pytest.param({"2xx": 74}, ("answers-well", "services", Outcome.PASSED, None), id="it answers"),
        pytest.param({}, ("few-requests", "services", Outcome.SKIPPED, None), id="no figure"),
    ],
)
def test_each_service_is_judged_by_its_own_answers(
    answers: Mapping[str, int], expected: tuple[str, str, Outcome, Severity | None]
) -> None:
    assert seen(run({"worker": answers, "nobody-s": {"5xx": 900}})) == [expected]


def test_the_facts_say_how_many_failed() -> None:
    facts = run({"worker": {"2xx": 100, "5xx": 300}}).worst.evidence

    assert (facts["requests"], facts["server_errors"], facts["share_percent"]) == (400, 300, 75.0)


def test_an_optional_service_may_fail() -> None:
    assert seen(run({"worker": {"5xx": 74}}, optional=True))[0][0] == "optional-service"


def test_a_source_that_is_down_costs_a_p2() -> None:
    assert seen(run(fakes.down())) == [("source-unavailable", "answers", Outcome.UNKNOWN, P2)]


def test_without_limits_nothing_is_judged_or_asked() -> None:
    requests = FakeRequests()

    assert run({}, limits=None, requests=requests).worst.code == "not-configured"
    assert requests.windows == []


def test_one_question_covers_the_hours_that_can_be_read() -> None:
    requests = FakeRequests(answers={})

    run({}, requests=requests)

    until = fakes.MORNING.replace(second=0, microsecond=0) - timedelta(minutes=4)
    assert requests.windows == [(until - timedelta(hours=6), until)]
