"""Causes in how a service answers: it calls nobody's address, fails on what it is asked, or its messages do not arrive.

A service at fault in another way shows it here as well: its signs follow from that cause, and are none of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.diagnosis.board import HARMFUL, RISKS, Board, Suspect
from checks.diagnosis.symptom import Symptom
from checks.facts import Facts
from checks.facts.control_plane import DeliveryFacts, ErrorRateFacts, VariableAddressesFacts
from checks.facts.logs import ErrorsFacts

FAILING: Mapping[type[Facts], frozenset[str]] = {
    ErrorsFacts: frozenset({"errors-since-deploy"}),
    ErrorRateFacts: frozenset({"every-request-fails", "many-errors", "some-errors"}),
    DeliveryFacts: frozenset(
        {"refused", "failing", "backlog", "backlog-grows", "message-stuck", "often-failing", "dead-letters"}
    ),
}
"""The signs of a service that fails, what it says itself first."""


def sign_causes(board: Board, shown: Iterable[Suspect]) -> list[Suspect]:
    """Return a cause for each service that shows a sign which none of the causes ``shown`` explains."""
    for suspect in shown:
        if suspect.code not in RISKS | HARMFUL:
            suspect.consequences += board.explain(_signs(board, suspect.services))
    dead = [_dead_address(board, each) for each in _of(board, VariableAddressesFacts, frozenset({"address-missing"}))]
    by_service: dict[str, list[Symptom]] = {}
    for each in _signs(board):
        by_service.setdefault(_service(each), []).append(each)
    return [*dead, *(_failing(board, name, signs) for name, signs in by_service.items())]


def _dead_address(board: Board, symptom: Symptom) -> Suspect:
    """What the callers of a dead address start does not begin, although they may say that it did."""
    name = symptom.place.name
    started = {each.target for each in board.pipeline.transitions if each.orchestrator == name}
    return Suspect(
        code="address-missing",
        subject=name,
        primary=board.explain([symptom]),
        consequences=board.explain(_signs(board, {name})),
        covers=frozenset(started),
    )


def _failing(board: Board, name: str, signs: list[Symptom]) -> Suspect:
    delivered = all(DeliveryFacts in each.finding.facts.families() for each in signs)
    return Suspect(
        code="messages-not-taken" if delivered else "service-failing",
        subject=name,
        primary=board.explain(signs),
        behind=(name,),
    )


def _signs(board: Board, services: Iterable[str] | None = None) -> list[Symptom]:
    """Return the signs that nothing explains, of some services or of all."""
    wanted = None if services is None else frozenset(services)
    found = (each for family, codes in FAILING.items() for each in _of(board, family, codes))
    return [each for each in found if wanted is None or _service(each) in wanted]


def _service(sign: Symptom) -> str:
    """The service whose sign it is; a subscription that calls none of the project's stands for itself."""
    return sign.of(DeliveryFacts).service or sign.place.name


def _of(board: Board, family: type[Facts], codes: frozenset[str]) -> list[Symptom]:
    return list(board.free(lambda each: each.grave and each.finding.code in codes, family=family))
