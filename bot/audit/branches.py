"""How a place in a script is told from the ways of conditionals that lead to it."""

from __future__ import annotations

Branch = tuple[int, int]
"""Which conditional (a number for each time one is met) and which of its ways."""

ALWAYS = 0
"""The way that is taken in any case: the left of ``||``, and a loop's body, which is followed once."""
