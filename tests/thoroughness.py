"""How much a test looks at every day, and how much in the thorough profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T")

OFTEN = 8
"""Of so many, one is looked at every day, where that costs little."""

EVERY_DAY = 2 * OFTEN
"""Of so many, one is looked at every day: of what ``OFTEN`` takes anyway, so that nothing is made for it alone."""


def is_thorough() -> bool:
    """Whether this run takes its time, as ``make test-all`` does."""
    return settings().max_examples == settings.get_profile("thorough").max_examples


def examples(thorough: int) -> int:
    """Return so many for the thorough profile, and a third of them every day, as of every other property."""
    return thorough if is_thorough() else thorough // 3


def sampled(every: Sequence[T], of: int) -> Sequence[T]:
    """Return all for the thorough profile, and every day one of so many, spread over them."""
    return every if is_thorough() else every[::of]


def spread(every: Sequence[T], of: int) -> Iterator[tuple[T, Sequence[pytest.MarkDecorator]]]:
    """Yield each with its marks: one of so many, spread over them, is for every day, and the others are slow."""
    for number, each in enumerate(every):
        yield each, () if number % of == 0 else (pytest.mark.slow,)
