"""What could not be read and might have shown the reason."""

from __future__ import annotations

from collections.abc import Iterable

from checks.diagnosis.board import Board
from checks.diagnosis.symptom import Symptom
from checks.facts import Unread, known
from checks.places import PlaceKind


def unread_before(board: Board, root: Symptom, services: Iterable[str], *, found: bool) -> tuple[str, ...]:
    """Name the checks that might have shown the reason and could not check, or are not part of this run.

    Where a reason was ``found``, only those of the services count.
    """
    relevant = dict(board.unread_reasons(services))
    transition = board.transitions.get(root.place.name)
    phases = (transition.source, transition.target) if transition is not None else ()
    for phase in () if found else phases:
        for day in (None, root.finding.interval):
            relevant.update(board.unread_before(phase, day))
    unread = [_in_words(board, each) for _, each in sorted(relevant.items(), key=lambda each: each[0])]
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
        named = f"“{board.title(symptom.check)}”"
    else:
        named = what if symptom.place.kind is PlaceKind.SOURCE else f"{what} of {symptom.place.name}"
    return f"{named} ({why})" if why else named
