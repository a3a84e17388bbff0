"""An alert in every state, and everything that its thread can hear, made by the decisions themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.alerting.alerts import Observation, Observed, Transition, decide
from bot.alerting.clicks import acknowledged, snoozed
from bot.alerting.incident import members_of
from bot.alerting.observations import observe
from bot.alerting.recheck import RecheckResult
from bot.render.alert import AlertMessages
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, SnoozeUntil
from checks.model import Cause, FindingKey, Report, Severity
from checks.notifications import AlertPolicy, Escalation
from tests.advice import advised
from tests.bot.alerting.incident_reports import (
    NOTIFICATIONS,
    PIPELINE,
    TRIGGER,
    blind,
    failed,
    flag,
    only,
    refused,
    report_of,
    with_findings,
)
from tests.bot.render.reports import HOSTILE, NOW, ORCHESTRATORS, grant, healthy
from tests.fakes import NIGHT, day

MINUTE = timedelta(minutes=1)
WRITER = AlertMessages(PIPELINE)
USER = "U0000001"
Body = dict[str, Any]


def lost(*names: str) -> Report:
    """The orchestrators lost their invoker; the data arrived all the same."""
    findings, cause = refused(*names)
    action = advised(text="Grant the permission again.", command="\n".join(grant(name) for name in names))
    return report_of(findings, [replace(cause, action=action)])


def ungraded(severity: Severity = Severity.P2) -> Report:
    action = advised(text="Run the grading job once more.", command="gcloud scheduler jobs run grading-daily")
    summary = "catboost_v8: 71 % of 90 gradable predictions are graded, 80 % are expected."
    return report_of(
        with_findings(
            "grading",
            failed(
                "partly-graded",
                "catboost_v8",
                summary,
                severity,
                impact="The hit rate is judged on a part.",
                action=action,
            ),
        )
    )


def wrong_flags() -> Report:
    flags = [flag(), flag(subject="phase4_to_phase5")]
    cause = Cause(
        code="broken-flag",
        subject=TRIGGER,
        sentence="The flags of 2 transitions are wrong, not the pipeline: the data of 10 Feb is there.",
        severity=Severity.P3,
        phase="phase4",
        explains=tuple(FindingKey("trigger", each.subject, NIGHT.name) for each in flags),
    )
    return report_of(with_findings("trigger", *flags), [cause])


def many(number: int) -> Report:
    return report_of(
        with_findings(
            "grading",
            *(
                failed("ungraded", f"system_{n:02}", f"system_{n:02} has no grades.", Severity.P1)
                for n in range(number)
            ),
        )
    )


def hostile() -> Report:
    return report_of(
        with_findings(
            "grading",
            failed(
                "a-code",
                HOSTILE,
                f"{HOSTILE} " + "x" * 5_000,
                Severity.P0,
                impact=HOSTILE * 20,
                action=advised(text=HOSTILE, command=f"echo {HOSTILE}\n" * 200),
                link="https://evil.example|<!channel>",
            ),
        )
    )


def follow(*reports: Report, before: Alert | None = None, after: timedelta = 30 * MINUTE) -> Transition:
    """Decide on one report after the other, and return what the last one makes of the alert that they are about."""
    now = NOW if before is None else before.changed_at + after
    transition: Transition | None = None
    for report in reports:
        known = [] if before is None else [before]
        seen = [
            each
            for each in observe(replace(report, now=now), PIPELINE, known)
            if before is None or each.key == before.key
        ]
        transition = decide(before, seen[0], now, NOTIFICATIONS.alerts)
        alert = transition.alert
        before = None if alert is None else replace(alert, version=alert.version + 1)
        now += after
    assert transition is not None
    assert before is not None
    return replace(transition, alert=before)


def alert_of(transition: Transition) -> Alert:
    assert transition.alert is not None
    return transition.alert


def clicked(alert: Alert | None) -> Alert:
    assert alert is not None
    return replace(alert, version=alert.version + 1)


OPEN = alert_of(follow(lost(*ORCHESTRATORS)))
GRADING = alert_of(follow(ungraded()))
TAKEN = clicked(acknowledged(OPEN, USER, NOW + MINUTE))
ASLEEP = clicked(
    snoozed(OPEN, USER, NOW + MINUTE, until=NOW + 90 * MINUTE, ends_on=SnoozeUntil.TIME, reason="A fix is <on> its way")
)
UNTIL_CHANGE = clicked(snoozed(GRADING, USER, NOW + MINUTE, until=None, ends_on=SnoozeUntil.CHANGE, reason=""))
BLIND = alert_of(follow(*[report_of(blind())] * 3))

SMALLER, BIGGER = lost(*ORCHESTRATORS[:2]), lost(*ORCHESTRATORS[:3])


def resolved(alert: Alert) -> Transition:
    return follow(report_of(healthy()), before=alert)


def gone() -> Transition:
    late = timedelta(days=3)
    return follow(
        report_of(healthy(), previous=day("2026-02-13"), current=day("2026-02-14")),
        before=alert_of(follow(wrong_flags())),
        after=late,
    )


def superseded() -> Transition:
    symptom = alert_of(follow(report_of(with_findings("trigger", flag("bypassed", Severity.P2)))))
    now = NOW + 30 * MINUTE
    seen = observe(replace(lost(*ORCHESTRATORS), now=now), PIPELINE, [OPEN, symptom])
    (observation,) = [each for each in seen if each.key == symptom.key]
    transition = decide(symptom, observation, now, NOTIFICATIONS.alerts)
    return replace(transition, alert=replace(alert_of(transition), version=2))


def waited(before: Alert, policy: AlertPolicy) -> Transition:
    """Two hours in which nobody did anything."""
    now = before.changed_at + 120 * MINUTE
    transition = decide(before, Observation(key=before.key, pipeline="nba", observed=Observed.UNSEEN), now, policy)
    return replace(transition, alert=replace(alert_of(transition), version=2))


PARENTS: dict[str, Alert] = {
    "firing": OPEN,
    "acknowledged": TAKEN,
    "snoozed": ASLEEP,
    "snoozed-until-it-changes": UNTIL_CHANGE,
    "resolved": alert_of(resolved(OPEN)),
    "superseded": alert_of(superseded()),
    "gone": alert_of(gone()),
    "eased-to-a-note": alert_of(follow(ungraded(Severity.P3), before=GRADING)),
    "on-its-own": GRADING,
    "wrong-flags": alert_of(follow(wrong_flags())),
    "many": alert_of(follow(many(20))),
    "cannot-look": BLIND,
    "hostile": alert_of(follow(hostile())),
}

TRANSITIONS: dict[str, Transition] = {
    "worsened": follow(ungraded(Severity.P0), before=GRADING),
    "spread": follow(BIGGER, before=alert_of(follow(SMALLER))),
    "eased": follow(ungraded(Severity.P2), before=alert_of(follow(ungraded(Severity.P1)))),
    "shrunk": follow(SMALLER, before=alert_of(follow(BIGGER))),
    "changed": follow(
        report_of(with_findings("grading", failed("none-graded", "catboost_v8", "No grades at all.", Severity.P2))),
        before=GRADING,
    ),
    "reminded": follow(only(report_of(healthy()), "grading"), before=OPEN, after=60 * MINUTE),
    "reminded-owner": follow(lost(*ORCHESTRATORS), before=TAKEN, after=200 * MINUTE),
    "escalated": waited(OPEN, AlertPolicy(remind_minutes={}, escalation=Escalation())),
    "snooze-ended": follow(lost(*ORCHESTRATORS), before=ASLEEP, after=90 * MINUTE),
    "reopened": follow(lost(*ORCHESTRATORS), before=alert_of(resolved(OPEN)), after=35 * MINUTE),
    "reopened-asleep": follow(lost(*ORCHESTRATORS), before=alert_of(resolved(ASLEEP))),
    "resolved": resolved(TAKEN),
    "eased-to-a-note": follow(ungraded(Severity.P3), before=GRADING),
    "superseded": superseded(),
    "gone": gone(),
    "hostile": follow(hostile(), before=replace(alert_of(follow(hostile())), severity=Severity.P2)),
    "many": follow(many(20), before=alert_of(follow(many(7)))),
}


STILL_FAILS = RecheckResult(failing=members_of(OPEN)[:3])
SILENT = RecheckResult(blind=("BigQuery (timed out)", "Every processor sends heartbeats"))


def bodies() -> dict[str, Body]:
    """Every message by its name, as Slack gets it."""
    later = NOW + 45 * MINUTE
    said = {
        **{f"parent-{name}": WRITER.parent(alert, max(later, alert.changed_at)) for name, alert in PARENTS.items()},
        **{f"reply-{name}": WRITER.reply(each, _when(each)) for name, each in TRANSITIONS.items()},
        "parent-past-store": WRITER.past_store(OPEN, later),
        "click-acknowledged": WRITER.clicked(TAKEN, "acknowledged", USER),
        "click-snoozed": WRITER.clicked(ASLEEP, "snoozed", USER),
        "click-taken-over": WRITER.clicked(TAKEN, "taken-over", USER),
        "click-released": WRITER.clicked(OPEN, "released", USER),
        "click-unsnoozed": WRITER.clicked(OPEN, "unsnoozed", USER),
        "looked-unchanged": WRITER.looked(OPEN, None, USER, later, STILL_FAILS),
        "looked-failing-and-blind": WRITER.looked(OPEN, None, USER, later, replace(STILL_FAILS, blind=SILENT.blind)),
        "looked-blind": WRITER.looked(OPEN, None, USER, later, SILENT),
        "looked-waiting": WRITER.looked(OPEN, None, USER, later, RecheckResult()),
        "looked-changed-and-blind": WRITER.looked(OPEN, resolved(OPEN), USER, later, SILENT),
        "looked-resolved": WRITER.looked(alert_of(resolved(OPEN)), resolved(OPEN), USER, later, RecheckResult()),
        "pointer": WRITER.pointer(OPEN),
    }
    return {name: dict(formatted(body)) for name, body in said.items()}


def _when(transition: Transition) -> datetime:
    alert = alert_of(transition)
    return max(alert.changed_at, alert.notified_at)
