"""How many examples a property takes that needs more, or fewer, than the others."""

from __future__ import annotations

from hypothesis import settings


def examples(thorough: int) -> int:
    """Return so many for the thorough profile, and a third of them every day, as of every other property."""
    return thorough if settings().max_examples == settings.get_profile("thorough").max_examples else thorough // 3
