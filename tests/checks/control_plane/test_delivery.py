"""Messages that wait, that are refused and that are given up; what has no figure proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.delivery import Figures, delivery, judge
from checks.control_plane_spec import DeliveryLimits, Messaging
from checks.model import CheckResult, Outcome, Severity
from checks.ports.requests import SubscriptionFigure as Figure
from checks.services_spec import ServiceSpec
from tests import fakes
from tests.checks.control_plane import estate
from tests.platform_fakes import FakeRequests, ports

LIMITS = DeliveryLimits(minutes=60, few=3, watch=15, act=60)
P1, P2, P3 = Severity.P1, Severity.P2, Severity.P3


@pytest.mark.parametrize(
    ("figures", "code", "severity"),
    [
        pytest.param(Figures(), "no-figures", None, id="no figure"),
        pytest.param(Figures(undelivered=0), "delivered", None, id="nothing waits"),
        pytest.param(Figures(answers={"remote_server_4xx": 2}), "delivered", None, id="too few pushes"),
        pytest.param(Figures(answers={"remote_server_4xx": 3}), "refused", P1, id="enough pushes refused"),
        pytest.param(Figures(answers={"remote_server_5xx": 9}), "failing", P1, id="a crash"),
        pytest.param(Figures(answers={"unreachable": 5, "remote_server_4xx": 4}), "failing", P1, id="mostly no answer"),
        pytest.param(Figures(answers={"ack": 1, "remote_server_4xx": 9}), "often-failing", P2, id="one got through"),
        pytest.param(Figures(answers={"ack": 5, "remote_server_5xx": 5}), "often-failing", P2, id="half fail"),
        pytest.param(Figures(answers={"ack": 6, "remote_server_5xx": 5}), "delivered", None, id="less than half fail"),
        pytest.param(Figures(answers={"ack": 1, "deadline_exceeded": 2}), "delivered", None, id="a few fail"),
        pytest.param(Figures(oldest=15 * 60 - 1), "delivered", None, id="just under the limit of watch"),
        pytest.param(Figures(oldest=15 * 60), "backlog-grows", P2, id="at the limit of watch"),
        pytest.param(Figures(oldest=60 * 60 - 1), "backlog-grows", P2, id="just under the limit of act"),
        pytest.param(Figures(oldest=60 * 60), "backlog", P1, id="at the limit of act"),
        pytest.param(Figures(oldest=7200, undelivered=9, answers={"ack": 9}), "backlog", P1, id="slower than needed"),
        pytest.param(Figures(oldest=7200, undelivered=1, answers={"ack": 9}), "message-stuck", P2, id="one is stuck"),
        pytest.param(Figures(answers={"ack": 9}, dead_letters=1), "dead-letters", P2, id="given up"),
        pytest.param(Figures(answers={"ack": 9}, dead_letters=0), "delivered", None, id="none given up"),
    ],
)
def test_the_worst_of_the_figures_decides(figures: Figures, code: str, severity: Severity | None) -> None:
    assert judge(figures, LIMITS) == (code, severity)


ANSWERS = st.dictionaries(st.sampled_from(["ack", "remote_server_4xx", "remote_server_5xx"]), st.integers(0, 500))


@given(ANSWERS, st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_older_message_is_never_quieter(answers: Mapping[str, int], age: int, more: int) -> None:
    _, younger = judge(Figures(oldest=age, undelivered=10_000, answers=answers), LIMITS)
    _, older = judge(Figures(oldest=age + more, undelivered=10_000, answers=answers), LIMITS)

    assert (Severity.P3 if older is None else older) <= (Severity.P3 if younger is None else younger)


def run(
    requests: FakeRequests | None, *, limits: DeliveryLimits | None = LIMITS, optional: bool = False
) -> CheckResult:
    """Judge a subscription that the file expects, one of a topic that it does not name, and one for dead letters."""
    listening = [
        estate.push("orders-sub"),
        estate.push("other-sub", topic="unnamed"),
        estate.push("dead-sub", topic="orders-dlq"),
    ]
    world = fakes.ports(
        control_plane=fakes.FakeControlPlane({"worker": estate.service("worker")}),
        messaging=fakes.FakeMessaging(listening),
    )
    described = estate.pipeline(
        messaging=Messaging(topics={"orders": 1}, delivery=limits),
        services=(ServiceSpec(name="worker", optional=optional),),
    )
    return fakes.run_check(delivery, described, ports(world, requests=requests))


def seen(result: CheckResult) -> list[tuple[str, str, Outcome, Severity | None]]:
    return [(each.code, each.subject, each.outcome, each.severity) for each in result.findings]


def test_refused_pushes_name_the_subscription_the_service_and_who_calls() -> None:
    result = run(FakeRequests(pushes={"orders-sub": {"remote_server_4xx": 322}}))

    assert seen(result) == [("refused", "orders-sub", Outcome.FAILED, P1)]
    (finding,) = result.findings
    assert str(finding.place) == "subscription:orders-sub"
    facts = finding.evidence
    assert (facts["service"], facts["account"], facts["refused"]) == ("worker", estate.ACCOUNT, 322)
    assert finding.action is not None
    assert str(finding.action.commands[0]).startswith("gcloud run services get-iam-policy worker")


def test_messages_that_arrive_pass_together() -> None:
    result = run(FakeRequests(figures={Figure.OLDEST: {"orders-sub": 3}}))

    assert seen(result) == [("delivered", "subscriptions", Outcome.PASSED, None)]


def test_without_a_figure_nothing_is_proved() -> None:
    assert seen(run(FakeRequests())) == [("no-figures", "subscriptions", Outcome.SKIPPED, None)]


@pytest.mark.parametrize("name", ["other-sub", "dead-sub"])
def test_a_backlog_that_nobody_needs_is_a_note(name: str) -> None:
    result = run(FakeRequests(figures={Figure.OLDEST: {name: 90_000, "orders-sub": 1}}))

    assert seen(result) == [
        ("backlog-elsewhere", name, Outcome.FAILED, P3),
        ("delivered", "subscriptions", Outcome.PASSED, None),
    ]


def test_an_optional_service_may_refuse() -> None:
    result = run(FakeRequests(pushes={"orders-sub": {"remote_server_4xx": 322}}), optional=True)

    assert seen(result) == [("optional-service", "orders-sub", Outcome.SKIPPED, None)]


def test_a_source_that_is_down_costs_a_p2() -> None:
    result = run(FakeRequests(figures=fakes.down()))

    assert seen(result) == [("source-unavailable", "deliveries", Outcome.UNKNOWN, P2)]


@pytest.mark.parametrize(("limits", "connected"), [(None, True), (LIMITS, False)], ids=["no section", "no source"])
def test_what_is_not_configured_is_not_judged(limits: DeliveryLimits | None, connected: bool) -> None:
    result = run(FakeRequests() if connected else None, limits=limits)

    assert seen(result) == [("not-configured", "subscriptions", Outcome.SKIPPED, None)]


def test_the_windows_end_when_figures_can_be_read() -> None:
    requests = FakeRequests()

    run(requests)

    until = fakes.MORNING.replace(second=0, microsecond=0) - timedelta(minutes=4)
    assert set(requests.windows) == {(until - timedelta(minutes=10), until), (until - timedelta(minutes=60), until)}
    assert len(requests.windows) == 4
