"""What a pipeline file expects of a table, as data: how much of it, how fresh, which keys and values.

Each is turned into SQL and rules by ``checks.expansion``. Limits that the file states are fixed; those that are learned
from a table's own history are never louder than P2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from checks.column_types import TypeText
from checks.intervals import Offset, Stated
from checks.severity import Severity
from checks.values import LARGEST_COUNT, Bound, Identifier, Integer64, Model, NamedSeverity, Share, Threshold

LONGEST_HISTORY = 800
"""Days."""

_SPAN = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _span(value: object) -> object:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, timedelta):
        return value
    if match is None or (span := timedelta(**{_UNITS[match[2]]: int(match[1])})) > timedelta(days=LONGEST_HISTORY):
        message = f"expected a span such as 90m, 24h, 28d or 8w, of at most {LONGEST_HISTORY} days"
        raise ValueError(message)
    return span


_BESIDE_RE2 = re.compile(
    r"(?P<sign>\\[1-9Z]|\(\?(?:<?[=!]|[>(#]|P=)|[*+?]\+)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL
)
"""What Python's expressions have and BigQuery's have not, outside of brackets
(https://github.com/google/re2/wiki/Syntax)."""


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        message = f"is no regular expression: {error}"
        raise ValueError(message) from error
    beside = next((each["sign"] for each in _BESIDE_RE2.finditer(value) if each["sign"]), None)
    if beside is not None:
        message = f"holds {beside}, which BigQuery's regular expressions (RE2) do not have; say it without"
        raise ValueError(message)
    return value


def _several(value: object) -> object:
    return value if value is None or isinstance(value, (list, tuple)) else (value,)


def _volumes(value: object) -> object:
    """Take ``volume:`` with nothing behind it, or ``true``, for what is usual."""
    return ({},) if value is None or value is True else _several(value)


def _learned(value: object) -> object:
    if value in ("P2", "P3"):
        return Severity[str(value)]
    if isinstance(value, str) and value != "none":
        message = "expected P2, P3 or none: a limit that is learned is never louder"
        raise ValueError(message)
    return None if value == "none" else value


Span = Annotated[
    timedelta, BeforeValidator(_span, json_schema_input_type=Annotated[str, Field(pattern=f"^{_SPAN.pattern}$")])
]
Pattern = Annotated[str, AfterValidator(_pattern)]
Columns = Annotated[tuple[str, ...], BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...])]
Learned = Annotated[
    Literal[Severity.P2, Severity.P3] | None,
    BeforeValidator(
        _learned,
        json_schema_input_type=Literal["P2", "P3", "none"],
    ),
]


class Exposure(Model):
    """How much there is to do, by interval: games, teams, rows of the step before."""

    query: str
    """Yields a row an interval with ``period``, its date or an instant in it, and ``number``, also of earlier ones."""
    name: str = "units"
    """What is counted, for people, in the plural."""


class Learning(Model):
    """Limits learned from the last comparable intervals: median and median absolute deviation."""

    history: Span | None = None
    """How far back, at most the newest 56 comparable intervals; left out, by the cadence."""
    alike: Literal["any", "weekday", "hour"] | None = None
    """Which intervals are comparable: any, those of the same weekday, those of the same hour of the day (the default of
    an hourly pipeline)."""
    floor: Share = 0.2
    """How far from the median is always usual, as a share of it."""
    z: float = Field(default=3.5, ge=1, le=100)
    """How many robust standard deviations (1.4826 times the median absolute deviation) from the median are usual."""
    learned: Learned = Severity.P2
    """How loud what is unusual is: P2, P3 or ``none``. Learned limits are never louder."""


