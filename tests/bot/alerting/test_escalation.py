"""Alerts that nobody reacts to: their owner is reminded, then others hear of it, once until somebody reacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerting.alerts import Observed, Reason, decide
from bot.alerting.clicks import acknowledged as acknowledge
from bot.alerting.clicks import released, taken_over
from bot.alerting.pages import PageAction, paged
from bot.store.model import Alert, AlertState
from checks.model import Severity
from checks.notifications import AlertPolicy, Escalation, Webhook
from tests.bot.alerting.test_alerts import MINUTE, NOW, alert, seen

POLICY = AlertPolicy(
    remind_minutes={},
    remind_owner_minutes={Severity.P0: 120},
    escalation=Escalation(after_minutes={Severity.P0: 30}, mention="S0000009", channel="C0000009"),
)
ANN, BOB = "U0000001", "U0000002"
PAGER = Webhook(name="boss", url_variable="REVEILLE_WEBHOOK_BOSS", escalated=True)


def open_p0() -> Alert:
    return replace(alert(severity=Severity.P0), opened_at=NOW, changed_at=NOW, notified_at=NOW)


def owned() -> Alert:
    taken = acknowledge(open_p0(), ANN, NOW)
    assert taken is not None
    return taken


def after(before: Alert, minutes: float, policy: AlertPolicy = POLICY, *, held: bool = False) -> tuple[Reason, Alert]:
    observation = replace(seen(Observed.UNSEEN), held=held)
    transition = decide(before, observation, NOW + minutes * MINUTE, policy)
    assert transition.alert is not None
    return transition.reason, transition.alert


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [(29.9, Reason.UNCHANGED), (30, Reason.ESCALATED), (500, Reason.ESCALATED)],
    ids=["before the limit", "at the limit", "long after"],
)
def test_what_nobody_acknowledges_is_escalated(minutes: float, reason: Reason) -> None:
    assert after(open_p0(), minutes)[0] is reason


def test_it_is_escalated_once_until_somebody_reacts() -> None:
    _, escalated = after(open_p0(), 30)
    taken = acknowledge(escalated, ANN, NOW + 40 * MINUTE)
    assert taken is not None
    given_back = released(taken, NOW + 50 * MINUTE)
    assert given_back is not None

    assert after(escalated, 500)[0] is Reason.UNCHANGED
    assert after(given_back, 79)[0] is Reason.UNCHANGED
    assert after(given_back, 80)[0] is Reason.ESCALATED


def test_the_owner_is_reminded_and_then_others_hear_of_it() -> None:
    assert after(owned(), 119)[0] is Reason.UNCHANGED
    reason, reminded = after(owned(), 120)

    assert reason is Reason.REMINDED
    assert after(reminded, 149)[0] is Reason.UNCHANGED
    assert after(reminded, 150)[0] is Reason.ESCALATED


def test_an_owner_who_does_something_is_not_passed_over() -> None:
    _, reminded = after(owned(), 120)
    moved = taken_over(reminded, BOB, NOW + 140 * MINUTE)
    assert moved is not None

    assert after(moved, 200)[0] is Reason.UNCHANGED


@pytest.mark.parametrize("policy", [AlertPolicy(remind_minutes={}, remind_owner_minutes={})])
def test_without_the_pipeline_file_saying_so_nobody_else_hears_of_it(policy: AlertPolicy) -> None:
    assert after(open_p0(), 10_000, policy)[0] is Reason.UNCHANGED
    assert after(owned(), 10_000, policy)[0] is Reason.UNCHANGED


def test_what_is_less_than_a_p0_waits_while_alerts_are_held() -> None:
    policy = AlertPolicy(remind_minutes={}, escalation=Escalation(after_minutes={Severity.P1: 30}))
    lesser = replace(open_p0(), severity=Severity.P1)

    assert after(lesser, 60, policy, held=True)[0] is Reason.UNCHANGED
    assert after(lesser, 60, policy)[0] is Reason.ESCALATED


def test_who_has_an_alert_takes_nothing_over_and_what_nobody_has_is_not_released() -> None:
    assert taken_over(owned(), ANN, NOW) is None
    assert released(open_p0(), NOW) is None
    moved = taken_over(owned(), BOB, NOW + MINUTE)
    assert moved is not None
    assert (moved.owner, moved.state) == (BOB, AlertState.ACKNOWLEDGED)


def test_a_webhook_for_what_is_escalated_hears_of_nothing_else() -> None:
    before = owned()
    _, escalated = after(after(before, 120)[1], 150)
    late = NOW + timedelta(hours=3)

    _, opened = paged(None, open_p0(), [PAGER], NOW, reason="opened", calls=True)
    told, events = paged(before, escalated, [PAGER], late, reason="escalated", calls=True)
    _, ended = paged(escalated, replace(told, escalated_at=None), [PAGER], late, reason="acknowledged", calls=False)

    assert opened == ()
    assert [each.body["event"]["action"] for each in events] == [PageAction.TRIGGER]
    assert [each.body["event"]["action"] for each in ended] == [PageAction.RESOLVE]
