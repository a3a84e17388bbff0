"""From a report to what it says about each incident: one observation for a cause with all that it explains, one
for a failure on its own, one for a source that could not be asked.

An incident keeps its key while it lasts, whichever of its findings comes first in a later run. What a run did
not look at stays as it was: a run of a few checks neither shrinks an incident nor closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from bot.alerting.alerts import Observation, Sight
from bot.alerting.blindness import CANNOT_LOOK, blind_observations
from bot.alerting.incident import Incident, Member, incidents_of, is_loud, key_of, members_of, recalled
from bot.alerting.sightings import Sightings
from bot.store.model import Alert, AlertState
from checks.model import FindingKey, Report, Severity
from checks.notifications import Notifications
from checks.pipeline import Pipeline


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
    sightings = Sightings(report=report, zone=pipeline.zone, phases=phases)
    about_failures = [each for each in known if each.check != CANNOT_LOOK]
    told = _paired(report, pipeline.notifications, about_failures)
    if not sightings.is_current:
        told = {key: incident for key, incident in told.items() if any(each.key == key for each in about_failures)}
    seen = {key: _with_unseen(incident, _alert(about_failures, key), sightings) for key, incident in told.items()}
    return (
        *(
            Observation(
                key=key,
                pipeline=pipeline.name,
                sight=Sight.FAILING,
                failure=incident.failure(pipeline.notifications),
            )
            for key, incident in seen.items()
        ),
        *(
            _without_incident(alert, sightings, told, pipeline.notifications.alerts.lowest)
            for alert in about_failures
            if alert.key not in told
        ),
        *blind_observations(sightings, pipeline, [each for each in known if each.check == CANNOT_LOOK]),
    )


def _alert(known: Sequence[Alert], key: str) -> Alert | None:
    """Return the open alert with a key."""
    return next((each for each in known if each.key == key and _is_open(each)), None)


def _is_open(alert: Alert) -> bool:
    return alert.state is not AlertState.RESOLVED


def _paired(report: Report, notifications: Notifications, known: Sequence[Alert]) -> dict[str, Incident]:
    """Give each loud incident the key of the alert that tells it already, else a key of its own.

    The closest tie counts first: the same lead, the same key, then one that holds the other's lead.
    """
    incidents = [each for each in incidents_of(report) if is_loud(each, report, notifications.alerts.lowest)]
    leads = {each.key: members_of(each)[0].key for each in known}
    keys = {each.key: frozenset(member.key for member in members_of(each)) for each in known}
    is_open = {each.key: _is_open(each) for each in known}
    ties: tuple[Callable[[str, Incident], bool], ...] = (
        lambda key, incident: is_open[key] and leads[key] == incident.lead.key,
        lambda key, incident: is_open[key] and key == key_of(report.pipeline, incident.lead.key),
        lambda key, incident: is_open[key] and incident.lead.key in keys[key],
        lambda key, incident: is_open[key] and leads[key] in incident.keys,
        lambda key, incident: leads[key] == incident.lead.key,
    )
    pairs: dict[str, Incident] = {}
    free = list(incidents)
    for tie in ties:
        for incident in tuple(free):
            key = next((each.key for each in known if each.key not in pairs and tie(each.key, incident)), None)
            if key is not None:
                pairs[key] = incident
                free.remove(incident)
    for incident in free:
        key = key_of(report.pipeline, incident.lead.key)
        # A key that is taken belongs to a thread that this finding opened: it stays in that thread.
        pairs[key] = pairs[key].joined_by(incident.members) if key in pairs else incident
    return pairs


def _with_unseen(incident: Incident, alert: Alert | None, sightings: Sightings) -> Incident:
    """Add what the alert told and this run did not look at; without a look at its lead, the story stays too."""
    if alert is None:
        return incident
    before = recalled(alert)
    unseen = [each for each in before.members if _is_unseen(each, sightings) and each.key not in incident.keys]
    if before.lead not in unseen:
        return incident.joined_by(unseen)
    return replace(before, members=(before.lead,)).joined_by((*incident.members, *unseen))


def _is_unseen(member: Member, sightings: Sightings) -> bool:
    if sightings.is_gone(member.key):
        return False
    return sightings.sight(member.key, member.phase) in (Sight.UNSEEN, Sight.BLIND)


def _without_incident(alert: Alert, sightings: Sightings, told: dict[str, Incident], lowest: Severity) -> Observation:
    """Say what became of an alert that no incident of this report belongs to."""

    def saying(sight: Sight, **remarks: Any) -> Observation:
        return Observation(key=alert.key, pipeline=alert.pipeline, sight=sight, remarks=remarks)

    members = members_of(alert)
    current = [each for each in members if not sightings.is_gone(each.key)]
    if not current:
        is_over = not sightings.report.partial and sightings.is_current
        return saying(Sight.SUPERSEDED, closing="gone") if is_over else saying(Sight.UNSEEN)
    deciding = [each for each in current if each.check == members[0].check] or current
    for member in deciding:
        if other := _told_in(member.key, told):
            return saying(Sight.SUPERSEDED, closing="superseded", closing_title=other.title)
    sights = {sightings.sight(each.key, each.phase) for each in deciding}
    for sight in (Sight.UNSEEN, Sight.BLIND, Sight.QUIET):
        if sight in sights:
            return saying(sight)
    if Sight.FAILING in sights:
        return saying(Sight.CLEAR, closing="note", closing_title=f"less than {lowest.name}")
    return saying(Sight.CLEAR, closing="clear")


def _told_in(key: FindingKey, told: dict[str, Incident]) -> Incident | None:
    return next((incident for incident in told.values() if key in incident.keys), None)
