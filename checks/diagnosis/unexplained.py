"""The failures that nothing explains yet.

A report may hold thousands of failures, and every rule of the diagnosis asks for some of them. So they lie in an index
for each way of asking, and no rule goes through all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

from checks.diagnosis.symptom import Symptom
from checks.facts import Facts
from checks.model import FindingKey, Interval


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
    """Failures in order. ``explains`` names for each SQL check the phases that it can explain."""

    def __init__(self, failed: Sequence[Symptom], explains: Mapping[str, Sequence[str]]) -> None:
        self._explains = explains
        self._explained: set[FindingKey] = set()
        self._place = {id(symptom): number for number, symptom in enumerate(failed)}
        data = list(filter(self._is_data, failed))
        self._by_key = Index(lambda each: (each.key,), failed)
        self._by_check = Index(lambda each: (each.check,), failed)
        self._by_family = Index(lambda each: each.finding.facts.families(), failed)
        self._by_place = Index(lambda each: ((each.finding.phase, each.finding.interval),), failed)
        self._data = Index(lambda each: ((each.finding.phase, each.finding.interval),), data)
        self._explaining = Index(self._what_it_explains, data)

    def _is_data(self, symptom: Symptom) -> bool:
        """Whether a failure is a grave one of a SQL check."""
        return symptom.grave and symptom.check in self._explains

    def _what_it_explains(self, symptom: Symptom) -> Iterator[Hashable]:
        return ((phase, symptom.finding.interval) for phase in self._explains.get(symptom.check, ()))

    def free(self, wanted: Callable[[Symptom], bool] = lambda _: True, *, family: type = Facts) -> Iterator[Symptom]:
        """Every failure that nothing explains yet, one for each key; with facts of a family, or all."""
        return iter(_once(each for each in self._by_family.under(family) if wanted(each)))

    def free_of(self, check: str) -> Iterator[Symptom]:
        """Every grave failure of a check that nothing explains yet."""
        return iter(_once(each for each in self._by_check.under(check) if each.grave))

    def failed_data(self) -> Iterator[Symptom]:
        """Every grave failure of a SQL check that nothing explains yet."""
        return self.free(self._is_data)

    def free_at(self, day: Interval | None, phases: Iterable[str | None]) -> list[Symptom]:
        """Every failure of some phases on a date that nothing explains yet."""
        return _once(self.ranked(each for phase in set(phases) for each in self._by_place.under((phase, day))))

    def free_data(self, days: Iterable[Interval | None], phase: str) -> list[Symptom]:
        """Every grave failure of the SQL checks of a phase on these dates that nothing explains yet."""
        return _once(self.ranked(each for day in set(days) for each in self._data.under((phase, day))))

    def explaining(
        self, day: Interval | None, phases: Iterable[str | None], but: Collection[str] = ()
    ) -> Symptom | None:
        """Return the first grave failure of a SQL check, on a date, that the file says explains one of some phases;
        ``but`` are checks that do not count."""
        firsts = (
            next((each for each in self._explaining.under((phase, day)) if each.check not in but), None)
            for phase in phases
        )
        return next(iter(self.ranked(each for each in firsts if each is not None)), None)

    def ranked(self, symptoms: Iterable[Symptom]) -> list[Symptom]:
        """Return failures in the board's order."""
        return sorted(symptoms, key=lambda each: self._place[id(each)])

    def is_free(self, symptom: Symptom) -> bool:
        """Whether nothing explains a failure yet."""
        return symptom.key not in self._explained

    def explain(self, symptoms: Iterable[Symptom]) -> list[Symptom]:
        """Mark failures as explained and return them; what is explained already stays where it is."""
        taken = [each for each in _once(symptoms) if self.is_free(each)]
        for each in taken:
            self._explained.add(each.key)
            self._take_out(each.key)
        return taken

    def _take_out(self, key: FindingKey) -> None:
        for symptom in tuple(self._by_key.under(key)):
            for index in (self._by_key, self._by_check, self._by_family, self._by_place):
                index.remove(symptom)
            if self._is_data(symptom):
                self._data.remove(symptom)
                self._explaining.remove(symptom)


def _once(symptoms: Iterable[Symptom]) -> list[Symptom]:
    """Return the first symptom of each key."""
    found: dict[FindingKey, Symptom] = {}
    for each in symptoms:
        found.setdefault(each.key, each)
    return list(found.values())
