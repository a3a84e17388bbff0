"""Sources that could not be asked, run after run: an alert of their own, because silence is never green."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.alerting.alerts import IN_A_ROW, AlertFault, Observation, Observed
from bot.alerting.covers import Covers
from bot.alerting.incident import (
    CANNOT_LOOK,
    MEMBERS_KEPT,
    Member,
    digest_of,
    key_of,
    member_of,
    members_of,
    plain,
    total,
)
from bot.alerting.pairs import is_open
from bot.alerting.run_view import RunView
from bot.store.model import Alert
from checks.diagnosis.words import capitalised
from checks.facts import Crashed, Unread, known
from checks.model import Finding, FindingKey, Outcome, Severity
from checks.notifications import Notifications
from checks.pipeline import Pipeline


def unread_of(view: RunView, covers: Covers) -> Mapping[FindingKey, Sequence[str]]:
    """Return what an open incident covers of what could not be checked, by the key of its lead, in words."""
    found: dict[FindingKey, list[str]] = {}
    for source, blind in _by_source(view).items():
        for member, finding in blind:
            if (cover := covers.of(member)) is not None:
                asked = source if known(finding.facts, Unread) is not None else ""
                found.setdefault(cover[0].lead.key, []).append(
                    f"“{member.title}” ({asked})" if asked else f"“{member.title}”"
                )
    return {key: tuple(dict.fromkeys(words)) for key, words in found.items()}


def blind_observations(
    view: RunView, pipeline: Pipeline, known: Sequence[Alert], covers: Covers
) -> Iterator[Observation]:
    """Yield one observation for each source that could not be asked, and for each that could be again. One of which
    open incidents cover every check is folded into the first of them."""
    if pipeline.notifications is None or not view.is_current:
        return
    groups = _by_source(view)
    by_key = {key_of(pipeline.name, FindingKey(CANNOT_LOOK, source, None)): source for source in groups}
    alerts = {each.key: each for each in known}
    lowest = pipeline.notifications.alerts.lowest
    for key, source in by_key.items():
        alert, after_runs = alerts.get(key), pipeline.notifications.alerts.unknown_runs
        in_a_row = _in_a_row(alert, groups[source], view, after_runs)
        failure = _failure(source, groups[source], _unseen(alert, view, in_a_row), pipeline.notifications)
        if failure.severity <= lowest:
            yield Observation(
                key=key,
                pipeline=pipeline.name,
                observed=Observed.FAILING,
                failure=failure,
                after_runs=after_runs,
                in_a_row=in_a_row,
                apart=timedelta(minutes=pipeline.notifications.watch_minutes) / 2,
                **_folded(groups[source], covers),
            )
        elif key in alerts:
            remarks = {"closing": "note", "closing_title": f"less than {lowest.name}"}
            yield Observation(key=key, pipeline=pipeline.name, observed=Observed.CLEAR, remarks=remarks)
    for alert in known:
        if alert.key not in by_key:
            left = _left(alert, view)
            yield Observation(
                key=alert.key,
                pipeline=alert.pipeline,
                observed=Observed.UNSEEN if left else Observed.CLEAR,
                in_a_row=left,
                remarks={"closing": "clear"},
            )


def _in_a_row(alert: Alert | None, blind: Sequence[Blind], view: RunView, after_runs: int) -> Mapping[str, int]:
    """Return how many runs in a row each check could not be made, of those that made it. What joins an alert that is
    open has been told."""
    before, left = ({}, {}) if alert is None else (_counts(alert), _left(alert, view))
    told = after_runs - 1 if alert is not None and is_open(alert) else 0
    return {**left, **{member.check: 1 + max(before.get(member.check, 0), told) for member, _ in blind}}


def _counts(alert: Alert) -> Mapping[str, int]:
    every = {each.check: alert.unknown_runs for each in members_of(alert)}
    if is_open(alert):
        return every
    # Records of before count for all of them.
    return alert.details.get(IN_A_ROW, every) if alert.unknown_runs else {}


def _left(alert: Alert, view: RunView) -> Mapping[str, int]:
    """Return the counts of the checks that could not be made, and were not made again by this run."""
    subjects: dict[str, set[str]] = {}
    for each in members_of(alert):
        subjects.setdefault(each.check, set()).add(each.subject)
    return {
        check: runs
        for check, runs in _counts(alert).items()
        if not all(view.could_look(check, subject) for subject in subjects.get(check, {check}))
    }


def _folded(blind: Sequence[Blind], covers: Covers) -> dict[str, Any]:
    """Say that all of it is told by other incidents, where it is."""
    found = [covers.of(member) for member, _ in blind]
    if found[0] is None or None in found:
        return {}
    return {"folded": True, "remarks": {"closing": "superseded", "closing_title": found[0][0].title}}


Blind = tuple[Member, Finding]


def _by_source(view: RunView) -> dict[str, list[Blind]]:
    """Group what could not be checked by its source; what broke for another reason, by its check."""
    groups: dict[str, list[Blind]] = {}
    for result, finding in view.report.findings():
        if finding.outcome is Outcome.UNKNOWN and finding.severity is not None:
            unread = known(finding.facts, Unread)
            source = result.check if unread is None else unread.source
            member = member_of(result.check, result.title, finding, finding.severity, finding.phase or result.phase)
            groups.setdefault(source, []).append((member, finding))
    return groups


def _unseen(alert: Alert | None, view: RunView, in_a_row: Mapping[str, int]) -> list[Member]:
    """What the source left undecided before, in checks that this run left out."""
    if alert is None:
        return []
    return [each for each in members_of(alert) if each.check in in_a_row and view.result(each.check) is None]


def _failure(source: str, blind: Sequence[Blind], unseen: Sequence[Member], notifications: Notifications) -> AlertFault:
    """Which checks suffer, and of what exactly, moves from run to run: the fingerprint does not contain it."""
    worst, finding = min(blind, key=lambda each: each[0].severity)
    members = [member for member, _ in sorted(blind, key=lambda each: each[0].severity)]
    members += unseen
    # An unknown that could have been P0 ranks as P1: it calls for eyes, not for alarm.
    severity = max(Severity.P1, min(each.severity for each in members))
    unread = known(finding.facts, Unread)
    is_check = unread is None
    what = capitalised((unread.said if unread is not None else "") or finding.summary)
    action = finding.action
    return AlertFault(
        check=CANNOT_LOOK,
        code=finding.code,
        subject=source,
        interval=None,
        phase=None,
        severity=severity,
        title=f"Could not check: {worst.title}"
        if is_check
        else f"{capitalised(source)} cannot be read: {_blind(members)}",
        channel=notifications.routes.channel(severity, None),
        fingerprint=digest_of([source, severity.name]),
        details={
            "what": what,
            "evidence": {
                name: plain(value) for name, value in finding.evidence.items() if isinstance(finding.facts, Crashed)
            },
            "impacts": [],
            "action": None if action is None else {"text": action.text, "command": action.command},
            "link": finding.link,
            "runs": notifications.alerts.unknown_runs,
            "findings": [each.document() for each in members[:MEMBERS_KEPT]],
            "more": total(members[MEMBERS_KEPT:]),
        },
    )


def _blind(members: Sequence[Member]) -> str:
    checks = len({each.check for each in members})
    return f"{checks} {'check' if checks == 1 else 'checks'} could not run"
