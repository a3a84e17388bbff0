"""Walking the chain of transitions: the first broken one of each date, its reason, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checks.diagnosis import upstream
from checks.diagnosis.board import SOURCE_AT_FAULT, WITHOUT_REASON, Board, Suspect
from checks.diagnosis.control_plane import NO_EXPLANATION
from checks.diagnosis.symptom import Symptom
from checks.facts import Unread, known
from checks.facts.orchestration import DataFacts, GapFacts, LogFacts, TriggerFacts
from checks.pipeline import Transition
from checks.places import PlaceKind

FLAG_CODES = frozenset({"flag-not-set", "untracked", "no-record"})
"""The flag or the document is wrong; the data is there."""


def walk(board: Board, known: Sequence[Suspect]) -> list[Suspect]:
    """Explain the broken transitions, date by date in the pipeline's order.

    A transition that a known cause explains goes to that cause, any other becomes a cause of its own; either
    takes what follows. What is explained is not looked at again, so only the first broken one counts.
    """
    new: list[Suspect] = []
    places = {name: number for number, name in enumerate(board.transitions)}
    verdicts = list(board.free(lambda each: each.place.name in places, family=DataFacts))
    verdicts.sort(key=lambda each: (_day(each), places[each.place.name]))
    sure = _by_service(each for each in known if each.code not in NO_EXPLANATION)
    doubtful = _by_service(each for each in known if each.code in NO_EXPLANATION)
    failing_jobs = [each for each in known if each.code == "job-failing"]
    told = {id(each) for each in known}
    for verdict in verdicts:
        transition = board.transitions[verdict.place.name]
        reason = _of_its_services(board, sure, transition, verdict)
        if not _is_broken(verdict, reason) or not board.is_free(verdict):
            continue
        board.explain([verdict])
        if reason is None:
            reason = _bypass_of_the_day(new, verdict) or _reason(board, failing_jobs, doubtful, transition, verdict)
        if id(reason) not in told:
            told.add(id(reason))
            new.append(reason)
        reason.triggers.append(verdict)
        reason.consequences += board.explain(_following(board, transition, verdict, reason))
    return new


ByService = Mapping[str, tuple[int, Suspect]]
"""The first cause of each service, and its place among the causes."""


def _by_service(known: Iterable[Suspect]) -> ByService:
    found: dict[str, tuple[int, Suspect]] = {}
    for place, suspect in enumerate(known):
        for service in suspect.services:
            found.setdefault(service, (place, suspect))
    return found


def _of_its_services(board: Board, known: ByService, transition: Transition, verdict: Symptom) -> Suspect | None:
    """Return the first known cause in a service whose trouble would explain a verdict."""
    found = [known[service] for service in _at_fault(board, transition, verdict) if service in known]
    return min(found, key=lambda each: each[0])[1] if found else None


def _is_broken(verdict: Symptom, reason: Suspect | None) -> bool:
    """Whether a verdict needs a reason. A missing document is only a wrong flag, unless its writer is shut out."""
    if verdict.grave or verdict.data_present is False:
        return True
    return reason is not None and verdict.finding.code in ("untracked", "no-record")


def _at_fault(board: Board, transition: Transition, verdict: Symptom) -> frozenset[str]:
    """The services whose trouble would explain this verdict."""
    orchestrator = frozenset({transition.orchestrator} if transition.orchestrator else ())
    match verdict.finding.code:
        case "not-triggered" | "bypassed" | "untracked" | "no-record":
            return orchestrator
        case "flag-not-set":
            return frozenset()
        case "triggered-without-effect":
            return board.workers(transition.target)
        case "data-missing":
            return board.workers(transition.source) | board.workers(transition.target)
        case _:
            return orchestrator | board.workers(transition.source)


def _bypass_of_the_day(new: Sequence[Suspect], verdict: Symptom) -> Suspect | None:
    """Several orchestrators passed by on one date, for no known reason, are one cause."""
    if not verdict.data_present:
        return None
    same = (
        each
        for each in new
        if each.code == "unexplained" and not each.blocked and _day(each.triggers[0]) == _day(verdict)
    )
    return next(same, None)


def _reason(
    board: Board, failing_jobs: Sequence[Suspect], doubtful: ByService, transition: Transition, verdict: Symptom
) -> Suspect:
    """Return the cause of a broken transition whose services are in order as far as is known.

    That they run old code counts only where nothing better is found: it is what worked the day before.
    """
    suspect = (
        _stale_trigger(verdict)
        or upstream.failed_before(board, transition, verdict)
        or _failing_job(failing_jobs, transition, verdict)
        or upstream.stalled_before(board, transition, verdict)
        or _of_its_services(board, doubtful, transition, verdict)
        or Suspect(code=_plain(verdict), subject=verdict.place.name, primary=[])
    )
    suspect.unread = _unread(board, transition, verdict, found=suspect.code not in WITHOUT_REASON)
    return suspect


def _stale_trigger(verdict: Symptom) -> Suspect | None:
    """One document serves several runs of a date: the flag of an earlier one keeps the later from triggering."""
    if verdict.finding.code not in ("not-triggered", "bypassed") or not verdict.of(TriggerFacts).stale_trigger:
        return None
    return Suspect(code="stale-trigger", subject=verdict.place.name, primary=[])


def _failing_job(failing: Sequence[Suspect], transition: Transition, verdict: Symptom) -> Suspect | None:
    """Return the failing jobs that do the work of the phase that is waited for."""
    if verdict.finding.code not in SOURCE_AT_FAULT:
        return None
    return next((each for each in failing if transition.source in each.covers), None)


def _plain(verdict: Symptom) -> str:
    if verdict.finding.code == "triggered-without-effect":
        return "trigger-without-effect"
    return "processor-missing" if verdict.of(TriggerFacts).missing and not verdict.data_present else "unexplained"


def _unread(board: Board, transition: Transition, verdict: Symptom, *, found: bool) -> tuple[str, ...]:
    """Name the checks that might have shown the reason and could not check, or are not part of this run.

    Where a reason was ``found``, only those count that come before it.
    """
    relevant = dict(board.unread_reasons(_at_fault(board, transition, verdict)))
    for phase in () if found else (transition.source, transition.target):
        for day in (None, verdict.finding.interval):
            relevant.update(board.unread_before(phase, day))
    unread = [_in_words(board, each) for _, each in sorted(relevant.items())]
    left_out = (
        []
        if found
        else [f"{what} (not part of this run)" for check, what in board.reasons.items() if check not in board.ran]
    )
    return tuple(dict.fromkeys(unread + left_out))


def _in_words(board: Board, symptom: Symptom) -> str:
    unread = known(symptom.finding.facts, Unread)
    why = f"{unread.source} {unread.problem}" if unread is not None else ""
    what = board.reasons.get(symptom.check)
    if what is None:
        named = f"'{board.title(symptom.check)}'"
    else:
        named = what if symptom.place.kind is PlaceKind.SOURCE else f"{what} of {symptom.place.name}"
    return f"{named} ({why})" if why else named


def _following(board: Board, transition: Transition, verdict: Symptom, reason: Suspect) -> list[Symptom]:
    """What follows from a broken transition on its date.

    Without the data: everything from the broken phase on, and what belongs to no phase. With the data, a
    failed data check has a reason of its own; only log rows and gaps follow from an idle orchestrator.
    """
    blocked = verdict.data_present is False
    waits_for_source = verdict.finding.code in SOURCE_AT_FAULT and transition.orchestrator not in reason.services
    step = board.step(transition.source if waits_for_source else transition.target)

    day = verdict.finding.interval
    if day is None:
        return []
    if blocked:
        found = board.free_at(day, board.phases_from(step))
        # A calendar that is in doubt is nobody's consequence.
        return [each for each in found if each.place.kind is not PlaceKind.CONDITION]
    return [
        each
        for family in (GapFacts, LogFacts)
        for each in board.free(family=family)
        if each.finding.interval == day and each.finding.phase is not None and board.step(each.finding.phase) >= step
    ]


def broken_flags(board: Board) -> list[Suspect]:
    """Flags and documents that are wrong while the data is there are one note."""
    wrong = [
        each
        for each in board.free(lambda each: each.place.name in board.transitions, family=DataFacts)
        if each.finding.code in FLAG_CODES and each.data_present is not False
    ]
    if not wrong:
        return []
    return [Suspect(code="broken-flag", subject=wrong[0].place.name, primary=[], triggers=board.explain(wrong))]


def _day(symptom: Symptom) -> str:
    return symptom.finding.interval.name if symptom.finding.interval is not None else ""
