"""Which alert tells which incident of a report: the one that told it in the run before, else a new one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from bot.alerting.incident import Incident, crowds_of, incidents_of, key_of, loud, members_of
from bot.store.model import Alert, AlertState
from checks.model import FindingKey, Report
from checks.notifications import Notifications

Name = TypeVar("Name", bound=Hashable)
Place = tuple[str, str | None]
"""A check and a date."""

Tie = Callable[[Incident], Iterable[str]]
"""Returns the keys of alerts that an incident may belong to, in the order in which alerts are taken up."""


def is_open(alert: Alert) -> bool:
    """Whether an alert is not resolved."""
    return alert.state is not AlertState.RESOLVED


def paired(report: Report, notifications: Notifications, known: Sequence[Alert]) -> dict[str, Incident]:
    """Give each loud incident the key of the alert that tells it already, else a key of its own.

    Every tie is a look-up: with a thousand alerts open, as many incidents would otherwise be compared with each.
    """
    free = list(loud(incidents_of(report), report, notifications.alerts.lowest))
    pairs: dict[str, Incident] = {}
    for tie in _ties(report.pipeline, known):
        untied = []
        for incident in free:
            key = next((each for each in tie(incident) if each not in pairs), None)
            if key is None:
                untied.append(incident)
            else:
                pairs[key] = incident
        free = untied
    for incident in free:
        key = key_of(report.pipeline, incident.lead.key)
        # A key that is taken belongs to a thread that this finding opened: it stays in that thread.
        pairs[key] = pairs[key].joined_by(incident.members) if key in pairs else incident
    return pairs


def _ties(pipeline: str, known: Sequence[Alert]) -> tuple[Tie, ...]:
    """Return the ties, the closest first: the same lead, the same key, then one that holds the other's lead, or many
    of one check and date of which not each is named."""
    opened = [each for each in known if is_open(each)]
    place = {each.key: number for number, each in enumerate(known)}
    open_keys = {each.key for each in opened}
    by_lead = _index(opened, lambda alert: (members_of(alert)[0].key,))
    by_member = _index(opened, lambda alert: dict.fromkeys(member.key for member in members_of(alert)))
    by_crowd: Mapping[Place, list[str]] = _index(opened, lambda alert: crowds_of(members_of(alert)))
    by_lead_place: Mapping[Place, list[str]] = _index(opened, lambda alert: (_place(members_of(alert)[0].key),))
    any_by_lead = _index(known, lambda alert: (members_of(alert)[0].key,))

    def own_key(incident: Incident) -> Iterator[str]:
        key = key_of(pipeline, incident.lead.key)
        return iter((key,) if key in open_keys else ())

    def taken_up(keys: Iterable[str]) -> list[str]:
        return sorted(keys, key=place.__getitem__)

    return (
        lambda incident: by_lead.get(incident.lead.key, ()),
        own_key,
        lambda incident: by_member.get(incident.lead.key, ()),
        lambda incident: taken_up(key for each in incident.keys for key in by_lead.get(each, ())),
        lambda incident: by_crowd.get(_place(incident.lead.key), ()),
        lambda incident: taken_up(key for each in incident.crowds for key in by_lead_place.get(each, ())),
        lambda incident: any_by_lead.get(incident.lead.key, ()),
    )


def _index(alerts: Iterable[Alert], names: Callable[[Alert], Iterable[Name]]) -> dict[Name, list[str]]:
    found: dict[Name, list[str]] = {}
    for alert in alerts:
        for name in names(alert):
            found.setdefault(name, []).append(alert.key)
    return found


def _place(key: FindingKey) -> Place:
    return key.check, key.interval


class Tellers:
    """Which of the incidents that are told tells a finding, also one that is only counted in it."""

    def __init__(self, told: Iterable[Incident]) -> None:
        self._by_key: dict[FindingKey, Incident] = {}
        self._by_crowd: dict[Place, Incident] = {}
        for incident in told:
            for key in incident.keys:
                self._by_key.setdefault(key, incident)
            for place in incident.crowds:
                self._by_crowd.setdefault(place, incident)

    def of(self, key: FindingKey) -> Incident | None:
        """Return the incident, None for a finding that no thread is about."""
        return self._by_key.get(key) or self._by_crowd.get(_place(key))
