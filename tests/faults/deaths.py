"""How a life may be cut off, and what becomes of the step that it was telling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tests.faults.story import Fact

POINTS, STATEMENTS, SECONDS = "points", "statements", "seconds"

NEVER = 10**9


@dataclass(frozen=True, slots=True)
class Death:
    """When to die: after so many points, statements of SQLite counted or not, or seconds; without ``kind`` never."""

    kind: str | None = None
    after: float = 0

    @property
    def points(self) -> int | None:
        return int(self.after) if self.kind in (POINTS, STATEMENTS) else None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a step: where it died, None if it is done, and how many points it passed."""

    died_at: str | None
    passed: int
    now: datetime


class Teller(Protocol):
    """Lives one life after the other on the same store and the same Slack."""

    def tell(self, facts: Mapping[str, Fact] | None, now: datetime, death: Death) -> Told:
        """Process the facts, or with None only send what waits; a life that died is replaced by the next."""
        ...
