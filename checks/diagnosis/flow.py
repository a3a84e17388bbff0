"""What failed along the flow of data: its roots in the graph of the pipeline, why, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from checks.causes import STRENGTH, Explanation, Fact, Health, diagnose
from checks.changes import Change
from checks.diagnosis.board import BY_CHANGE, HARMFUL, RISKS, SIGNS, WITHOUT_REASON, Board, Suspect
from checks.diagnosis.changed import blame, changes_of, started_by
from checks.diagnosis.evidence import broken_since
from checks.diagnosis.lineage import ROWS, WAITS, WORK, graph_of, judged, place_of, service, writers
from checks.diagnosis.platform import possible_causes
from checks.diagnosis.symptom import Symptom
from checks.diagnosis.tasks import worked_by
from checks.diagnosis.unread import unread_before
from checks.effects import COLUMN_FAILURES, FailureEffect
from checks.facts import NOTHING, Unasked, Unread, Values, known
from checks.facts.control_plane import JobsFacts, RequestsFacts
from checks.facts.orchestration import (
    CalendarFacts,
    DataFacts,
    HeartbeatFacts,
    ProcessorFacts,
    TriggerFacts,
    UnfinishedFacts,
)
from checks.facts.tasks import DbtTestFacts, SourceAgeFacts, TaskFacts, is_of_tasks
from checks.model import Interval, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.sql_check_spec import SqlCheck
from checks.table_names import tables_in

MOST_SUSPECTS = 3
"""Changes that a cause names, the nearest first."""

MANY_TABLES = 3
"""Tables of one service that get no rows: so many are the service, and not the tables."""

OF_ITS_OWN: Mapping[type, str] = {
    CalendarFacts: "upstream-check",
    RequestsFacts: "service-not-called",
    ProcessorFacts: "processor-failed",
    UnfinishedFacts: "processor-stalled",
    HeartbeatFacts: "processor-stalled",
    TaskFacts: "task-failed",
    DbtTestFacts: "upstream-check",
    SourceAgeFacts: "upstream-check",
}
"""The causes that a finding is by itself, by its facts."""


def explained_by_graph(board: Board, shown: Sequence[Suspect]) -> list[Suspect]:
    """Explain what is free. ``shown`` are the causes that the control plane shows: what follows from one goes to it,
    and any other root becomes a cause of its own. Returns all of them."""
    waited = _waited_for(board)
    places = {id(each): _place(board, each, waited) for each in board.failed}
    symptoms = [each for each in board.free() if places[id(each)] is not None]
    reading = _Reading(board)
    facts = {reading.fact(each, place, rank): each for rank, each in enumerate(symptoms) if (place := places[id(each)])}
    possible = [*shown, *possible_causes(board)]
    blame(board, possible)
    mechanisms = {
        fact: suspect for number, suspect in enumerate(possible) for fact in _mechanisms(board, suspect, number)
    }
    graph = graph_of(board.pipeline, tuple(board.sql_checks.values()), (*started_by(board), *worked_by(board)))
    found = diagnose(graph, [*facts, *mechanisms], reading.health(), (), changes_of(board))
    silent, unjudged = _of_silent_writers(board.pipeline, found), _unjudged(board)
    new: dict[object, Suspect] = {}
    for each in found:
        root, behind = facts[each.root], [facts[fact] for fact in each.behind]
        if each.mechanism is not None:
            if root.finding.code == "flag-not-set" and root.data_present is not False:
                continue
            suspect = mechanisms[each.mechanism]
            _blame_deploy(suspect, each)
            board.explain(suspect.primary)
        else:
            suspects = _near(each)
            name, made = _of_its_own(board, each, root, suspects)
            if made is None or (made.code == "processor-stalled" and not behind):
                continue
            broken = (each.root, *(fact for fact in each.behind if _is_verdict(board, facts[fact])))
            makers = [place.name for fact in broken for place, _ in graph.makers(fact.place, lambda _: False)]
            made.unread = unread_before(board, root, makers, found=made.code not in WITHOUT_REASON)
            suspect = new.setdefault(silent.get(each.root, name), made)
        _add(board, suspect, [root, *behind], own=each.mechanism is None)
        suspect.consequences += board.explain(_unjudged_for(each.root, unjudged))
    made_now = list(new.values())
    if silenced := _without_evidence(board):
        for suspect in (each for each in (*possible, *made_now) if each.triggers):
            moved = (each for name in suspect.services for each in silenced.get(name, ()))
            suspect.consequences += board.explain(moved)
    shown = [each for each in possible if each in shown or len(each.everything) > len(each.primary)]
    return [*(each for each in shown if not _taken_over(each, made_now, shown)), *made_now]


def _blame_deploy(suspect: Suspect, explanation: Explanation) -> None:
    """Let a service that fails be told by its deploy, where its place worked before it and not since."""
    change = next((each for each, sure in explanation.suspects if sure and each.place.name == suspect.subject), None)
    if suspect.code in SIGNS and change is not None and change.kind == "deploy":
        suspect.code, suspect.changes = "broken-by-deploy", ((change, True),)
        suspect.last_good = explanation.root.last_good
        suspect.primary, suspect.consequences = [], [*suspect.primary, *suspect.consequences]


def _taken_over(sign: Suspect, made: Iterable[Suspect], shown: Iterable[Suspect]) -> bool:
    """Put the signs of a service behind the deploy that broke it, and another value of a variable behind whatever else
    is wrong with the service; tell whether there is such a cause."""
    owners = [each for each in made if each.code == "broken-by-deploy" and each.subject == sign.subject]
    if sign.code == "variable-changed":
        owners += [each for each in shown if each.code not in RISKS and sign.subject in each.services]
    owner = next(iter(owners), None)
    if owner is None or sign.code not in SIGNS:
        return False
    owner.consequences += sign.everything
    return True


def _waited_for(board: Board) -> Mapping[str, Place]:
    """The phases whose processors a transition waits for, by processor."""
    found: dict[str, Place] = {}
    for each in board.failed:
        transition = board.transitions.get(each.place.name)
        facts = known(each.finding.facts, TriggerFacts)
        if transition is not None and facts is not None:
            for name in (*facts.missing, *facts.critical_missing):
                found.setdefault(name, Place(PlaceKind.PHASE, transition.source, WORK))
    return found


def _place(board: Board, symptom: Symptom, waited: Mapping[str, Place]) -> Place | None:
    """Return where a failure is: a processor that a transition waits for, in the phase before it."""
    families = symptom.finding.facts.families()
    if symptom.place.name in waited and (HeartbeatFacts in families or UnfinishedFacts in families):
        return waited[symptom.place.name]
    return place_of(board.pipeline, board.sql_checks, symptom)


def _mechanisms(board: Board, suspect: Suspect, rank: int) -> Iterator[Fact]:
    """A cause that the control plane shows, at each of its services, and at what failing jobs explain."""
    effect = FailureEffect.HARMS if suspect.code in HARMFUL else FailureEffect.STOPS
    if suspect.code in SIGNS:
        effect = min((board.effect(each) for each in suspect.primary), key=STRENGTH.__getitem__)
    if suspect.code in RISKS:
        return
    yield from _of_jobs(suspect, rank)
    since = None if suspect.lacked_before else _aware(broken_since(board, suspect))
    jobs = [each.place for each in suspect.primary if each.place.kind is PlaceKind.RUN_JOB]
    places = [
        *(jobs or map(service, sorted(suspect.services))),
        *(Place(PlaceKind.DATA, name) for name in sorted(suspect.covers)),
    ]
    for place in places:
        yield Fact(
            place=place, effect=effect, severity=suspect.severity, rank=rank, mechanism=True, since=since, of=(place,)
        )


def _of_jobs(suspect: Suspect, rank: int) -> Iterator[Fact]:
    """Jobs that fail, each at the services that it calls from when it failed or was not started: the same job may have
    failed for weeks, and what arrived since does not need it."""
    for each in suspect.primary:
        facts = known(each.finding.facts, JobsFacts)
        for job in facts.failing if facts is not None else ():
            run_job = [Place(PlaceKind.RUN_JOB, job.run_job)] if job.run_job else []
            for place in (*map(service, job.services), *run_job) if job.since is not None else ():
                yield Fact(
                    place=place, effect=FailureEffect.STOPS, severity=suspect.severity, rank=rank,
                    mechanism=True, since=_aware(job.since),
                )  # fmt: skip


def _near(explanation: Explanation) -> tuple[tuple[Change, bool], ...]:
    """The changes that may be why: those that are established, else those of the two intervals before."""
    interval = explanation.root.interval
    if interval is None:
        return ()
    earliest = interval.start - (interval.end - interval.start)
    return tuple(each for each in explanation.suspects if each[1] or each[0].at >= earliest)[:MOST_SUSPECTS]


def _of_its_own(
    board: Board, explanation: Explanation, root: Symptom, suspects: tuple[tuple[Change, bool], ...]
) -> tuple[object, Suspect | None]:
    """Return the cause that a root without a mechanism is, and what makes it one with others; None for none."""
    change = _blamed(explanation, suspects)
    verdict = _is_verdict(board, root)
    if not root.grave and not (verdict and root.data_present is False):
        return None, None
    named = _named(board, explanation, root, change if root.data_present is not True else None)
    if named is None:
        return None, None
    name, code, subject = named
    suspect = Suspect(code=code, subject=subject, primary=[], changes=suspects)
    if code in BY_CHANGE:
        suspect.behind = (subject,)
        suspect.last_good = explanation.root.last_good
    return name, suspect


def _named(
    board: Board, explanation: Explanation, root: Symptom, change: Change | None
) -> tuple[object, str, str] | None:
    """Return what makes a cause one with others, its code and its subject; None where a finding is no cause."""
    if change is not None:
        code = "broken-by-deploy" if change.kind == "deploy" else "broken-by-change"
        return (code, change.place, change.at), code, change.place.name
    if _is_verdict(board, root):
        code, subject = _code_of(root), root.place.name
        running = code == "unexplained" and root.data_present
        return (code, root.finding.interval if running else subject), code, subject
    if root.check in board.sql_checks or root.finding.code in COLUMN_FAILURES:
        # What is wrong with one table on several dates, the same people repair at one time.
        place = explanation.root.place
        check = root.check if place.kind is not PlaceKind.TABLE else ""
        return ("upstream-check", check, place), "upstream-check", root.check
    for family, code in OF_ITS_OWN.items():
        if family in root.finding.facts.families():
            subject = root.check if family is CalendarFacts else root.place.name
            return (code, explanation.root.place), code, subject
    return None


def _blamed(explanation: Explanation, suspects: Iterable[tuple[Change, bool]]) -> Change | None:
    """The change since which a place does not work: a deploy, else another change of what stopped altogether."""
    sure = [change for change, established in suspects if established]
    deploy = next((each for each in sure if each.kind == "deploy"), None)
    return deploy or (next(iter(sure), None) if explanation.root.effect is FailureEffect.STOPS else None)


def _code_of(verdict: Symptom) -> str:
    facts = verdict.of(TriggerFacts)
    if verdict.finding.code in ("not-triggered", "bypassed") and facts.stale_trigger:
        return "stale-trigger"
    if verdict.finding.code == "triggered-without-effect":
        return "trigger-without-effect"
    return "processor-missing" if facts.missing and not verdict.data_present else "unexplained"


def _is_verdict(board: Board, symptom: Symptom) -> bool:
    return DataFacts in symptom.finding.facts.families() and symptom.place.name in board.transitions


def _add(board: Board, suspect: Suspect, symptoms: Sequence[Symptom], *, own: bool) -> None:
    """Put failures behind a cause: the first broken transition of each interval, the failures that show the cause, and
    what follows."""
    root = symptoms[0]
    broken = {each.finding.interval for each in suspect.triggers}
    for each in board.explain([root, *board.ranked(symptoms[1:])]):
        # A check on what a run lists judges many places: what it says of another is no sign of this one.
        same = each.check == root.check and (each.place == root.place or not is_of_tasks(root.finding.facts))
        shows = own and (each is root or (same and each.finding.interval == root.finding.interval))
        grave = each.grave or each.data_present is False
        if _is_verdict(board, each) and (each is root or (grave and each.finding.interval not in broken)):
            suspect.triggers.append(each)
            broken.add(each.finding.interval)
        elif shows and not _is_verdict(board, each):
            suspect.primary.append(each)
        else:
            suspect.consequences.append(each)


def _of_silent_writers(pipeline: Pipeline, found: Iterable[Explanation]) -> Mapping[Fact, str]:
    """Return the absences that are one because the same service would have written many of the tables."""
    writer: dict[str, list[str]] = {}
    for spec in writers(pipeline):
        for table in spec.writes:
            writer.setdefault(table, []).append(spec.name)
    absent: dict[str, dict[Place, list[Fact]]] = {}
    for each in found:
        root, names = each.root, writer.get(each.root.place.name, [])
        if each.mechanism is None and root.effect is FailureEffect.STOPS and len(names) == 1:
            absent.setdefault(names[0], {}).setdefault(root.place, []).append(root)
    many = {name: tables for name, tables in absent.items() if len(tables) >= MANY_TABLES}
    return {fact: name for name, tables in many.items() for facts in tables.values() for fact in facts}


Unjudged = Mapping[tuple[str, Interval | None], Sequence[Symptom]]


def _unjudged(board: Board) -> Unjudged:
    """Return what checks could not judge, by each table that they read and the interval; not what could not be read."""
    found: dict[tuple[str, Interval | None], list[Symptom]] = {}
    for each in board.unknown:
        unasked, spec = known(each.finding.facts, Unasked), board.sql_checks.get(each.check)
        if unasked is not None:
            tables = unasked.tables
        else:
            tables = spec.tables if spec is not None and known(each.finding.facts, Unread) is None else ()
        for table in tables:
            found.setdefault((table, each.finding.interval), []).append(each)
    return found


def _unjudged_for(root: Fact, unjudged: Unjudged) -> Iterator[Symptom]:
    """What could not be judged because a table is empty, or has no values: nothing is wrong with what is judged."""
    if root.effect is not FailureEffect.NOTE and root.place.kind is PlaceKind.TABLE:
        for each in unjudged.get((root.place.name, root.interval), ()):
            if root.effect is FailureEffect.STOPS or each.finding.code == "no-value":
                yield each


def _without_evidence(board: Board) -> Mapping[str, Sequence[Symptom]]:
    """Return the transitions of which nothing can be told, by who moves them, and would have said so."""
    found: dict[str, list[Symptom]] = {}
    for each in board.unknown:
        transition = board.transitions.get(each.place.name)
        moved = transition is not None and not transition.monitoring_only and transition.orchestrator
        if moved and each.finding.code == "no-evidence":
            found.setdefault(moved, []).append(each)
    return found


class _Reading:
    """What the findings say of places: what failed, what did its work, when, and what was changed."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._worked = list(self._seen())

    def fact(self, symptom: Symptom, place: Place, rank: int) -> Fact:
        """Return a failure as the graph knows it."""
        board, finding = self._board, symptom.finding
        phases = [finding.phase] if place.facet != WAITS else [self._source_of(place)]
        return Fact(
            place=place,
            effect=board.effect(symptom),
            severity=finding.severity if finding.severity is not None else Severity.P3,
            rank=rank,
            interval=finding.interval,
            due=_aware(self._due(symptom)),
            last_good=_aware(self._last_good(symptom, place)),
            of=tuple(Place(PlaceKind.DATA, name) for name in (symptom.check, *filter(None, phases))),
            joined=_joined(board.sql_checks.get(symptom.check), place),
            ahead=CalendarFacts in finding.facts.families(),
        )

    def _source_of(self, place: Place) -> str | None:
        return next((each.source for each in self._board.pipeline.transitions if each.id == place.name), None)

    def _due(self, symptom: Symptom) -> datetime | None:
        facts = known(symptom.finding.facts, DataFacts)
        if facts is not None:
            return facts.due
        interval, phase = symptom.finding.interval, symptom.finding.phase
        spec = self._board.sql_checks.get(symptom.check)
        if interval is None:
            return None
        if spec is not None and spec.due is not None:
            return spec.due.of(interval, self._board.pipeline.timeline)
        dues = [
            each.of(DataFacts).due
            for (subject, day), each in self._board.triggers.items()
            if day == interval and self._board.transitions[subject].target == phase
        ]
        return max(filter(None, map(_aware, dues)), default=None)

    def _last_good(self, symptom: Symptom, place: Place) -> datetime | None:
        """When the place last did its work, for any other interval. The newest row of all may be one of this interval,
        of which only a part is there or is right."""
        interval, phase = symptom.finding.interval, symptom.finding.phase
        if place.kind is PlaceKind.TRANSITION:
            # Data that arrived all the same does not show that the transition worked.
            return symptom.of(TriggerFacts).last_good_trigger
        shown = (each.rows for each in self._board.pipeline.phases if each.id == phase and each.rows is not None)
        tables = (Place(PlaceKind.TABLE, name) for rows in shown for name in tables_in(rows))
        places = {place, Place(PlaceKind.PHASE, phase or "", ROWS), *tables}
        stopped = interval is None or self._board.effect(symptom) is FailureEffect.STOPS
        worked = ((day, at) for where, day, at in self._worked if where in places and day != interval)
        known_good = (at for day, at in worked if day or stopped or interval is None or at < interval.end)
        return max(known_good, default=None)

    def _seen(self) -> Iterator[tuple[Place, Interval | None, datetime]]:
        for (subject, day), each in self._board.triggers.items():
            facts = each.of(TriggerFacts)
            if each.data_present and (at := _aware(facts.effect_last_at)) is not None:
                yield Place(PlaceKind.PHASE, self._board.transitions[subject].target, ROWS), day, at
        for each in self._board.everything:
            spec = self._board.sql_checks.get(each.check)
            values = known(each.finding.facts, Values)
            if spec is None or values is None:
                continue
            table = judged(spec, each.finding.subject)
            for name, value in values.values.items():
                if name.startswith("last_") and isinstance(value, datetime) and value.tzinfo is not None:
                    # The newest row of all intervals is no row of the one that is judged.
                    yield table, None, value

    def health(self) -> Iterator[Health]:
        """What did its work, with evidence that judged rows."""
        for (subject, day), each in self._board.triggers.items():
            transition = self._board.transitions[subject]
            if each.data_present is True:
                for facet in ("", WORK, ROWS):
                    yield Health(Place(PlaceKind.PHASE, transition.target, facet), day)
            if each.finding.code == "bypassed" or each.of(TriggerFacts).enough_since is not None:
                yield Health(Place(PlaceKind.TRANSITION, transition.id, WAITS), day)
            if each.finding.code in ("triggered", "triggered-without-effect"):
                yield Health(Place(PlaceKind.TRANSITION, transition.id), day)
                yield Health(Place(PlaceKind.TRANSITION, transition.id, WAITS), day)
                yield Health(Place(PlaceKind.PHASE, transition.target), day)
        # That a table was written lately says nothing of one interval: only a count of its rows does.
        counting = {name: spec for name, spec in self._board.sql_checks.items() if spec.finds_none}
        for each in self._board.everything:
            spec = counting.get(each.check)
            if spec is None or each.finding.outcome not in (Outcome.PASSED, Outcome.FAILED):
                continue
            stopped = (
                each.finding.outcome is Outcome.FAILED and spec.effect_of(each.finding.code) is FailureEffect.STOPS
            )
            if not stopped and each.finding.facts is not NOTHING:
                yield Health(judged(spec, each.finding.subject), each.finding.interval)


def _joined(spec: SqlCheck | None, place: Place) -> tuple[Place, ...]:
    """Return what a check compares a place with."""
    tables = spec.tables if spec is not None else ()
    return tuple(Place(PlaceKind.TABLE, name) for name in tables if name != place.name)


def _aware(instant: datetime | None) -> datetime | None:
    """An instant without a zone is none: nobody can say what came before it."""
    return instant if instant is not None and instant.tzinfo is not None else None
