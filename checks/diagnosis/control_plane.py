"""Causes in the control plane: a caller shut out, a service not ready, an old revision, a lost variable.

Each of them is a cause of its own, whether or not anything has suffered from it yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from checks.diagnosis.board import Board, Suspect, Symptom

CHECKS = ("invoker", "service-ready", "service-traffic", "service-environment")
"""The checks that can give a reason, in the order in which reasons are looked for."""

REFUSALS = frozenset({"caller-refused", "conditional-grant", "deleted-member"})
NOT_READY = frozenset({"not-ready", "stuck-reconciling"})
LOST_VARIABLES = frozenset({"variable-missing", "variable-empty"})


def shown_causes(board: Board) -> list[Suspect]:
    """Return every cause that the control plane shows, in the order in which reasons are looked for."""
    return [*_shut_out(board), *_not_ready(board), *_stale(board), *_without_variables(board)]


def last_good_trigger(board: Board, service: str) -> datetime | None:
    """Return when a service was last known to be called, as far as the verdicts on the triggers tell.

    For an orchestrator that is its own last trigger. Any other service leaves no such trace, but while the
    pipeline moved at all its services were called: there it is the last trigger of any transition.
    """
    moved = {subject for subject, each in board.transitions.items() if each.orchestrator == service}
    known = (
        each.instant("last_good_trigger")
        for (transition, _), each in board.triggers.items()
        if not moved or transition in moved
    )
    return max((each for each in known if each is not None), default=None)


def removing_deploy(board: Board, refusals: Iterable[Symptom]) -> Symptom | None:
    """Return the first refusal whose service was deployed after its last good trigger: the deploy that removed
    the binding."""
    for each in refusals:
        deployed, good = each.instant("deployed_at"), last_good_trigger(board, each.finding.subject)
        if each.finding.code == "caller-refused" and deployed is not None and good is not None and deployed > good:
            return each
    return None


def _shut_out(board: Board) -> list[Suspect]:
    """Services refused by the same caller are one cause."""
    by_caller: dict[str, list[Symptom]] = {}
    for each in board.free(lambda each: each.check == "invoker" and each.grave and each.finding.code in REFUSALS):
        by_caller.setdefault(each.text("caller"), []).append(each)
    return [
        Suspect(
            code="invoker-removed-by-deploy" if removing_deploy(board, refusals) else "invoker-missing",
            subject=refusals[0].finding.subject,
            primary=board.explain(refusals),
        )
        for _, refusals in sorted(by_caller.items())
    ]


def _not_ready(board: Board) -> list[Suspect]:
    """A service that is missing or not ready is one cause, whichever checks say so: a revision that never
    became ready also leaves the traffic on the one before."""
    broken = {
        each.finding.subject
        for each in board.free()
        if (each.check == "service-ready" and each.finding.code in NOT_READY) or _says_missing(each)
    }
    by_service: dict[str, list[Symptom]] = {}
    for each in board.free(lambda each: each.finding.subject in broken):
        if _says_missing(each) or each.check in ("service-ready", "service-traffic"):
            by_service.setdefault(each.finding.subject, []).append(each)
    return [
        Suspect(code="service-not-ready", subject=name, primary=board.explain(sorted(said, key=_readiness_first)))
        for name, said in sorted(by_service.items())
    ]


def _says_missing(symptom: Symptom) -> bool:
    return symptom.check in (*CHECKS, "service-instances") and symptom.finding.code == "service-missing"


def _readiness_first(symptom: Symptom) -> tuple[bool, str]:
    return symptom.check != "service-ready", symptom.check


def _stale(board: Board) -> list[Suspect]:
    """Old revisions are one cause: what leaves one behind mostly leaves several."""
    stale = list(board.free(lambda each: each.check == "service-traffic" and each.finding.code == "stale-revision"))
    if not stale:
        return []
    return [Suspect(code="stale-revision", subject=stale[0].finding.subject, primary=board.explain(stale))]


def _without_variables(board: Board) -> list[Suspect]:
    lost = board.free(lambda each: each.check == "service-environment" and each.finding.code in LOST_VARIABLES)
    return [
        Suspect(code="variable-missing", subject=each.finding.subject, primary=board.explain([each]))
        for each in list(lost)
    ]


def explain_data(board: Board, found: Iterable[Suspect]) -> None:
    """Let each cause in the control plane explain the failed data checks of its services' phases."""
    for suspect in found:
        for name in sorted(suspect.services):
            spec = board.spec(name)
            if spec is not None and spec.phase is not None:
                suspect.consequences += board.explain(_failed_data(board, name, spec.phase))


def _failed_data(board: Board, service: str, phase: str) -> list[Symptom]:
    return [
        each
        for each in board.free(lambda each: each.check in board.sql_checks and each.grave)
        if each.finding.phase == phase and not _arrived_without(board, service, each)
    ]


def _arrived_without(board: Board, service: str, symptom: Symptom) -> bool:
    """Whether the data of a failed check came although this orchestrator did not work: then it is not why."""
    return any(
        verdict is not None and verdict.data_present is True
        for subject, transition in board.transitions.items()
        if transition.orchestrator == service
        for verdict in [board.triggers.get((subject, symptom.finding.date))]
    )