class Volume(Learning):
    """How many rows an interval has."""

    by: Columns = ()
    """Columns: each group of rows is judged against its own past, also one that is gone."""
    per: str | Exposure | None = None
    """What the rows are counted for: a condition with a ``history``, or a query."""
    margin: float = Field(default=2, ge=0, le=LARGEST_COUNT)
    """How many rows from the median are always usual."""
    both_sides: bool = False
    """More than usual is a finding, too."""
    at_least: Threshold | None = None
    """A fixed limit: rows, or rows a unit with ``per``."""
    at_most: Threshold | None = None
    """A fixed limit, likewise."""
    between: tuple[Bound, Bound] | None = None
    """Fixed limits as parts of the median."""
    severity: NamedSeverity = Severity.P1
    """How loud what breaks a fixed limit is."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.between is not None and not 0 <= self.between[0] < self.between[1]:
            message = "expected two parts of the median, the lower first, such as between: [0.5, 2]"
            raise ValueError(message)
        if self.between is not None and not self.between[0] <= 1 <= self.between[1]:
            message = "'between' are parts of the median, and the median itself is not between them; to limit the "
            message += "number of rows, use at_least and at_most"
            raise ValueError(message)
        fixed = (self.at_least, self.at_most, self.between)
        if self.learned is None and all(each is None for each in fixed):
            message = "has no limit; add at_least, at_most or between, or leave out 'learned: none'"
            raise ValueError(message)
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            message = "no number can be between at_least and at_most"
            raise ValueError(message)
        if any(each is not None and each < 0 for each in (self.at_least, self.at_most)):
            message = "a number of rows is at least 0; to limit the values of a column, use 'values'"
            raise ValueError(message)
        return self


class Freshness(Model):
    """How old the newest row may be; days without a run do not count."""

    at_most: Span
    """The age."""
    severity: NamedSeverity = Severity.P1
    """How loud an older one is."""


class Unique(Model):
    """Columns that tell a row from every other."""

    key: Columns = Field(min_length=1)
    """Its columns; rows without a value in one of them are left to ``not_null``."""
    at_most: Share = 0.0
    """The share of rows that may repeat the key of another."""
    severity: NamedSeverity = Severity.P1
    """How loud a key that is there twice is."""


class Nulls(Model):
    """How many rows may lack a value; NaN is none."""

    at_most: Share = 0.0
    """Their share."""
    severity: NamedSeverity = Severity.P2
    """How loud more are; where every row lacks it, at least P1."""


class Allowed(Model):
    """Which values a column may have; NULL is left to ``not_null``."""

    among: tuple[str | Integer64, ...] = Field(default=(), alias="in")
    """These."""
    between: tuple[Threshold, Threshold] | None = None
    """From the first to the second."""
    at_least: Threshold | None = None
    """This or more."""
    at_most: Threshold | None = None
    """This or less."""
    matches: Pattern | None = None
    """Texts of this form, a regular expression of RE2 that may match any part."""
    share: Share = 0.0
    """The share of rows that may have another."""
    severity: NamedSeverity = Severity.P2
    """How loud others are."""

    @model_validator(mode="after")
    def _some_values(self) -> Self:
        bounded = any(each is not None for each in (self.between, self.at_least, self.at_most))
        if bounded + bool(self.among) + (self.matches is not None) != 1:
            message = "expected either a list of values, or between, at_least, at_most, or matches"
            raise ValueError(message)
        if self.between is not None and (self.at_least is not None or self.at_most is not None):
            message = "expected between, or at_least and at_most"
            raise ValueError(message)
        lowest, highest = self.bounds
        if lowest is not None and highest is not None and lowest > highest:
            message = "no number can meet these bounds"
            raise ValueError(message)
        return self

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lowest and the highest number allowed."""
        return self.between if self.between is not None else (self.at_least, self.at_most)


class Varying(Model):
    """That not every row has the same value."""

    rows: int = Field(default=10, ge=2, le=LARGEST_COUNT)
    """From so many values on it is judged."""
    severity: NamedSeverity = Severity.P2
    """How loud one value everywhere is."""


