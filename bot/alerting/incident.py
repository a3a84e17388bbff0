"""Incidents as a report shows them: a cause with all that it explains, or a failure on its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any

from bot.alerting.alerts import AlertFault
from bot.alerting.logged import document_of
from bot.alike import in_short
from bot.store.model import Alert
from checks.actions import Action
from checks.cells import as_json, exact
from checks.facts import Evidence, Scalar, known, rendered
from checks.facts.orchestration import TriggerFacts
from checks.model import Cause, Finding, FindingKey, Outcome, Report, Severity
from checks.notifications import Notifications
from checks.places import Place, PlaceKind

FALSE_FLAG = frozenset({"not-triggered", "bypassed", "flag-not-set", "processors-missing", "untracked"})
"""The codes of the check ``trigger`` that say that the flag of the run judged is false."""

TOLD_APART = 5
"""More failures of one check on one date, without a known cause, are told in one thread."""

MEMBERS_KEPT = 100
"""Findings that an alert remembers; more of them are counted."""

CANNOT_LOOK = "cannot-look"
"""Stands in the place of a check in the alert of a source that could not be asked."""

REPORT = "report"
"""The key of the delivery that is the report of a resolved alert, in its details."""

MADE_UP = "made_up"
"""That an alert is a scenario's, in its details."""

IMPACTS_KEPT = 2
NAMES_TOLD = 1
"""Names in an impact; more of them are counted: what follows from it must not be cut for them."""
LONGEST_SUMMARY = 400
LONGEST_NAME = 60


