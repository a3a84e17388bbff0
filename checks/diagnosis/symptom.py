"""A finding as the diagnosis reads it, and the failures that nothing explains yet.

A report may hold thousands of failures, and every rule of the diagnosis asks for some of them. So they lie in an index
for each way of asking, and no rule goes through all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from checks.facts import Facts, known
from checks.facts.control_plane import InventoryFacts, NumberOfJobsFacts
from checks.facts.orchestration import DataFacts
from checks.model import Finding, FindingKey, Interval, Severity
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
    def lost_jobs(self) -> frozenset[str]:
        """The scheduler jobs that are missing or paused, as far as they are known by name."""
        inventory, number = self.of(InventoryFacts), self.of(NumberOfJobsFacts)
        return frozenset((*inventory.missing, *inventory.paused, *number.gone, *number.paused))

    @property
    def data_present(self) -> bool | None:
        """For a trigger: whether the next phase wrote rows, None where that is not known."""
        rows = self.of(DataFacts).effect_rows
        if rows is not None:
            return rows > 0
        if self.finding.code in DATA_ABSENT:
            return False
        return True if self.finding.code in DATA_PRESENT else None


def days(symptoms: Iterable[Symptom]) -> tuple[Interval, ...]:
    """Return the intervals of findings, each once."""
    return tuple(sorted({each.finding.interval for each in symptoms if each.finding.interval is not None}))


class Index:
    """Failures by what a rule asks for, each list in the order in which they were given."""

    def __init__(self, names: Callable[[Symptom], Iterable[Hashable]], symptoms: Iterable[Symptom]) -> None:
        self._names = names
        self._lists: dict[Hashable, dict[int, Symptom]] = {}
        for symptom in symptoms:
            for name in names(symptom):
                self._lists.setdefault(name, {})[id(symptom)] = symptom

    def under(self, name: Hashable) -> Collection[Symptom]:
        """Return the failures with a name."""
        return self._lists.get(name, {}).values()

    def remove(self, symptom: Symptom) -> None:
        """Take a failure out."""
        for name in self._names(symptom):
            self._lists.get(name, {}).pop(id(symptom), None)


class Unexplained:
    """Failures in order."""

    def __init__(self, failed: Sequence[Symptom]) -> None:
        self._explained: set[FindingKey] = set()
        self._place = {id(symptom): number for number, symptom in enumerate(failed)}
        self._by_key = Index(lambda each: (each.key,), failed)
        self._by_check = Index(lambda each: (each.check,), failed)
        self._by_family = Index(lambda each: each.finding.facts.families(), failed)

    def free(self, wanted: Callable[[Symptom], bool] = lambda _: True, *, family: type = Facts) -> Iterator[Symptom]:
        """Every failure that nothing explains yet, one for each key; with facts of a family, or all."""
        return iter(_once(each for each in self._by_family.under(family) if wanted(each)))

    def free_of(self, check: str) -> Iterator[Symptom]:
        """Every grave failure of a check that nothing explains yet."""
        return iter(_once(each for each in self._by_check.under(check) if each.grave))

    def ranked(self, symptoms: Iterable[Symptom]) -> list[Symptom]:
        """Return failures in the board's order."""
        return sorted(symptoms, key=lambda each: self._place[id(each)])

    def explain(self, symptoms: Iterable[Symptom]) -> list[Symptom]:
        """Mark failures as explained and return them; what is explained already stays where it is."""
        taken = [each for each in _once(symptoms) if each.key not in self._explained]
        for each in taken:
            self._explained.add(each.key)
            for symptom in tuple(self._by_key.under(each.key)):
                for index in (self._by_key, self._by_check, self._by_family):
                    index.remove(symptom)
        return taken


def _once(symptoms: Iterable[Symptom]) -> list[Symptom]:
    """Return the first symptom of each key."""
    found: dict[FindingKey, Symptom] = {}
    for each in symptoms:
        found.setdefault(each.key, each)
    return list(found.values())
