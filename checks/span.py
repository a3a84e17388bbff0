"""The span of time whose data one run makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The span [start, end) whose data a run makes; both are aware and in the pipeline's zone."""

    start: datetime = field(compare=False)
    end: datetime = field(compare=False)
    name: str

    @property
    def day(self) -> date:
        """The local date on which it starts."""
        return self.start.date()

    def __str__(self) -> str:
        return self.name