class Sides(Model):
    """That values lie on both sides of another."""

    around: str | Threshold
    """A column, or a number."""
    share: Share = 1.0
    """From which share of the rows on one side it is a finding."""
    rows: int = Field(default=20, ge=2, le=LARGEST_COUNT)
    """From so many values on it is judged."""
    severity: NamedSeverity = Severity.P2
    """How loud it is."""


class Renewed(Model):
    """That rows were loaded when there was something new to load."""

    after: Offset
    """The newest row was loaded at this time or later; it counts from the interval."""
    severity: NamedSeverity = Severity.P1
    """How loud older ones are."""


class Mean(Learning):
    """That the mean of a column is what it was in the last comparable intervals, and within fixed limits."""

    margin: float = Field(default=0, ge=0, le=1e300)
    """How far from the median of earlier means is always usual."""
    between: tuple[Threshold, Threshold] | None = None
    """Fixed limits, which need no history."""
    rows: int = Field(default=20, ge=1, le=LARGEST_COUNT)
    """From so many values on the fixed limits are judged."""
    severity: NamedSeverity = Severity.P2
    """How loud a mean outside the fixed limits is."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        if self.between is not None and self.between[0] > self.between[1]:
            message = "expected two limits, the lower first, such as between: [5, 40]"
            raise ValueError(message)
        if self.learned is None and self.between is None:
            message = "has no limit; add between, or leave out 'learned: none'"
            raise ValueError(message)
        return self


def _three_parts(value: str) -> str:
    if value.count(".") not in (2, 3) or not all(value.split(".")):
        message = "expected dataset.table.column, such as shop.customers.customer_id"
        raise ValueError(message)
    return value


class Reference(Model):
    """That a column's values are there in another table."""

    to: Annotated[str, AfterValidator(_three_parts)]
    """The column, as ``dataset.table.column``, of another project after its name; of the table itself, those of the two
    weeks before are meant, if it has any."""
    at_most: Share = 0.0
    """The share of rows whose value may not be there."""
    by: str | None = None
    """A column that divides the rows: of each of its values some row has one that is there, whatever share they are."""
    severity: NamedSeverity = Severity.P2
    """How loud more are."""

    @property
    def table(self) -> str:
        """The other table."""
        return self.to.rpartition(".")[0]


class Schema(Model):
    """That a table has its columns."""

    columns: Mapping[str, TypeText] = {}
    """These, with their types; left out, those of the table in this file."""
    strict: bool = False
    """A column that is not named is a note (P3)."""
    severity: NamedSeverity = Severity.P1
    """How loud a column is that is lost or has another type."""


def _schema(value: object) -> object:
    """Take ``strict`` alone, and columns without the key that they are under."""
    if value == "strict":
        return {"strict": True}
    if isinstance(value, str):
        message = "expected 'strict', or columns with their types, such as {amount: NUMERIC}"
        raise ValueError(message)  # noqa: TRY004 - pydantic tells it with the value
    long = isinstance(value, Mapping) and not Schema.model_fields.keys().isdisjoint(value)
    return value if long or not isinstance(value, Mapping) else {"columns": value}


def _keyed(key: str) -> Any:
    """Take a bare value for a model with that value under ``key``."""
    return lambda value: value if isinstance(value, (Mapping, Model)) else {key: value}


def _named(value: object) -> object:
    """Take a name, or a list of names, for a mapping without anything beside the names."""
    value = [value] if isinstance(value, str) else value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return {name: {} for name in value}
    return value


