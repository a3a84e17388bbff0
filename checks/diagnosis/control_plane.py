"""Causes in the services themselves: a caller shut out, a service not ready, an old revision, a lost variable.

Each of them is a cause of its own, whether or not anything has suffered from it yet.
"""

from __future__ import annotations

from checks.diagnosis import platform
from checks.diagnosis.board import Board, Suspect
from checks.diagnosis.evidence import removing_deploy
from checks.diagnosis.signs import sign_causes
from checks.diagnosis.symptom import Symptom
from checks.facts import Facts
from checks.facts.control_plane import (
    InvokerFacts,
    ReadyFacts,
    RevisionsFacts,
    TrafficFacts,
    VariablesFacts,
)
from checks.facts.orchestration import DataFacts

REFUSALS = frozenset({"caller-refused", "conditional-grant", "deleted-member"})
NOT_READY = frozenset({"not-ready", "stuck-reconciling"})
LOST_VARIABLES = frozenset({"variable-missing", "variable-empty"})
REMOVED_VARIABLES = frozenset({"variable-lost", "required-variable-lost"})
FLAG_CODES = frozenset({"flag-not-set", "untracked", "no-record"})
"""The flag or the document is wrong; the data is there."""


def shown_causes(board: Board) -> list[Suspect]:
    """Return every cause that the control plane shows, in the order in which reasons are looked for."""
    found = [
        *_shut_out(board),
        *platform.without_identity(board),
        *platform.subscription_causes(board),
        *_not_ready(board),
        *_stale(board),
        *_without_variables(board),
        *_misspelled(board),
        *_with_other_values(board),
        *platform.build_causes(board),
        *platform.drift_causes(board),
        *platform.run_job_causes(board),
        *platform.job_causes(board),
        *platform.audit_causes(board),
    ]
    found += sign_causes(board, found)
    platform.explain_silence(board, found)
    return found


def _shut_out(board: Board) -> list[Suspect]:
    """Services refused by the same caller are one cause, and jobs that are refused follow from the first."""
    by_caller: dict[tuple[str, ...], list[Symptom]] = {}
    for each in board.free(lambda each: each.grave and each.finding.code in REFUSALS, family=InvokerFacts):
        by_caller.setdefault(each.of(InvokerFacts).caller, []).append(each)
    found = [
        Suspect(
            code="invoker-removed-by-deploy" if removing_deploy(board, refusals) else "invoker-missing",
            subject=refusals[0].place.name,
            primary=board.explain(refusals),
        )
        for _, refusals in sorted(by_caller.items())
    ]
    if found:
        found[0].consequences += board.explain(platform.refused_jobs(board))
    return found


def _not_ready(board: Board) -> list[Suspect]:
    """A service that is missing or not ready is one cause, whichever checks say so: a revision that never
    became ready also leaves the traffic on the one before."""
    broken = {
        each.place.name
        for each in board.free()
        if (_is(each, ReadyFacts) and each.finding.code in NOT_READY) or platform.says_missing(each)
    }
    by_service: dict[str, list[Symptom]] = {}
    for each in board.free(lambda each: each.place.service in broken):
        if platform.says_missing(each) or _is(each, ReadyFacts) or _is(each, TrafficFacts):
            by_service.setdefault(each.place.name, []).append(each)
    return [
        Suspect(
            code="service-not-ready",
            subject=name,
            primary=board.explain(sorted(said, key=_readiness_first)),
            consequences=_without_service(board, name) if any(map(platform.says_missing, said)) else [],
        )
        for name, said in sorted(by_service.items())
    ]


def _without_service(board: Board, name: str) -> list[Symptom]:
    """Return what follows where a service is not there: jobs that call it, topics that lost just its subscription."""
    return board.explain([*platform.jobs_failing_on(board, name), *platform.topics_without(board, name)])


def _misspelled(board: Board) -> list[Suspect]:
    """A variable that differs only where nobody sees it is a cause, whether or not anything has failed since."""
    slips = board.free(lambda each: each.grave and each.finding.code == "variable-misspelled", family=RevisionsFacts)
    return [
        Suspect(code="variable-misspelled", subject=each.place.name, primary=board.explain([each]))
        for each in list(slips)
    ]


def _with_other_values(board: Board) -> list[Suspect]:
    """A required variable with another value is told by itself, unless a failure since its deploy is."""
    changed = board.free(
        lambda each: each.grave and each.finding.code == "required-variable-changed", family=RevisionsFacts
    )
    return [
        Suspect(code="variable-changed", subject=each.place.name, primary=board.explain([each]))
        for each in list(changed)
    ]


def _is(symptom: Symptom, family: type[Facts]) -> bool:
    return family in symptom.finding.facts.families()


def _readiness_first(symptom: Symptom) -> tuple[bool, str]:
    return not _is(symptom, ReadyFacts), symptom.check


def _stale(board: Board) -> list[Suspect]:
    """Old revisions are one cause: what leaves one behind mostly leaves several."""
    stale = list(board.free(lambda each: each.finding.code == "stale-revision", family=TrafficFacts))
    if not stale:
        return []
    return [Suspect(code="stale-revision", subject=stale[0].place.name, primary=board.explain(stale))]


def _without_variables(board: Board) -> list[Suspect]:
    """A lost variable is one cause a service: of the deploy that removed it, where the revisions show it."""
    lost: dict[str, list[Symptom]] = {}
    for each in board.free(_lost_variable):
        lost.setdefault(each.place.name, []).append(each)
    found = []
    for service, symptoms in lost.items():
        # What the revisions show comes first: it knows which of them lost the variable.
        symptoms.sort(key=lambda each: not _is(each, RevisionsFacts))
        removed = _is(symptoms[0], RevisionsFacts)
        found.append(
            Suspect(
                code="variable-removed-by-deploy" if removed else "variable-missing",
                subject=service,
                primary=board.explain(symptoms),
            )
        )
    return found


def _lost_variable(symptom: Symptom) -> bool:
    if _is(symptom, RevisionsFacts):
        return symptom.grave and symptom.finding.code in REMOVED_VARIABLES
    return _is(symptom, VariablesFacts) and symptom.finding.code in LOST_VARIABLES


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
