"""What a report says of a fault: whether it was noticed, and whether the broken place was named first.

A fault is *noticed* when the report has an alarm, P2 or worse, that the healthy world lacks; with only a P3 it is
*noted*. The broken place is *named* when the first cause, or where there is none the worst alarm, is at that place, or
at what works there: the service that writes a table, the service that a job calls or a subscription pushes to, the
transition that keeps a document, the condition that asks a table and no other. A sentence about several places of a
kind ("2 of 120 jobs fail: ...") names the one whose name is in it; so does one that says which source does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from bot.drill.columns import checks_of_tables
from bot.drill.fault import PutFault
from bot.scenarios.world import World
from checks.model import Cause, CheckResult, Finding, Outcome, Report, Severity, badness
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.table_names import tables_in


class Notice(StrEnum):
    """How loud a report is about a fault."""

    NOTICED = "noticed"
    NOTED = "noted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a report says of one fault. ``checks`` noticed it, ``first`` is the place that a person reads first."""

    key: str
    kind: str
    name: str
    place: str
    notice: Notice
    is_named: bool
    loud: bool = True
    checks: tuple[str, ...] = ()
    first: str = ""
    sentence: str = ""

    @property
    def is_caught(self) -> bool:
        """Whether it is as loud as it should be."""
        return self.notice is Notice.NOTICED or (self.notice is Notice.NOTED and not self.loud)


Alarm = tuple[CheckResult, Finding]
Known = frozenset[tuple[str, str, str, str]]


def known(report: Report) -> Known:
    """Return what a report of the healthy world says already: none of it tells of a fault."""
    return frozenset(_name(*each) for each in report.findings() if _is_loud(each[1]))


def _name(result: CheckResult, finding: Finding) -> tuple[str, str, str, str]:
    return result.check, finding.code, finding.subject, finding.interval.name if finding.interval else ""


def _is_loud(finding: Finding) -> bool:
    return finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN)


def alarms(report: Report, healthy: Known) -> tuple[Alarm, ...]:
    """Return the findings that failed or could not be checked and are new, the worst first, P3 included."""
    new = [each for each in report.findings() if _is_loud(each[1]) and _name(*each) not in healthy]
    return tuple(sorted(new, key=lambda each: badness(each[1].outcome, each[1].severity)))


def score(fault: PutFault, report: Report, healthy: Known, at: frozenset[Place], pipeline: Pipeline) -> Score:
    """Say what a report makes of a fault; ``at`` are the places at which it is named."""
    new = alarms(report, healthy)
    loud = tuple(each for each in new if each[1].severity is not Severity.P3)
    notice = Notice.NOTICED if loud else Notice.NOTED if new else Notice.MISSED
    cause = report.causes[0] if report.causes else None
    first = _place_of(cause, pipeline) if cause is not None else new[0][1].place if new else None
    sentence = cause.sentence if cause is not None else new[0][1].summary if new else ""
    return Score(
        key=fault.key,
        kind=fault.kind,
        name=fault.name,
        place=str(fault.place),
        notice=notice,
        is_named=first is not None and (is_at(first, at) or _says(sentence, first, at)),
        loud=fault.loud,
        checks=tuple(dict.fromkeys(result.check for result, _ in loud or new)),
        first=str(first or ""),
        sentence=sentence,
    )


def is_at(place: Place, places: Iterable[Place]) -> bool:
    """Whether a place is one of some, whatever part of it is meant; what belongs to a service is at the service."""
    service = place.service
    return any(
        (place.kind, place.name) == (each.kind, each.name) or (service is not None and service == each.service)
        for each in places
    )


def _says(sentence: str, first: Place, places: Iterable[Place]) -> bool:
    """Whether a sentence about many names the one: it is about places of the same kind, or about a source."""
    return any(
        re.search(rf"(?<![\w-]){re.escape(place.name)}(?![\w-])", sentence) is not None
        for place in places
        if first.kind is place.kind or place.kind is PlaceKind.SOURCE or (first.service and place.service)
    )


