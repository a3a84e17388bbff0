"""The names that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

LIKE = 0.5
"""How much of a name has to agree, of 1; of one that somebody typed into a chat a little more."""

FARTHER = 0.2
"""How much less alike than the nearest name another may be that is offered, too."""

NEAREST = 3
"""Names that an answer to a wrong one offers: whoever wants all of them asks for the list."""

MOST_NAMED = 15
"""Names that a sentence about a file lists where none of them is near to what was written."""


def meant(name: str, known: Iterable[str], otherwise: str, *, most: int = NEAREST) -> str:
    """Ask whether the nearest of the known names is meant; where none is near, say the rest instead."""
    near = get_close_matches(name, dict.fromkeys(known), n=most, cutoff=LIKE)
    return f"did you mean {either(near)}?" if near else otherwise


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Return what is alike; beside a name that is nearly the same, nothing that is much less so."""
    near = get_close_matches(name, dict.fromkeys(known), n=NEAREST, cutoff=LIKE)
    best = SequenceMatcher(None, near[0], name).ratio() if near else 0.0
    return [each for each in near if SequenceMatcher(None, each, name).ratio() >= best - FARTHER]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the half sentence that helps with a name of a file that does not exist."""
    names = {each: repr(each) for each in known}
    if not names:
        return "there are none"
    if near := [each for each in names if each.lower() == name.lower()] or _near(name, names):
        return f"did you mean {either([names[each] for each in near])}?"
    shown = list(names.values())
    if len(shown) > MOST_NAMED:
        return f"there are {len(shown)}, such as {either(shown[:NEAREST])}"
    return f"expected {either(shown)}"


def no_such(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence about a name that nothing of a kind has."""
    return f"there is no {kind} '{name}'; {nearest(name, known)}"


def closest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the nearest names: those that may be meant, else what comes closest."""
    names = sorted(known)
    if near := get_close_matches(name.lower(), names, n=NEAREST, cutoff=0.6):
        return f"Did you mean {either(near)}?"
    if len(names) <= NEAREST:
        return f"There are: {', '.join(names)}."
    return (
        f"The nearest of {len(names)} are {', '.join(get_close_matches(name.lower(), names, n=NEAREST, cutoff=0.0))}."
    )


def either(names: Sequence[str]) -> str:
    """Return ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
