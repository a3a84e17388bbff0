"""From a report to what it says about each incident: one observation for a cause with all that it explains, one
for a failure on its own, one for a source that could not be asked.

An incident keeps its key while it lasts, whichever of its findings comes first in a later run. What a run did
not look at stays as it was: a run of a few checks neither shrinks an incident nor closes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from bot.alerting.alerts import Observation, Observed
from bot.alerting.blindness import blind_observations, unread_of
from bot.alerting.covers import Covers
from bot.alerting.incident import CANNOT_LOOK, Incident, Member, members_of, recalled
from bot.alerting.pairs import Tellers, is_open, paired
from bot.alerting.run_view import RunView
from bot.store.model import Alert
from checks.model import Report, Severity
from checks.pipeline import Pipeline

STAYS_OPEN = (Observed.BLIND, Observed.UNSEEN, Observed.QUIET)
"""Sights that leave an alert open although nothing of it was seen to fail."""


def observe(
    report: Report, pipeline: Pipeline, known: Sequence[Alert], *, phases: Collection[str] = ()
) -> tuple[Observation, ...]:
    """Return what a report says about every incident that it shows and every alert that is known.

    ``known`` are the alerts that are open or were resolved lately; ``phases`` those that the run was restricted
    to, none for all. Raises ValueError for a pipeline without notifications.
    """
    if pipeline.notifications is None:
        message = f"the pipeline {pipeline.name!r} has no notifications"
        raise ValueError(message)
    view = RunView(report=report, timeline=pipeline.timeline, phases=phases)
    about_failures = [each for each in known if each.check != CANNOT_LOOK]
    told = paired(report, pipeline.notifications, about_failures)
    by_key = {each.key: each for each in about_failures}
    if not view.is_current:
        told = {key: incident for key, incident in told.items() if key in by_key}
    seen = {key: _with_unseen(incident, by_key.get(key), view) for key, incident in told.items()}
    tellers = Tellers(told.values())
    lowest = pipeline.notifications.alerts.lowest
    others = [(each, _without_incident(each, view, tellers, lowest)) for each in about_failures if each.key not in told]
    still_open = [recalled(each) for each, said in others if is_open(each) and said.observed in STAYS_OPEN]
    covers = Covers((*seen.values(), *still_open), report.causes, pipeline)
    unread = unread_of(view, covers)
    return (
        *(
            Observation(
                key=key,
                pipeline=pipeline.name,
                observed=Observed.FAILING,
                failure=incident.failure(pipeline.notifications, unread.get(incident.lead.key, ())),
            )
            for key, incident in seen.items()
        ),
        *(said for _, said in others),
        *blind_observations(view, pipeline, [each for each in known if each.check == CANNOT_LOOK], covers),
    )


def _with_unseen(incident: Incident, alert: Alert | None, view: RunView) -> Incident:
    """Add what the alert told and this run did not look at; without a look at its lead, the story stays too."""
    if alert is None or not is_open(alert):
        return incident
    before = recalled(alert)
    unseen = [each for each in before.members if _is_unseen(each, view) and each.key not in incident.keys]
    if before.lead not in unseen:
        return incident.joined_by(unseen)
    return replace(before, members=(before.lead,)).joined_by((*incident.members, *unseen))


def _is_unseen(member: Member, view: RunView) -> bool:
    if view.is_gone(member.key):
        return False
    return view.observed(member.key, member.phase) in (Observed.UNSEEN, Observed.BLIND)


def _without_incident(alert: Alert, view: RunView, tellers: Tellers, lowest: Severity) -> Observation:
    """Say what became of an alert that no incident of this report belongs to."""

    def saying(observed: Observed, **remarks: Any) -> Observation:
        return Observation(key=alert.key, pipeline=alert.pipeline, observed=observed, remarks=remarks)

    members = members_of(alert)
    current = [each for each in members if not view.is_gone(each.key)]
    if not current:
        is_over = not view.report.partial and view.is_current
        return saying(Observed.SUPERSEDED, closing="gone") if is_over else saying(Observed.UNSEEN)
    deciding = [each for each in current if each.check == members[0].check] or current
    for member in deciding:
        if other := tellers.of(member.key):
            return saying(Observed.SUPERSEDED, closing="superseded", closing_title=other.title)
    states = {view.observed(each.key, each.phase) for each in deciding}
    for observed in (Observed.UNSEEN, Observed.BLIND, Observed.QUIET):
        if observed in states:
            return saying(observed)
    if Observed.FAILING in states:
        return saying(Observed.CLEAR, closing="note", closing_title=f"less than {lowest.name}")
    return saying(Observed.CLEAR, closing="clear")