def names(cause: Cause, at: frozenset[Place], pipeline: Pipeline) -> bool:
    """Whether a cause names a fault: it is at one of those, or its sentence about several says so."""
    first = _place_of(cause, pipeline)
    return first is not None and (is_at(first, at) or _says(cause.sentence, first, at))


def _place_of(cause: Cause, pipeline: Pipeline) -> Place | None:
    """Return where a cause is; where it names what a check judges, the table that this check reads for it."""
    if cause.place is None or cause.place.kind is not PlaceKind.DATA:
        return cause.place
    specs = {each.id: each for each in checks_of_tables(pipeline)}
    key = next((each for each in cause.explains if each.check in specs), None)
    table = specs[key.check].judges(key.subject) if key is not None else None
    return Place(PlaceKind.TABLE, table) if table is not None else cause.place


def places_at(place: Place, pipeline: Pipeline, world: World) -> frozenset[Place]:
    """Return the places at which a fault is named: where it was put, and what works there."""
    found = {place}
    if place.kind is PlaceKind.TABLE:
        found |= {Place(PlaceKind.SERVICE, each.name) for each in pipeline.services if place.name in each.writes}
        found |= {
            Place(PlaceKind.PHASE, each.id) for each in pipeline.phases if place.name in tables_in(each.rows or "")
        }
        found |= {
            Place(PlaceKind.CONDITION, name)
            for name, condition in pipeline.conditions.items()
            if tables_in(condition.query) == (place.name,)
        }
    collection = (place.facet if place.kind is PlaceKind.TASK else place.name).partition("/")[0]
    for transition in pipeline.transitions:
        if transition.state == collection:
            found.add(Place(PlaceKind.TRANSITION, transition.id))
            found |= {Place(PlaceKind.SERVICE, transition.orchestrator)} if transition.orchestrator else set()
    return frozenset(found | _targets(place, world))


def _targets(place: Place, world: World) -> set[Place]:
    """Return what a job calls or a subscription pushes to, and the topic of either."""
    addresses: Mapping[str, str] = {
        urlsplit(url).netloc: each.name for each in world.services.values() for url in each.urls
    }
    found: set[Place] = set()
    jobs = [(each.url, each.topic) for each in world.jobs if place == Place(PlaceKind.JOB, each.name)]
    pushes = [
        (each.endpoint, each.topic) for each in world.subscriptions if place == Place(PlaceKind.SUBSCRIPTION, each.name)
    ]
    for url, topic in jobs + pushes:
        service = addresses.get(urlsplit(url).netloc)
        found |= {Place(PlaceKind.SERVICE, service)} if service is not None else set()
        found |= {Place(PlaceKind.TOPIC, topic)} if topic else set()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many faults of a kind there were, and what became of them; ``accepted`` are those that may go unnoticed."""

    kind: str
    put: int
    noticed: int
    named: int
    accepted: int

    @property
    def noticed_percent(self) -> float:
        """The share that was noticed, of those that may not go unnoticed; 100 of none."""
        return 100 * self.noticed / (self.put - self.accepted) if self.put > self.accepted else 100.0

    @property
    def named_percent(self) -> float:
        """The share whose place was named first, of those that may not go unnoticed; 100 of none."""
        return 100 * self.named / (self.put - self.accepted) if self.put > self.accepted else 100.0

    def is_below(self, noticed: float | None, named: float | None) -> bool:
        """Whether fewer were noticed or named than a floor in percent; None is no floor."""
        return self.noticed_percent < (noticed or 0) or self.named_percent < (named or 0)


def tally(kind: str, scores: Iterable[Score], accepted: Iterable[str] = ()) -> Tally:
    """Count scores. One that was missed and may be is accepted; one that may be and was noticed counts as noticed."""
    every = tuple(scores)
    may = frozenset(accepted)
    return Tally(
        kind=kind,
        put=len(every),
        noticed=sum(each.is_caught for each in every),
        named=sum(each.is_named and each.is_caught for each in every),
        accepted=sum(not each.is_caught and each.key in may for each in every),
    )
