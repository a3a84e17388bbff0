"""The facts of what is expected of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.facts import Facts, Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationFacts(Facts):
    """A figure of a table and what it is compared with; what is not known, or has no meaning for it, is None.

    ``share`` is ``measured`` of ``rows``. ``low`` and ``high`` are the limits learned from the last ``history``
    comparable intervals, ``median`` is theirs. ``exposure`` is how much there was to have rows for: then ``measured``
    is of one unit of it.
    """

    expectation: str
    measured: float | None = None
    rows: int | None = None
    share: float | None = None
    exposure: float | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    history: int | None = None

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        for name, value in super(ExpectationFacts, self).lines():
            if value is not None:
                yield name, value
