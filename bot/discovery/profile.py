"""What a table holds, in figures: a query for each table, a row for each interval, nothing about single rows.

The query reads each column once, and the values of a column only where its name says that they are codes: of people, of
addresses and of free text no value is ever read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from bot.discovery.names import INSTANTS, USABLE, is_key, key_columns, may_list, pairs
from checks.column_types import NUMBERS
from checks.expansion.sql_words import literal, quoted
from checks.ports.warehouse import Parameter, Query, Row
from checks.table_names import source

MOST_VALUES = 12
"""Distinct values of a column that are still a list of codes."""

LONGEST_CODE = 24
"""Characters."""

MOST_PERIODS = 1_500
"""Intervals that are looked at, the newest ones: two months of hours, four years of days."""

MOST_LOADS = 200
"""Hours in which rows of one interval were loaded."""

SCALAR = (*NUMBERS, *INSTANTS, "STRING", "BYTES", "BOOL", "DATE", "TIME")

Grain = Literal["day", "hour"]
Day = date


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A table that is to be profiled. ``since`` leaves out earlier rows, where BigQuery bills for them."""

    name: str
    columns: Mapping[str, str]
    date: str | None = None
    loaded: str | None = None
    partition: str | None = None
    filter_required: bool = False
    since: Day | None = None
    lists: bool = True
    """Whether the values of codes and the hours of loads are listed, which not every engine can."""

    @property
    def judged(self) -> Sequence[str]:
        """The columns of which something is counted."""
        return [name for name, kind in self.columns.items() if kind in SCALAR and USABLE.fullmatch(name)]

    @property
    def is_day(self) -> bool:
        """Whether the date column has dates, and no times."""
        return self.date is not None and self.columns[self.date] == "DATE"

    @property
    def keys(self) -> Sequence[tuple[str, ...]]:
        """What may tell rows apart: columns alone, then two of them, the time among these."""
        alone = key_columns(self.columns)
        with_time = [(each, self.date) for each in alone if self.date is not None and not self.is_day]
        return [*((each,) for each in alone), *with_time, *pairs(alone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The figures of an interval. ``start`` is its date or its first instant; None where the table has no dates."""

    start: date | datetime | None
    rows: int
    hours: int = 0
    nulls: Mapping[str, int]
    distinct: Mapping[str, int]
    negatives: Mapping[str, int]
    lowest: Mapping[str, float]
    values: Mapping[str, frozenset[str]]
    copies: Mapping[tuple[str, ...], int]
    """By key, the rows that repeat another; those without a value in it do not count."""
    loads: frozenset[datetime] = frozenset()
    """The hours in which its rows were loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A table in figures, the newest interval first. ``undated`` rows have no date."""

    subject: Subject
    periods: Sequence[Period]
    undated: int = 0

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return self.undated + sum(each.rows for each in self.periods)

    @property
    def before(self) -> Sequence[Period]:
        """The intervals before the newest, from which is learned: the newest may be the broken one."""
        return self.periods[1:] or self.periods


def query_of(subject: Subject, zone: str, grain: Grain = "day") -> Query:
    """Return the query of a table's profile."""
    selected = [f"{_period(subject, zone, grain)} AS period", "COUNT(*) AS row_count", *_figures(subject)]
    sql = f"SELECT\n  {', '.join(selected)}\nFROM {source(subject.name)}"
    sql += _newer(subject)
    if subject.date is not None:
        sql += f"\nGROUP BY period\nORDER BY period DESC\nLIMIT {MOST_PERIODS}"
    return Query(sql, _parameters(subject), label=f"profile-{subject.name}")


def _newer(subject: Subject) -> str:
    column = subject.partition or subject.date
    if subject.since is None or column is None:
        return ""
    kind = subject.columns[column]
    return f"\nWHERE {quoted(column)} >= {'@since' if kind == 'DATE' else f'{kind}(@since)'}"


def _parameters(subject: Subject) -> Mapping[str, Parameter]:
    return {} if not _newer(subject) or subject.since is None else {"since": Parameter("DATE", subject.since)}


def _period(subject: Subject, zone: str, grain: Grain) -> str:
    if subject.date is None:
        return "NULL"
    name = quoted(subject.date)
    if subject.is_day:
        return name
    return f"TIMESTAMP_TRUNC({name}, HOUR)" if grain == "hour" else f"DATE({name}, {literal(zone)})"


def _figures(subject: Subject) -> Iterator[str]:
    if subject.date is not None and not subject.is_day:
        yield f"COUNT(DISTINCT TIMESTAMP_TRUNC({quoted(subject.date)}, HOUR)) AS hours"
    if subject.loaded is not None and subject.lists:
        hour = f"TIMESTAMP_TRUNC({quoted(subject.loaded)}, HOUR)"
        yield f"ARRAY_AGG(DISTINCT {hour} IGNORE NULLS LIMIT {MOST_LOADS}) AS loads"
    for index, name in enumerate(subject.judged):
        kind, value = subject.columns[name], quoted(name)
        if kind == "FLOAT64":
            value = f"IF(IS_NAN({value}), NULL, {value})"
        yield f"COUNTIF({value} IS NULL) AS nulls_{index}"
        if kind in NUMBERS and not is_key(name):
            yield f"COUNTIF({value} < 0) AS negatives_{index}"
            yield f"MIN({value}) AS lowest_{index}"
        if kind == "STRING":
            yield f"COUNT(DISTINCT {value}) AS distinct_{index}"
            if may_list(name) and subject.lists:
                short = f"IF(LENGTH({value}) <= {LONGEST_CODE}, {value}, NULL)"
                yield f"ARRAY_AGG(DISTINCT {short} IGNORE NULLS LIMIT {MOST_VALUES + 1}) AS values_{index}"
    for index, key in enumerate(subject.keys):
        whole, there = _whole(key)
        yield f"COUNTIF({there}) - COUNT(DISTINCT {whole}) AS copies_{index}"


def _whole(key: Sequence[str]) -> tuple[str, str]:
    """Return a key as one value, NULL where a part of it is, and the condition that it is there."""
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in key)
    if len(key) == 1:
        return quoted(key[0]), there
    texts = ", '|', ".join(f"CAST({quoted(each)} AS STRING)" for each in key)
    return f"CONCAT({texts})", there


def profile_of(subject: Subject, rows: Sequence[Row], today: date) -> Profile:
    """Return what the rows of the query say. Dates that are still to come say nothing, unless all of them are."""
    periods = [_read(subject, row) for row in rows if row["period"] is not None or subject.date is None]
    periods = [each for each in periods if each.rows]
    past = [each for each in periods if each.start is None or _day(each.start) <= today]
    undated = sum(int(row["row_count"]) for row in rows if row["period"] is None) if subject.date is not None else 0
    return Profile(subject=subject, periods=past or periods, undated=undated)


def _day(start: date) -> date:
    return start.date() if isinstance(start, datetime) else start


def _read(subject: Subject, row: Row) -> Period:
    by_name = list(enumerate(subject.judged))
    kinds = subject.columns

    def of(figure: str, *, only: Sequence[str]) -> dict[str, Any]:
        return {
            name: row[f"{figure}_{index}"]
            for index, name in by_name
            if kinds[name] in only and row.get(f"{figure}_{index}") is not None
        }

    return Period(
        start=row["period"],
        rows=int(row["row_count"]),
        hours=int(row.get("hours") or 0),
        nulls=of("nulls", only=SCALAR),
        distinct=of("distinct", only=("STRING",)),
        negatives=of("negatives", only=NUMBERS),
        lowest={name: _number(value) for name, value in of("lowest", only=NUMBERS).items()},
        values={name: frozenset(values) for name, values in of("values", only=("STRING",)).items()},
        copies={key: int(row[f"copies_{index}"]) for index, key in enumerate(subject.keys)},
        loads=frozenset(row.get("loads") or ()),
    )


def _number(value: Decimal | float) -> float:
    return float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReference:
    """That a column may refer to the key of another table. ``unmatched`` are the rows of each interval whose value is
    not there, by its start."""

    column: str
    table: str
    key: str
    unmatched: Mapping[date | datetime | None, int] = field(default_factory=dict)

    @property
    def to(self) -> str:
        """The column that is referred to, as a pipeline file writes it."""
        return f"{self.table}.{self.key}"


def references_query(subject: Subject, references: Sequence[KeyReference], zone: str, grain: Grain = "day") -> Query:
    """Return the query that counts what other tables have not, all references of a table in one."""
    period = _period(subject, zone, grain)
    counted = [
        f"COUNTIF({quoted(each.column)} IS NOT NULL AND there_{index} IS NULL) AS unmatched_{index}"
        for index, each in enumerate(references)
    ]
    others = [
        f"of_{index} AS (SELECT DISTINCT {quoted(each.key)} AS there_{index} FROM {source(each.table)})"  # noqa: S608 - likewise
        for index, each in enumerate(references)
    ]  # apart: inside of the join a key that is lost would be taken from the table beside it
    sql = f"WITH {', '.join(others)}\n" if others else ""
    sql += f"SELECT\n  {', '.join([f'{period} AS period', *counted])}\nFROM {source(subject.name)}"
    for index, each in enumerate(references):
        sql += f"\nLEFT JOIN of_{index} ON there_{index} = {quoted(each.column)}"
    sql += _newer(subject)
    if subject.date is not None:
        sql += "\nGROUP BY period"
    return Query(sql, _parameters(subject), label=f"references-{subject.name}")


def counted(references: Sequence[KeyReference], rows: Sequence[Row]) -> Sequence[KeyReference]:
    """Return the references with what the rows of their query say."""
    return [
        replace(each, unmatched={row["period"]: int(row[f"unmatched_{index}"]) for row in rows})
        for index, each in enumerate(references)
    ]
