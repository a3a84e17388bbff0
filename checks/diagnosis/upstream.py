"""Reasons in the data and the processors: a failed check further up, a run that does not end.

Which failures a SQL check can cause is written in the pipeline file, under ``explains``.
"""

from __future__ import annotations

from checks.diagnosis.board import SOURCE_AT_FAULT, Board, Suspect
from checks.diagnosis.symptom import Symptom
from checks.facts.orchestration import HeartbeatFacts, TriggerFacts, UnfinishedFacts
from checks.model import FindingKey, Interval
from checks.pipeline import Transition


def failed_before(board: Board, transition: Transition, verdict: Symptom) -> Suspect | None:
    """Return the failed SQL check that explains the phases of a broken transition; of a chain, the root."""
    if verdict.data_present:
        return None
    explaining = board.explaining(verdict.finding.interval, (transition.source, transition.target))
    if explaining is None:
        return None
    root = _root(board, explaining)
    return Suspect(code="upstream-check", subject=root.check, primary=board.explain(_rows_of(board, root)))


def stalled_before(board: Board, transition: Transition, verdict: Symptom) -> Suspect | None:
    """Return the run that does not end, or the processor whose heartbeat has stopped, in the phase that is
    waited for."""
    if verdict.finding.code in SOURCE_AT_FAULT:
        phase = transition.source
    elif verdict.finding.code in ("triggered-without-effect", "data-missing"):
        phase = transition.target
    else:
        return None
    facts = verdict.of(TriggerFacts)
    missing = {*facts.missing, *facts.critical_missing}

    def stuck(each: Symptom) -> bool:
        if each.finding.interval not in (None, verdict.finding.interval):
            return False
        in_phase = UnfinishedFacts in each.finding.facts.families() and each.finding.phase == phase
        return in_phase or each.place.name in missing

    found = board.ranked([*board.free(stuck, family=HeartbeatFacts), *board.free(stuck, family=UnfinishedFacts)])
    if not found:
        return None
    return Suspect(code="processor-stalled", subject=found[0].place.name, primary=board.explain(found))


def remaining_causes(board: Board) -> list[Suspect]:
    """Return what explains later failures although every transition is fine: failed SQL checks, stalled runs.

    One that explains nothing is no cause: it is a failure of its own.
    """
    return [*_failed_checks(board), *_stalled_runs(board)]


def _root(board: Board, symptom: Symptom) -> Symptom:
    """Follow what explains a failed check up to the one that nothing explains."""
    seen = {symptom.check}
    while (before := board.explaining(symptom.finding.interval, (symptom.finding.phase,), but=seen)) is not None:
        symptom = before
        seen.add(symptom.check)
    return symptom


def _rows_of(board: Board, symptom: Symptom) -> list[Symptom]:
    """Every grave finding of the same check and date."""
    day = symptom.finding.interval
    return [each for each in board.free_of(symptom.check) if each.finding.interval == day]


def _failed_checks(board: Board) -> list[Suspect]:
    """Findings of one check, phase and date have one root, so each such group is followed once."""
    found = []
    groups = {(each.check, each.finding.phase, each.finding.interval): each for each in board.failed_data()}
    barren: set[tuple[str, Interval | None]] = set()
    for candidate in groups.values():
        if not board.is_free(candidate):
            continue
        root = _root(board, candidate)
        if (root.check, root.finding.interval) in barren:
            continue
        consequences = _caused(board, root)
        if not consequences:
            barren.add((root.check, root.finding.interval))
            continue
        found.append(
            Suspect(
                code="upstream-check",
                subject=root.check,
                primary=board.explain(_rows_of(board, root)),
                consequences=board.explain(consequences),
            )
        )
    return found


def _caused(board: Board, root: Symptom) -> list[Symptom]:
    """Every free failure of the date that a failed SQL check explains, directly or through another."""
    caused: dict[FindingKey, Symptom] = {}
    waiting, seen = [root.check], {root.check}
    phases: set[str] = set()
    while waiting:
        new = set(board.sql_checks[waiting.pop()].explains) - phases
        phases |= new
        for each in board.free_at(root.finding.interval, new):
            if each.check == root.check:
                continue
            caused[each.key] = each
            if each.grave and each.check in board.sql_checks and each.check not in seen:
                seen.add(each.check)
                waiting.append(each.check)
    return list(caused.values())


def _stalled_runs(board: Board) -> list[Suspect]:
    found = []
    for run in board.free(lambda each: each.grave, family=UnfinishedFacts):
        phase, day = run.finding.phase, run.finding.interval
        # The run history says no date, so a run of it may be of any that is judged.
        days = board.days if day is None else (day,)
        consequences = board.free_data(days, phase) if phase is not None else []
        if consequences:
            found.append(
                Suspect(
                    code="processor-stalled",
                    subject=run.place.name,
                    primary=board.explain([run]),
                    consequences=board.explain(consequences),
                )
            )
    return found
