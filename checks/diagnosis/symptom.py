"""A finding as the diagnosis reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from checks.facts import Facts, known
from checks.facts.orchestration import DataFacts
from checks.model import Finding, FindingKey, Severity
from checks.places import Place, PlaceKind

Kind = TypeVar("Kind", bound=Facts)

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

    def of(self, family: type[Kind]) -> Kind:
        """The facts of a family; where the finding has none of it, such facts that say nothing."""
        return known(self.finding.facts, family) or family()

    @property
    def place(self) -> Place:
        """What it is about."""
        return self.finding.place or Place(PlaceKind.DATA, self.finding.subject)

    @property
    def data_present(self) -> bool | None:
        """For a trigger: whether the next phase wrote rows, None where that is not known."""
        rows = self.of(DataFacts).effect_rows
        if rows is not None:
            return rows > 0
        if self.finding.code in DATA_ABSENT:
            return False
        return True if self.finding.code in DATA_PRESENT else None
