"""The facts of a finding, typed by what it is about; evidence is rendered from them, here alone, and never read back.

A family of facts is a frozen dataclass. The name of a field is the name that people and other programs read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from checks.amounts import cut_text, largest_that

Scalar = str | int | float | Decimal | bool | datetime | date | None
Evidence = Mapping[str, Scalar]

EVIDENCE = 64_000
"""Characters of all evidence of a finding; lists of a thousand names fit."""

Kind = TypeVar("Kind", bound="Facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the subject of a finding; this one itself, nothing beside what the finding says."""

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        """Yield every line of evidence."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Facts):
                yield from value.lines()
            elif not each.metadata.get("part"):
                yield each.name, _scalar(value, each.metadata.get("between", ", "))

    def beneath(self) -> Facts | None:
        """Return the facts that these were put around."""
        return None

    def families(self) -> tuple[type, ...]:
        """Return the family, and those that it belongs to."""
        return type(self).__mro__


NOTHING = Facts()
PART = {"part": True}


def part() -> Any:
    """Declare a field of further facts, None where they are not known: their lines stand beside the others."""
    return field(default=None, metadata=PART)


def several(between: str = ", ") -> Any:
    """Declare a field of several values, by default none, which evidence lists with a text between them."""
    return field(default=(), metadata={"between": between})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFacts(Facts):
    """The last deploy of a service."""

    revision: str = ""
    deployed_at: datetime | None = None
    deployed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts(Facts):
    """What is known of a service; ``deploy`` is None where it could not be read."""

    deploy: DeployFacts | None = field(default=None, metadata=PART)


def known(facts: Facts, kind: type[Kind]) -> Kind | None:
    """Return facts of a family, also where others were put around them; None where they are of another."""
    if isinstance(facts, kind):
        return facts
    beneath = facts.beneath()
    return None if beneath is None else known(beneath, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Facts):
    """Facts that the pipeline file's own query names: only people and other programs read them."""

    values: Evidence

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        yield from self.values.items()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread(Facts):
    """A source gave no answer. ``about`` are the facts that were known without it."""

    about: Facts | None = field(default=None, metadata=PART)
    source: str
    problem: str
    retryable: bool = False
    said: str = field(default="", metadata=PART)
    """What the source has to say for itself, where that is all there is to say."""

    def beneath(self) -> Facts | None:
        return self.about

    @property
    def words(self) -> str:
        """The source, and what is the matter with it."""
        return f"{self.source} ({self.problem})" if self.problem else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked(Facts):
    """A query cannot run: tables lack ``columns`` as they are declared. ``about`` are the facts that are known."""

    about: Facts | None = field(default=None, metadata=PART)
    tables: tuple[str, ...] = field(default=(), metadata=PART)
    columns: tuple[str, ...] = several()

    def beneath(self) -> Facts | None:
        return self.about


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed(Facts):
    """A check broke; ``error`` names the exception."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded(Facts):
    """One finding stands for ``count`` others of its kind. ``unread`` is what all of them lack."""

    unread: Unread | None = field(default=None, metadata=PART)
    like: type[Facts] | None = field(default=None, metadata=PART)
    """The family of the others' facts."""
    count: int
    examples: tuple[str, ...] = several()

    def beneath(self) -> Facts | None:
        return self.unread

    def families(self) -> tuple[type, ...]:
        return (Facts if self.like is None else self.like).__mro__


def rendered(facts: Facts) -> Evidence:
    """Return facts as evidence, cut to what a report may carry: the longest texts first, the short ones say most."""
    return within(dict(facts.lines()))


def within(evidence: Evidence) -> Evidence:
    """Return evidence whose texts are within the limit together."""
    if sum(map(_length, evidence.values())) <= EVIDENCE:
        return evidence
    most = largest_that(
        lambda each: sum(min(_length(value), each) for value in evidence.values()) <= EVIDENCE, EVIDENCE
    )
    return {name: cut_text(value, most) if isinstance(value, str) else value for name, value in evidence.items()}


def _length(value: Scalar) -> int:
    return len(value) if isinstance(value, str) else 0


def _scalar(value: Any, between: str) -> Scalar:
    if isinstance(value, tuple):
        return between.join(map(str, value))
    return str(value) if isinstance(value, Enum) else value
