"""Reasons in the data and the processors: a failed check further up, a run that does not end.

Which failures a SQL check can cause is written in the pipeline file, under ``explains``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from checks.diagnosis.board import SOURCE_AT_FAULT, Board, Suspect, Symptom
from checks.model import FindingKey
from checks.pipeline import Transition


def failed_before(board: Board, transition: Transition, verdict: Symptom) -> Suspect | None:
    """Return the failed SQL check that explains the phases of a broken transition; of a chain, the root."""
    if verdict.data_present:
        return None
    explaining = _explaining(board, verdict.finding.date, (transition.source, transition.target))
    if not explaining:
        return None
    root = _root(board, explaining[0])
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
    missing = {*verdict.names("missing"), *verdict.names("critical_missing")}

    def stuck(each: Symptom) -> bool:
        if each.finding.date not in (None, verdict.finding.date):
            return False
        if _is_stalled_run(board, each):
            return each.finding.phase == phase or processor_of(each) in missing
        return each.check == "heartbeats" and processor_of(each) in missing

    found = list(board.free(stuck))
    if not found:
        return None
    return Suspect(code="processor-stalled", subject=processor_of(found[0]), primary=board.explain(found))


def remaining_causes(board: Board) -> list[Suspect]:
    """Return what explains later failures although every transition is fine: failed SQL checks, stalled runs.

    One that explains nothing is no cause: it is a failure of its own.
    """
    return [*_failed_checks(board), *_stalled_runs(board)]


def processor_of(symptom: Symptom) -> str:
    """Return the processor that a finding is about."""
    return symptom.text("processor") or symptom.finding.subject


def _is_stalled_run(board: Board, symptom: Symptom) -> bool:
    """A transition that hangs is reported by the same check; it is what is to be explained."""
    return symptom.check == "stalled" and all(symptom.finding.subject != each.id for each in board.pipeline.transitions)


def _explaining(board: Board, day: date | None, phases: Collection[str | None]) -> list[Symptom]:
    """The failed SQL checks of a date that may have caused failures of these phases, as the file says."""
    return [
        each
        for each in board.free(lambda each: each.check in board.sql_checks and each.grave)
        if each.finding.date == day and not set(phases).isdisjoint(board.sql_checks[each.check].explains)
    ]


def _root(board: Board, symptom: Symptom) -> Symptom:
    """Follow what explains a failed check up to the one that nothing explains."""
    seen = {symptom.check}
    while True:
        before = _explaining(board, symptom.finding.date, (symptom.finding.phase,))
        earlier = [each for each in before if each.check not in seen]
        if not earlier:
            return symptom
        symptom = earlier[0]
        seen.add(symptom.check)


def _rows_of(board: Board, symptom: Symptom) -> list[Symptom]:
    """Every grave finding of the same check and date."""
    return [
        each
        for each in board.free(lambda each: each.check == symptom.check and each.grave)
        if each.finding.date == symptom.finding.date
    ]


def _failed_checks(board: Board) -> list[Suspect]:
    found = []
    for candidate in list(board.free(lambda each: each.check in board.sql_checks and each.grave)):
        if not board.is_free(candidate):
            continue
        root = _root(board, candidate)
        consequences = _caused(board, root)
        if consequences:
            primary = board.explain(_rows_of(board, root))
            found.append(
                Suspect(
                    code="upstream-check",
                    subject=root.check,
                    primary=primary,
                    consequences=board.explain(consequences),
                )
            )
    return found


def _caused(board: Board, root: Symptom) -> list[Symptom]:
    """Every free failure of the date that a failed SQL check explains, directly or through another."""
    caused: dict[FindingKey, Symptom] = {}
    waiting, seen = [root.check], {root.check}
    while waiting:
        phases = board.sql_checks[waiting.pop()].explains
        for each in list(board.free()):
            if each.finding.date != root.finding.date or each.finding.phase not in phases or each.check == root.check:
                continue
            caused[each.key] = each
            if each.grave and each.check in board.sql_checks and each.check not in seen:
                seen.add(each.check)
                waiting.append(each.check)
    return list(caused.values())


def _stalled_runs(board: Board) -> list[Suspect]:
    found = []
    for run in list(board.free(lambda each: each.grave and _is_stalled_run(board, each))):
        consequences = [
            each
            for each in board.free(lambda each: each.check in board.sql_checks and each.grave)
            if each.finding.phase is not None
            and (each.finding.phase, each.finding.date) == (run.finding.phase, run.finding.date)
        ]
        if consequences:
            found.append(
                Suspect(
                    code="processor-stalled",
                    subject=processor_of(run),
                    primary=board.explain([run]),
                    consequences=board.explain(consequences),
                )
            )
    return found
