"""Checks as data: a query, and the rules that decide about each of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from checks.effects import COLUMN_FAILURES, FailureEffect
from checks.intervals import Stated
from checks.table_names import tables_in
from checks.values import Comparison, Identifier, Model, NamedSeverity, Severity


class Advice(Model):
    """What repairs a failure. ``text`` and ``command`` may name columns of the row as ``{column}``."""

    text: str
    """What to do, in a sentence."""
    command: str | None = None
    """The exact command; each value that it names becomes one shell word."""
    repair: str | None = None
    """The key of a repair that the product can carry out."""


_SOME = 1e-9
"""The least of a share."""


def _is_nothing(comparison: Comparison) -> bool:
    """Whether a comparison asks for none: 0, or less than 1. Less than 0.9 asks for a share, of which some is there."""
    return comparison.holds(0) and not comparison.holds(1) and comparison.holds(_SOME) is comparison.holds(1 - _SOME)


class Rule(Model):
    """The first rule whose comparisons all hold decides about a row."""

    condition: Mapping[str, Comparison] = Field(alias="if", min_length=1)
    """Comparisons by column; all must hold."""
    outcome: Literal["failed", "passed", "skipped", "waiting", "unknown"] = "failed"
    """What the row becomes; ``unknown`` where it holds nothing to judge although something is expected."""
    severity: NamedSeverity | None = None
    """How loud a failure is; for ``failed`` only."""
    code: Identifier
    """The permanent name of this result: suppressions and alerts refer to it."""
    summary: str | None = None
    """A sentence instead of the check's own."""
    effect: FailureEffect | None = None
    """What a failure does to what comes after it; left out, a comparison with 0 rows ``stops``, P3 is a ``note``, and
    anything else ``harms``."""

    @property
    def effects(self) -> FailureEffect:
        """What a failure does, stated or not."""
        if self.effect is not None:
            return self.effect
        if self.severity is Severity.P3:
            return FailureEffect.NOTE
        return FailureEffect.STOPS if self.finds_none else FailureEffect.HARMS

    @property
    def finds_none(self) -> bool:
        """Whether it finds that there is nothing: one of its comparisons asks for 0."""
        return any(_is_nothing(comparison) for comparison in self.condition.values())

    @model_validator(mode="after")
    def _severity_of_failure(self) -> Self:
        if (self.outcome == "failed") != (self.severity is not None):
            message = "a rule that fails needs a severity, any other must not have one"
            raise ValueError(message)
        return self

    @property
    def test(self) -> str:
        """What the rule asks of a row, in words: ``missing ≥ 1 and missing < 3``."""
        return " and ".join(f"{column} {comparison}" for column, comparison in self.condition.items())

    @property
    def consequence(self) -> str:
        """The severity of a rule that fails, else its outcome."""
        return self.severity.name if self.severity is not None else self.outcome

    def implies(self, other: Rule) -> bool:
        """Whether the other rule holds for every row for which this one does."""
        return all(
            column in self.condition and self.condition[column].implies(comparison)
            for column, comparison in other.condition.items()
        )

    def __str__(self) -> str:
        return f"{self.test} → {self.consequence} {self.code}"


class Subjects(Model):
    """What a check must have a row about: a grouped query does not show what is gone."""

    names: tuple[str, ...] = ()
    """The subjects, as ``subject`` writes them."""
    query: str | None = None
    """Yields one row a subject, with a column ``subject``."""
    severity: NamedSeverity = Severity.P1
    """How loud a missing one is."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.names) == (self.query is not None):
            message = "expected either names or a query"
            raise ValueError(message)
        return self


class SqlCheck(Stated):
    """A check as data. Each row of the query is one finding.

    ``subject``, ``summary``, ``impact`` and ``action`` name columns of the row as ``{column}``, and may name
    ``{date}``, ``{project}`` and ``{region}``.
    """

    id: Identifier
    """The permanent name of the check."""
    title: str
    """The name that people read."""
    rationale: str
    """Why it matters."""
    query: str
    """GoogleSQL; each row is one finding."""
    subject: str
    """What a row is about; unique among the rows of an interval."""
    subjects: Subjects | None = None
    """What there must be a row about; a missing one fails as ``absent``."""
    summary: str
    """The sentence about a row."""
    empty: Literal["unknown", "passed"] = "unknown"
    """What no row means; where one is owed it is unknown."""
    empty_summary: str = "nothing found"
    """What to say of no row."""
    place: str | None = None
    """The table (``dataset.table``) or collection that it judges; left out, the one that its subject names, else the
    last that its query reads."""
    reads: tuple[str, ...] = ()
    """The tables that it reads; left out, those that its query names."""
    explains: tuple[Identifier, ...] = ()
    """Phases whose failures a failure of this check may have caused."""
    rules: tuple[Rule, ...] = ()
    """The first rule that holds decides; none means passed."""
    action: Advice | None = None
    """What repairs a failure."""
    expected: str
    """What should be."""
    unwanted: str = ""
    """What should not be."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, in the order in which its query names them."""
        return self.reads or tables_in(self.query)

    def judges(self, subject: str) -> str | None:
        """Return the table that a finding is about, None where nothing says so."""
        if self.place is not None:
            return self.place
        named = subject.partition(".")[0]
        return next(
            (each for each in self.tables if each.rpartition(".")[2] == named), next(iter(self.tables[::-1]), None)
        )

    @property
    def finds_none(self) -> bool:
        """Whether a failure of it can mean that there are no rows."""
        return any(rule.severity is not None and rule.finds_none for rule in self.rules)

    def effect_of(self, code: str) -> FailureEffect:
        """Return what a failure with a code does to what comes after it. What is gone as a whole stops."""
        rule = next((each for each in self.rules if each.code == code), None)
        if rule is not None:
            return rule.effects
        return FailureEffect.STOPS if code in {"absent", *COLUMN_FAILURES} else FailureEffect.HARMS

    @property
    def worst(self) -> Severity:
        """The loudest severity that a rule can give; a check that only reports is a note."""
        stated = [rule.severity for rule in self.rules if rule.severity is not None]
        return min([*stated, *([self.subjects.severity] if self.subjects is not None else [])], default=Severity.P3)

    @model_validator(mode="after")
    def _rows_where_subjects_are_named(self) -> Self:
        if self.subjects is not None and self.empty == "passed":
            message = "a check with subjects expects a row about each; leave out 'empty: passed'"
            raise ValueError(message)
        return self
