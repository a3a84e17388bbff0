"""Tearing down: only what carries our label is removed, and the list is there before anything is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.staging.deployment import SUFFIX
from bot.staging.ports import Copied, StagingPorts
from bot.staging.prefix import LABEL, Prefix, StagingError
from bot.staging.steps import StagingStep, StepMark, Tell, answers, at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that is left alone, and why."""

    subject: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a teardown removes, and what near it it leaves alone. Tables are ``dataset.table``."""

    datasets: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    left: tuple[Leftover, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.datasets or self.tables or self.services or self.topics)

    @property
    def fingerprint(self) -> str:
        """Equal for two that remove the same."""
        return hashlib.sha256("\n".join(map(str, self._all())).encode()).hexdigest()[:16]

    def _all(self) -> Iterable[tuple[str, ...]]:
        return self.datasets, self.tables, self.services, self.topics

    def lines(self) -> list[str]:
        """Return the list that people see before anything is removed."""
        kinds = (("service", self.services), ("topic", self.topics), ("table", self.tables), ("dataset", self.datasets))
        return [f"{kind} {name}" for kind, names in kinds for name in names]


def chosen(
    prefix: Prefix, originals: Iterable[str], labels_by_name: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], tuple[Leftover, ...]]:
    """Choose from everything of a kind what is ours: the label and the name must both say so, and it is no original.

    Returns the names, and what looks like ours and is not.
    """
    production = frozenset(originals)
    ours: list[str] = []
    left: list[Leftover] = []
    for name, labels in sorted(labels_by_name.items()):
        if name in production or not (prefix.labelled(labels) or name.startswith(prefix.text)):
            continue
        if prefix.owns(name, labels):
            ours.append(name)
        elif prefix.labelled(labels):
            left.append(Leftover(subject=name, why=f"carries our label, but does not begin with {prefix.text!r}"))
        else:
            left.append(Leftover(subject=name, why=f"does not carry the label {LABEL}={prefix.label}"))
    return tuple(ours), tuple(left)


def plan_removal(ports: StagingPorts, prefix: Prefix, originals: Sequence[str]) -> Removal:
    """Look at what there is and choose. Raises SourceError."""
    datasets, strange = chosen(prefix, originals, ports.tables.datasets())
    strangers = [replace(each, subject=f"dataset {each.subject}") for each in strange]
    names = [name for listed in answers(datasets, ports.tables.tables) for name in listed]
    found = [table for table in answers(names, ports.tables.table) if table is not None]
    ours = [table for table in found if prefix.labelled(table.labels) and not table.view]
    foreign = [table for table in found if table not in ours]
    occupied = sorted({table.dataset for table in foreign})
    left = [*strangers, *(Leftover(subject=f"table {table.id}", why="was not made by staging") for table in foreign)]
    left += [Leftover(subject=f"dataset {name}", why="holds what staging did not make") for name in occupied]
    services = [each.name for each in ports.services.copies() if is_copy(prefix, each)]
    return Removal(
        datasets=tuple(name for name in datasets if name not in occupied),
        tables=tuple(table.id for table in ours),
        services=tuple(sorted(services)),
        topics=chosen(prefix, (), ports.topics.labelled())[0],
        left=tuple(left),
    )


def is_copy(prefix: Prefix, service: Copied) -> bool:
    """Whether a service is a copy that staging made: both its name and its label say so."""
    return service.name.endswith(SUFFIX) and prefix.labelled(service.labels)


def remove(ports: StagingPorts, prefix: Prefix, removal: Removal, tell: Tell) -> list[StagingStep]:
    """Remove what was listed, and nothing else. Each thing's label is read again just before."""

    def service(name: str) -> StagingStep:
        copied = ports.services.copied(name)
        return _removed(
            f"service {name}", prefix, None if copied is None else copied.labels, lambda: ports.services.delete(name)
        )

    def topic(name: str) -> StagingStep:
        return _removed(f"topic {name}", prefix, ports.topics.labels(name), lambda: ports.topics.delete(name))

    def table(name: str) -> StagingStep:
        found = ports.tables.table(name)
        labels = None if found is None else found.labels
        return _removed(f"table {name}", prefix, labels, lambda: ports.tables.delete_table(name))

    def dataset(name: str) -> StagingStep:
        found = ports.tables.dataset(name)
        if found is not None and (inside := ports.tables.tables(name)):
            return StagingStep(
                mark=StepMark.LEFT, subject=f"dataset {name}", detail=f"still has {inside[0]}; left alone"
            )
        labels = None if found is None else found.labels
        return _removed(f"dataset {name}", prefix, labels, lambda: ports.tables.delete_dataset(name))

    # First who writes, then what they write to; a dataset goes when it is empty.
    return [
        *at_once(removal.services, service, lambda name: f"service {name}", tell),
        *at_once(removal.topics, topic, lambda name: f"topic {name}", tell),
        *at_once(removal.tables, table, lambda name: f"table {name}", tell),
        *at_once(removal.datasets, dataset, lambda name: f"dataset {name}", tell),
    ]


def _removed(subject: str, prefix: Prefix, labels: Mapping[str, str] | None, delete: Callable[[], None]) -> StagingStep:
    if labels is None:
        return StagingStep(mark=StepMark.SAME, subject=subject, detail="is gone already")
    if not prefix.labelled(labels):
        raise StagingError("has lost our label since it was listed; it is left alone")
    delete()
    return StagingStep(mark=StepMark.DONE, subject=subject, detail="removed")
