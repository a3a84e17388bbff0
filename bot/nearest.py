"""The names that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

LIKE = 0.5
"""How much of a name has to agree, of 1."""


def either(names: Sequence[str]) -> str:
    """Return ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def meant(name: str, known: Iterable[str], otherwise: str, *, most: int = 3) -> str:
    """Ask whether the nearest of the known names is meant; where none is near, say the rest instead."""
    near = get_close_matches(name, dict.fromkeys(known), n=most, cutoff=LIKE)
    return f"did you mean {either(near)}?" if near else otherwise