Kind = tuple[str, str | None, str, Severity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A finding of an incident, as the store keeps it. ``title`` is that of its check."""

    check: str
    title: str
    subject: str
    interval: str | None
    phase: str | None
    code: str
    severity: Severity
    summary: str
    count: int = 1
    """How many findings it stands for."""
    place: Place | None = None
    """What it is about; None in records of before."""

    @property
    def about(self) -> Place:
        """What it is about: of what belongs to a service, the service."""
        place = self.place or Place(PlaceKind.DATA, self.subject)
        return place if place.service is None else Place(PlaceKind.SERVICE, place.service)

    @property
    def key(self) -> FindingKey:
        return FindingKey(self.check, self.subject, self.interval)

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "check": self.check,
            "title": self.title,
            "subject": self.subject,
            "interval": self.interval,
            "phase": self.phase,
            "code": self.code,
            "severity": self.severity.name,
            "summary": self.summary,
            **({"count": self.count} if self.count > 1 else {}),
            **({} if self.place is None else {"place": [self.place.kind.value, self.place.name, self.place.facet]}),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Member:
        """Return what ``document`` was made of. Raises KeyError and ValueError for anything else."""
        place = document.get("place")
        return cls(
            check=document["check"],
            title=document["title"],
            subject=document["subject"],
            interval=document.get("interval", document.get("date")),
            phase=document["phase"],
            code=document["code"],
            severity=Severity[document["severity"]],
            summary=document["summary"],
            count=document.get("count", 1),
            place=None if place is None else Place(PlaceKind(place[0]), *place[1:]),
        )

    @property
    def kind(self) -> Kind:
        """What findings have in common that are told as one when they are many."""
        return self.check, self.interval, self.code, self.severity


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What one thread is about. ``members`` are its findings, ``lead`` first; ``statement`` is what is said of it
    beside its title, as JSON."""

    lead: Member
    members: tuple[Member, ...]
    code: str
    title: str
    phase: str | None
    statement: Mapping[str, Any]
    more: int = 0

    @property
    def severity(self) -> Severity:
        return min(each.severity for each in self.members)

    @cached_property
    def keys(self) -> frozenset[FindingKey]:
        return frozenset(each.key for each in self.members)

    @cached_property
    def crowds(self) -> frozenset[tuple[str, str | None]]:
        """The checks and dates of which one member stands for many."""
        return crowds_of(self.members)

    def joined_by(self, others: Iterable[Member]) -> Incident:
        """Return it with more members; who is in it already stays as it is."""
        new = tuple(each for each in others if each.key not in self.keys)
        return replace(self, members=(*self.members, *new))

    def failure(self, notifications: Notifications, unread: Sequence[str] = ()) -> AlertFault:
        """Return what the alert is made of; ``unread`` names what could not be checked beside it."""
        lead, *others = self.members
        others.sort(key=lambda each: each.severity)
        told = [lead, *others][:MEMBERS_KEPT]
        return AlertFault(
            check=self.lead.check,
            code=self.code,
            subject=self.lead.subject,
            interval=self.lead.interval,
            phase=self.phase,
            severity=self.severity,
            title=self.title,
            channel=notifications.routes.channel(self.severity, self.phase),
            fingerprint=self._fingerprint(),
            extent=total(self.members),
            details={
                **self.statement,
                "findings": [each.document() for each in told],
                "more": total(self.members) - total(told),
                **({"unread": list(unread)} if unread else {}),
            },
        )

    def _fingerprint(self) -> str:
        """Figures move from run to run, and so does what could not be checked; what fails, how gravely and why is
        news. Of a crowd, how many they are counts, and not which of them are named."""
        crowds = {each.kind for each in self.members if each.count > 1}
        told = (each for each in self.members if each.count > 1 or each.kind not in crowds)
        facts = sorted(
            [*map(str, each.key), each.severity.name, *([str(each.count)] if each.count > 1 else [])] for each in told
        )
        return digest_of([self.code, self.lead.code, facts])


def total(members: Iterable[Member]) -> int:
    """Return how many findings these are, with those that one of them stands for."""
    return sum(each.count for each in members)


def crowds_of(members: Iterable[Member]) -> frozenset[tuple[str, str | None]]:
    """Return the checks and dates of which one member stands for many."""
    return frozenset((each.check, each.interval) for each in members if each.count > 1)


def members_of(alert: Alert) -> tuple[Member, ...]:
    """Return the findings that an alert was last told with, its lead first; at least what it is about."""
    return tuple(Member.read(each) for each in alert.details.get("findings", ())) or (_subject_of(alert),)


def broken_since(alert: Alert) -> datetime | None:
    """Return when the fault itself began, where a fact says so; never after it was first seen, or seen again."""
    limit = alert.waits_since or alert.opened_at
    match alert.details:
        # Of a change that somebody is known to have made it is certain, also where the alert had been open before.
        case {"broken_since": str(text), "evidence": {"changed_at": {"at": str(changed)}}} if text == changed:
            return datetime.fromisoformat(text)
        # Records of before carry it in their evidence.
        case {"broken_since": str(text)} | {"evidence": {"broken_since": {"at": str(text)}}}:
            began = datetime.fromisoformat(text)
            return began if began <= limit else None
        case _:
            return None


def _subject_of(alert: Alert) -> Member:
    return Member(
        check=alert.check,
        title=alert.title,
        subject=alert.subject,
        interval=alert.interval,
        phase=alert.phase,
        code=alert.code,
        severity=alert.severity,
        summary=alert.title,
    )


KEPT_OF_STATEMENT = (
    *("what", "past", "mechanism", "effect", "doubt", "found"),
    *("evidence", "broken_since", "impacts", "action", "repairs", "logged"),
)


def recalled(alert: Alert) -> Incident:
    """Return the incident that an alert was last told with."""
    members = members_of(alert)
    kept = {name: value for name, value in alert.details.items() if name in KEPT_OF_STATEMENT}
    return Incident(
        lead=members[0],
        members=members,
        code=alert.code,
        title=alert.title,
        phase=alert.phase,
        statement={**kept, "link": alert.details.get("link")},
    )


def incidents_of(report: Report) -> tuple[Incident, ...]:
    """Return every incident of a report, the gravest first, whatever its severity."""
    failed = _members(report, Outcome.FAILED)
    told: dict[FindingKey, None] = {}
    causes: list[tuple[Cause, Incident]] = []
    for cause in report.causes:
        explained = [failed[key] for key in cause.explains if key in failed and key not in told]
        if explained:
            told.update(dict.fromkeys(each[0].key for each in explained))
            causes.append((cause, _of_cause(cause, explained)))
    found = _causes_over_dates(causes)
    found += _on_their_own([each for key, each in failed.items() if key not in told])
    return tuple(sorted(found, key=lambda each: each.severity))


Pair = tuple[Member, Finding]


def _members(report: Report, outcome: Outcome) -> dict[FindingKey, Pair]:
    """Return the worst finding of each key."""
    found: dict[FindingKey, Pair] = {}
    for result, finding in report.findings():
        if finding.outcome is not outcome or finding.severity is None:
            continue
        member = member_of(result.check, result.title, finding, finding.severity, finding.phase or result.phase)
        other = found.get(member.key)
        if other is None or member.severity < other[0].severity:
            found[member.key] = (member, finding)
    return found


def member_of(check: str, title: str, finding: Finding, severity: Severity, phase: str | None) -> Member:
    """Return a finding as an alert remembers it."""
    return Member(
        check=check,
        title=title,
        subject=finding.subject,
        interval=finding.key(check).interval,
        phase=phase,
        code=finding.code,
        severity=severity,
        summary=shortened(finding.summary),
        count=finding.count,
        place=finding.place,
    )


def _of_cause(cause: Cause, explained: Sequence[Pair]) -> Incident:
    """The finding that shows the cause itself leads; what follows from it comes after."""
    lead = next(
        (each for each in explained if _is_at(each[0].place, cause.place)),
        # Which rows of a crowd come first differs from run to run.
        next((each for each in explained if each[0].check == cause.subject and each[0].count > 1), explained[0]),
    )
    others = sorted((each for each in explained if each is not lead), key=lambda each: each[0].severity)
    findings = [finding for _, finding in (lead, *others)]
    return Incident(
        lead=lead[0],
        members=(lead[0], *(member for member, _ in others)),
        code=cause.code,
        title=cause.title or first_sentence(cause.sentence),
        phase=cause.phase,
        statement={
            **_statement(cause.sentence, rendered(cause.facts), findings, cause.action, lead[1].link),
            "past": cause.past,
            "mechanism": cause.mechanism,
            "effect": cause.effect,
            "doubt": cause.doubt,
            "found": cause.found,
            "broken_since": None if cause.broken_since is None else cause.broken_since.isoformat(),
            **({"logged": [document_of(each) for each in cause.logged]} if cause.logged else {}),
        },
    )


def _is_at(place: Place | None, cause: Place | None) -> bool:
    """Whether a finding is about the place of a cause; of a table, about the row of it that the cause names."""
    if cause is None or place is None or cause.kind is not PlaceKind.TABLE or place.kind is not PlaceKind.DATA:
        return place == cause
    return place.name == (cause.facet or cause.name.rpartition(".")[2])


def _on_their_own(loose: Sequence[Pair]) -> list[Incident]:
    groups: dict[tuple[str, str | None], list[Pair]] = {}
    for each in loose:
        groups.setdefault((each[0].check, each[0].interval), []).append(each)
    found = []
    for group in groups.values():
        if total(member for member, _ in group) > TOLD_APART:
            found.append(_together(group))
        else:
            found += [_alone(member, finding) for member, finding in group]
    return _over_dates(found)


def _causes_over_dates(found: Iterable[tuple[Cause, Incident]]) -> list[Incident]:
    """Join what has one cause on several dates. Two of one date are two, whatever they have in common."""
    joined: dict[tuple[str, str, int], Incident] = {}
    on_date: Counter[tuple[str, str, str | None]] = Counter()
    for cause, each in sorted(found, key=lambda pair: pair[1].lead.interval or ""):
        place = (cause.code, cause.subject, each.lead.interval)
        name = (cause.code, cause.subject, on_date[place])
        on_date[place] += 1
        joined[name] = _joined(joined[name], each) if name in joined else each
    return list(joined.values())


def _joined(first: Incident, other: Incident) -> Incident:
    """Return an incident with the findings, impacts and repairs of the same on another date."""
    ours, theirs = first.statement, other.statement
    statement = {
        **ours,
        "impacts": list(dict.fromkeys((*ours["impacts"], *theirs["impacts"])))[:IMPACTS_KEPT],
        "repairs": " ".join(dict.fromkeys((*ours["repairs"].split(), *theirs["repairs"].split()))),
    }
    return replace(first, statement=statement).joined_by(other.members)


def _over_dates(found: Sequence[Incident]) -> list[Incident]:
    """Join what fails in the same way for the same subject on several dates: both absences have one
    reason as long as no cause says otherwise. The earliest date leads, the gravest finding says how loud it is."""
    joined: dict[tuple[str, str, str] | FindingKey, Incident] = {}
    for each in sorted(found, key=lambda each: each.lead.interval or ""):
        lead = each.lead
        is_one = len(each.members) == 1 and lead.count == 1 and lead.interval is not None
        name = (lead.check, lead.code, lead.subject) if is_one else lead.key
        joined[name] = _joined(joined[name], each) if name in joined else each
    return list(joined.values())


def _alone(member: Member, finding: Finding) -> Incident:
    return Incident(
        lead=member,
        members=(member,),
        code=finding.code,
        title=first_sentence(finding.summary),
        phase=member.phase,
        statement=_statement(finding.summary, {}, [finding], finding.action, finding.link),
    )


def _together(group: Sequence[Pair]) -> Incident:
    """Many failures of one check are one message. What stands for many leads, because it does so in every run."""
    ordered = sorted(group, key=lambda each: (each[0].severity, each[0].count == 1, each[0].subject))
    lead, finding = ordered[0]
    example = next((each for member, each in ordered if member.count == 1), finding)
    failures = f"{total(member for member, _ in ordered):,} failures"
    what = f"{lead.title}: {failures}. The gravest: {example.summary}"
    return Incident(
        lead=lead,
        members=tuple(member for member, _ in ordered),
        code=finding.code,
        title=f"{lead.title}: {failures}",
        phase=lead.phase,
        statement=_statement(what, {}, [each for _, each in ordered], finding.action or example.action, finding.link),
    )


def _statement(
    what: str, evidence: Evidence, findings: Sequence[Finding], action: Action | None, link: str | None
) -> dict[str, Any]:
    return {
        "what": what,
        "evidence": {name: plain(value) for name, value in evidence.items() if value not in (None, "")},
        "impacts": impacts_of(findings)[:IMPACTS_KEPT],
        "action": None if action is None else {"text": action.text, "command": action.command},
        "repairs": " ".join(_repairs(action, findings)),
        "link": link,
    }


def _repairs(action: Action | None, findings: Sequence[Finding]) -> Iterable[str]:
    """Return the keys of every repair that the incident names, each once: the cause's first."""
    actions = (action, *(each.action for each in findings))
    return dict.fromkeys(str(key) for each in actions if each is not None for key in each.repairs)


def impacts_of(findings: Iterable[Finding]) -> list[str]:
    """Return the impact of each kind of finding, the worst first; those that differ in a name only are one."""
    kinds: dict[str, dict[str, None]] = {}
    for each in findings:
        kinds.setdefault(each.code, {})[each.impact] = None
    return list(dict.fromkeys(chain.from_iterable(in_short(each, NAMES_TOLD) for each in kinds.values())))


def loud(incidents: Iterable[Incident], report: Report, lowest: Severity) -> Iterator[Incident]:
    """Yield the incidents that get a thread: grave enough, or a false flag past its due time, however mild."""
    late = {
        finding.key(result.check)
        for result in report.results
        for finding in result.findings
        if is_late_flag(finding, report.now)
    }
    return (each for each in incidents if each.severity <= lowest or not late.isdisjoint(each.keys))


def is_late_flag(finding: Finding, now: datetime) -> bool:
    """Whether a finding on a trigger says that its flag is false past the due time; not knowing that is late."""
    facts = known(finding.facts, TriggerFacts)
    return (
        facts is not None
        and finding.outcome is Outcome.FAILED
        and finding.code in FALSE_FLAG
        and not (facts.due is not None and now <= facts.due)
    )


def plain(value: Scalar) -> Any:
    """Return a value as JSON; what JSON has no type for says what it is, so that it is shown as such."""
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
        case Decimal():
            return {"number": exact(value)}
        case _:
            return as_json(value)


def scalar(value: Any) -> Scalar:
    """Read a value that ``plain`` wrote."""
    match value:
        case {"at": str(text)}:
            return datetime.fromisoformat(text)
        case {"on": str(text)}:
            return date.fromisoformat(text)
        case {"number": str(text)}:
            return Decimal(text)
        case _:
            return value if isinstance(value, str | int | float | bool) else str(value)


def first_sentence(text: str) -> str:
    """Return what stands before the first full stop that ends a sentence."""
    return shortened(" ".join(text.split()).partition(". ")[0].rstrip("."))


def shortened(text: str) -> str:
    """Return a text that an alert can keep."""
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"


def key_of(pipeline: str, key: FindingKey) -> str:
    """Return the key of an alert: readable, short, and safe wherever a name is."""
    return ":".join((pipeline, _name(key.check), _name(key.subject), key.interval or "-"))


def _name(text: str) -> str:
    """Return a name of letters, digits and the marks of names; one that had to change keeps its difference."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:LONGEST_NAME]
    return safe if safe == text and text else f"{safe}-{digest_of(text)[:10]}"


def digest_of(facts: Any) -> str:
    """Return a short name for facts, equal for equal ones."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]