def _keys(value: object) -> object:
    if isinstance(value, (str, Mapping)) or (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        value = [value]
    return [_keyed("key")(each) for each in value] if isinstance(value, list) else value


NullsOf = Annotated[Nulls, BeforeValidator(_keyed("at_most"), json_schema_input_type=Nulls | Share)]
AllowedOf = Annotated[
    Allowed, BeforeValidator(_keyed("in"), json_schema_input_type=Allowed | tuple[str | Integer64, ...])
]
SidesOf = Annotated[Sides, BeforeValidator(_keyed("around"), json_schema_input_type=Sides | str | Threshold)]
MeanOf = Annotated[Mean, BeforeValidator(_keyed("floor"), json_schema_input_type=Mean | Share)]
ReferenceOf = Annotated[Reference, BeforeValidator(_keyed("to"), json_schema_input_type=Reference | str)]


def _list_or(mapping: Any) -> BeforeValidator:
    """Take columns as a list, too."""
    return BeforeValidator(_named, json_schema_input_type=str | tuple[str, ...] | mapping)


class Expect(Stated):
    """What is expected of a table in each interval: one check, one query."""

    check: Identifier | None = None
    """The id of the check; left out, the table's name with hyphens."""
    title: str | None = None
    """The name that people read."""
    where: str | None = None
    """Which rows are meant, as a condition in GoogleSQL."""
    noun: str = "rows"
    """What a row is, for people, in the plural."""
    freshness: Annotated[
        Freshness | None,
        BeforeValidator(
            lambda value: value if value is None else _keyed("at_most")(value), json_schema_input_type=Freshness | str
        ),
    ] = None
    """How old the newest row may be, by the column ``loaded`` of the table."""
    renewed: Annotated[
        Renewed | None,
        BeforeValidator(
            lambda value: value if value is None else _keyed("after")(value), json_schema_input_type=Renewed | str
        ),
    ] = None
    """When the newest row of the interval must have been loaded, by the column ``loaded`` of the table."""
    volume: Annotated[
        tuple[Volume, ...],
        BeforeValidator(_volumes, json_schema_input_type=Volume | tuple[Volume, ...] | Literal[True] | None),
    ] = ()
    """How many rows there must be."""
    unique: Annotated[
        tuple[Unique, ...],
        BeforeValidator(_keys, json_schema_input_type=Unique | tuple[Unique | str | tuple[str, ...], ...]),
    ] = ()
    """The columns of a key, or several such lists."""
    not_null: Annotated[Mapping[str, NullsOf], _list_or(Mapping[str, NullsOf])] = {}
    """Columns, or by column the share of rows that may lack it."""
    values: Mapping[str, AllowedOf] = {}
    """By column, the values that it may have, or their bounds."""
    not_constant: Annotated[Mapping[str, Varying], _list_or(Mapping[str, Varying])] = {}
    """Columns whose values differ from row to row."""
    not_one_sided: Mapping[str, SidesOf] = {}
    """By column, a column or a number on both sides of which its values lie."""
    mean: Annotated[Mapping[str, MeanOf], _list_or(Mapping[str, MeanOf])] = {}
    """By column, how far its mean may be from what it was."""
    references: Mapping[str, ReferenceOf] = {}
    """By column, the column of another table (``dataset.table.column``) that has its values."""
    shape: Annotated[
        Schema | None,
        BeforeValidator(_schema, json_schema_input_type=Schema | Literal["strict"] | Mapping[str, TypeText]),
    ] = Field(default=None, alias="schema")
    """``strict``: exactly the columns that the file names; or by column the type that it has."""
    action: str = ""
    """What to do about a failure."""

    @model_validator(mode="after")
    def _something_expected(self) -> Self:
        if self.shape is None and not any(getattr(self, kind) for kind in KINDS):
            message = f"expects nothing; add one of {', '.join((*KINDS, 'schema'))}"
            raise ValueError(message)
        return self


KINDS = (
    "freshness",
    "renewed",
    "volume",
    "unique",
    "not_null",
    "values",
    "not_constant",
    "not_one_sided",
    "mean",
    "references",
)
"""Everything that can be expected of rows, in the order in which it is judged."""

Expectations = Annotated[
    tuple[Expect, ...], BeforeValidator(_several, json_schema_input_type=Expect | tuple[Expect, ...])
]
