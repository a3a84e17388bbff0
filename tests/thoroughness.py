"""How much a test looks at every day, and how much in the thorough profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")


def is_thorough() -> bool:
    """Whether this run takes its time, as ``make test-all`` does."""
    return settings().max_examples == settings.get_profile("thorough").max_examples


def examples(thorough: int) -> int:
    """Return so many for the thorough profile, and a third of them every day, as of every other property."""
    return thorough if is_thorough() else thorough // 3


def sampled(every: Sequence[T], of: int) -> Sequence[T]:
    """Return all for the thorough profile, and every day one of so many, spread over them."""
    return every if is_thorough() else every[::of]
