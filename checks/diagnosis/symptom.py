"""A finding as the diagnosis reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from checks.model import Finding, FindingKey, Severity

DATA_ABSENT = frozenset(
    {"not-triggered", "triggered-without-effect", "processors-missing", "not-started", "data-missing"}
)
DATA_PRESENT = frozenset({"triggered", "bypassed", "flag-not-set", "untracked", "no-record", "data-present"})
"""The codes of the check ``trigger`` that say whether the next phase wrote its rows."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """A finding and the check that made it."""

    check: str
    finding: Finding
    key: FindingKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.finding.key(self.check))

    @property
    def grave(self) -> bool:
        """Whether it is more than a note."""
        return self.finding.severity is not None and self.finding.severity <= Severity.P2

    def text(self, name: str) -> str:
        """A text of the evidence, empty where there is none of this name and type."""
        value = self.finding.evidence.get(name)
        return value.strip() if isinstance(value, str) else ""

    def names(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of the evidence."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def instant(self, name: str) -> datetime | None:
        """An aware time of the evidence."""
        value = self.finding.evidence.get(name)
        return value if isinstance(value, datetime) and value.utcoffset() is not None else None

    @property
    def data_present(self) -> bool | None:
        """For a trigger: whether the next phase wrote rows, None where that is not known."""
        rows = self.finding.evidence.get("effect_rows")
        if isinstance(rows, int) and not isinstance(rows, bool):
            return rows > 0
        if self.finding.code in DATA_ABSENT:
            return False
        return True if self.finding.code in DATA_PRESENT else None
