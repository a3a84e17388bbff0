"""The query of a set of expectations, of one part or two.

The rows of the part ``history`` count those of each interval and group, also of earlier ones, and read no column beside
the date, the groups and the figures whose past matters. The one of ``judged`` has the figures of the interval that is
judged, which alone is read for them. Where there are both, one SELECT reads that interval and makes the rows of both
parts, another all others: no column of any row is read twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checks.dated import date_column, load_column
from checks.expansion.figure import Figure
from checks.expansion.sql_words import quoted
from checks.expectations_spec import Expect, Learning
from checks.pipeline import Pipeline, Table
from checks.table_names import SUFFIX, source

HISTORY: Mapping[str, int] = {"daily": 42, "hourly": 28, "weekly": 420, "monthly": 800}
"""Days that are looked back, by cadence, unless an expectation says otherwise."""

_OPPOSITE: Mapping[str, str] = {"<": ">=", "<=": ">"}

_A_DATE = f"REGEXP_CONTAINS({SUFFIX}, '^[0-9]{{8}}$')"
"""Of a range of shards: others may lie in it, such as those of a day that is not over."""

EARLIER = 14
"""Days: in two weeks most of what keeps coming has come."""


def history_days(pipeline: Pipeline, learning: Learning) -> int:
    """Return how many days an expectation looks back."""
    if learning.history is None:
        return HISTORY[pipeline.cadence.kind]
    return max(1, -(-learning.history // timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Select:
    """A SELECT of the query: the part that its rows are of, what it selects, by name, and all that follows."""

    part: str
    selected: Mapping[str, str]
    rest: str


def query_of(pipeline: Pipeline, name: str, table: Table, expect: Expect, figures: Sequence[Figure]) -> str:
    """Return the statement; none where nothing is expected of rows."""
    has_past = bool(expect.volume or expect.mean or expect.freshness)
    has_figures = bool(figures or expect.renewed)
    # Of a table without dates all rows are judged, and nothing is past.
    apart = has_past and not (has_figures and date_column(table) is None)
    parts = [
        *([_history(pipeline, name, table, expect, others=has_figures)] if apart else []),
        *([_judged(pipeline, name, table, expect, figures, has_past=has_past)] if has_figures else []),
    ]
    every = list(dict.fromkeys(column for part in parts for column in part.selected))
    selects = []
    for part in parts:
        columns = [f"{part.selected.get(each, 'NULL')} AS {each}" for each in every]
        selected = ",\n  ".join([f"{part.part} AS part", *columns])
        selects.append(f"SELECT\n  {selected}\n{part.rest}\n")
    referred = _apart(pipeline, name, expect) if has_figures else {}
    others = ",\n".join(f"{each} AS (\n  {sql}\n)" for each, sql in referred.items())
    return (f"WITH {others}\n" if referred else "") + "UNION ALL\n".join(selects)


def _history(pipeline: Pipeline, name: str, table: Table, expect: Expect, *, others: bool) -> _Select:
    """Count the intervals that are looked back; without the one that is judged, where ``others`` alone are wanted."""
    date = date_column(table)
    groups = {f"by_{each}": quoted(each) for each in _groups(expect)}
    learning = [*expect.volume, *expect.mean.values()]
    days = max((history_days(pipeline, each) for each in learning), default=HISTORY[pipeline.cadence.kind])
    whole = _shard(table) if pipeline.cadence.has_dates else []  # an hour is a part of a shard
    dated = [each for each in dict.fromkeys([date, *whole]) if each is not None]
    kept = (_kept(pipeline, table, each, expect, others=others) for each in dated)
    tests = [each for each in kept if each]
    rows = _from(name, expect, [*_since(pipeline, table, days, *_shard(table)), *tests])
    return _Select(
        part="'history'",
        selected={"period": _period(pipeline, table, date), **groups, **_counts(table, expect)},
        rest=rows + _grouped([*(["period"] if date is not None else []), *groups]),
    )


def _grouped(columns: Sequence[str]) -> str:
    return f"\nGROUP BY {', '.join(columns)}" if columns else ""


def _kept(pipeline: Pipeline, table: Table, date: str, expect: Expect, *, others: bool) -> str:
    """Return the test that ends the history: what is loaded now may belong to an interval after the one that is judged,
    and is fresh all the same."""
    before = f"{quoted(date)} < {_starts(pipeline, table, date)}"
    if expect.freshness is None:
        return before if others else _ends(pipeline, table, date)
    return f"({before} OR {_ends(pipeline, table, date, after=True)})" if others else ""


def _groups(expect: Expect) -> Sequence[str]:
    return list(dict.fromkeys(column for volume in expect.volume for column in volume.by))


def _counts(table: Table, expect: Expect) -> Mapping[str, str]:
    """Return what is counted of each interval and group, by name."""
    counts = {"row_count": "COUNT(*)"}
    if expect.freshness is not None:
        counts["newest"] = _newest(table)
    for column in expect.mean:
        value = quoted(column)
        if table.columns.get(column) == "FLOAT64":
            value = f"IF(IS_NAN({value}), NULL, {value})"
        counts |= {f"count_{column}": f"COUNT({value})", f"sum_{column}": f"SUM({value})"}
    return counts


def _newest(table: Table) -> str:
    loaded = quoted(load_column(table) or "")
    return f"MAX(IF({loaded} <= @now, {loaded}, NULL))"


def _judged(
    pipeline: Pipeline, name: str, table: Table, expect: Expect, figures: Sequence[Figure], *, has_past: bool
) -> _Select:
    """Read the interval that is judged for its figures, and with ``has_past`` for its rows of the history, too."""
    selected = {"judged_rows": "COUNT(*)"}
    if expect.renewed is not None:
        selected["renewed"] = _newest(table)
    for figure in figures:
        selected |= {figure.column: figure.sql, **dict(figure.more)}
    groups = {"row_period": _period(pipeline, table, date_column(table))} if has_past else {}
    groups |= {f"by_{each}": quoted(each) for each in _groups(expect)}
    made = [each for figure in figures for each in figure.before]
    made += [f"{sql} AS {each}" for each, sql in groups.items()]
    rows = _from(name, expect, in_interval(pipeline, table))
    if made or expect.references:
        inner = ",\n    ".join([*dict.fromkeys(map(quoted, _used(table, expect, figures))), *made])
        rows = f"FROM (\n  SELECT\n    {inner}\n{_indented(rows)}\n)"
    for each in _apart(pipeline, name, expect):
        column = each.removeprefix("of_")
        joined = f"LEFT JOIN {each} ON {each}.there_{column} = {quoted(column)}"
        rows += "\n" + (joined if column != each else f"CROSS JOIN {each}")
    if not groups:
        return _Select(part="'judged'", selected=selected, rest=rows)
    return _Select(
        part="IF(GROUPING(row_period) = 1, 'judged', 'history')",
        selected={"period": "row_period", **{each: each for each in groups if each != "row_period"}}
        | {**_counts(table, expect), **selected},
        rest=f"{rows}\nGROUP BY GROUPING SETS (({', '.join(groups)}), ())",
    )


def _used(table: Table, expect: Expect, figures: Sequence[Figure]) -> Sequence[str]:
    """Return the columns whose values are counted."""
    column = load_column(table) if expect.renewed or expect.freshness else None
    loaded = [column] if column is not None else []
    return [*(each for figure in figures for each in figure.columns), *loaded, *expect.mean]


def _from(name: str, expect: Expect, tests: Sequence[str]) -> str:
    meant = [f"({expect.where.strip()})"] if expect.where is not None else []
    return f"FROM {source(name)}{_where([*tests, *meant])}"


def _where(tests: Sequence[str]) -> str:
    return f"\nWHERE {' AND '.join(tests)}" if tests else ""


def _apart(pipeline: Pipeline, name: str, expect: Expect) -> Mapping[str, str]:
    """Return what is read of other tables, by the name it is joined under. It stands before the SELECTs: inside of
    a join a column that a table has lost would be taken from the table beside it that has one of the same name."""
    references = expect.references.items()
    read = [_there(pipeline, name, column, *each.to.rpartition(".")[::2]) for column, each in references]
    return {each: sql for apart in read for each, sql in apart.items()}


def _there(pipeline: Pipeline, table: str, column: str, name: str, key: str) -> Mapping[str, str]:
    """Return what has the values of another table, each once; nothing for a table that does not exist. Of its own
    values a table is compared with the earlier ones, and with their number."""
    other = pipeline.tables.get(name)
    if other is None:
        return {}
    tests = in_interval(pipeline, other) if other.filter_required else []
    own = name == table
    rows = f"FROM {source(name)}" + _where(_before(pipeline, other) if own else tests).replace("\n", "\n  ")
    there = {f"of_{column}": f"SELECT DISTINCT {quoted(key)} AS there_{column}\n  {rows}"}
    if not own:
        return there
    days = f"COUNT(DISTINCT IF({quoted(key)} IS NOT NULL, {_period(pipeline, other, date_column(other))}, NULL))"
    figures = f"COUNT(DISTINCT {quoted(key)}) AS others_{column}, {days} AS days_{column}"
    return {**there, f"count_of_{column}": f"SELECT {figures}\n  {rows}"}


def _before(pipeline: Pipeline, table: Table) -> list[str]:
    date = date_column(table) or ""
    since, *parts = _since(pipeline, table, EARLIER, table.partition)
    return [since, f"{quoted(date)} < {_starts(pipeline, table, date)}", *parts]


def _since(pipeline: Pipeline, table: Table, days: int, *columns: str | None) -> list[str]:
    """Return the tests of rows since so many days before the interval, by the date of a row and by other columns."""
    parts = [_since_in(pipeline, table, each, days) for each in dict.fromkeys([date_column(table), *columns]) if each]
    return [*parts, _A_DATE] if SUFFIX in table.columns else parts


def _since_in(pipeline: Pipeline, table: Table, column: str, days: int) -> str:
    if not _is_day(table, column):
        return f"{quoted(column)} >= TIMESTAMP_SUB(@interval_start, INTERVAL {days} DAY)"
    return f"{quoted(column)} >= {_as_day(column, f'DATE_SUB({_first_day(pipeline)}, INTERVAL {days} DAY)')}"


def in_interval(pipeline: Pipeline, table: Table) -> list[str]:
    """Return the tests that leave the rows of the interval; of a table without dates all rows are judged."""
    columns = dict.fromkeys([date_column(table), *_shard(table)])
    return [test for each in columns if each for test in _inside(pipeline, table, each)]


def _shard(table: Table) -> list[str]:
    """Return what tells apart the shards of a table that is split by date."""
    return [SUFFIX] if SUFFIX in table.columns else []


def _inside(pipeline: Pipeline, table: Table, date: str) -> list[str]:
    if _is_day(table, date) and pipeline.cadence.kind == "daily":
        return [f"{quoted(date)} = {_as_day(date, '@date')}"]
    more = [_A_DATE] if date == SUFFIX else []
    return [f"{quoted(date)} >= {_starts(pipeline, table, date)}", _ends(pipeline, table, date), *more]


def _is_day(table: Table, column: str) -> bool:
    return column == SUFFIX or table.columns.get(column) == "DATE"


def _as_day(column: str, day: str) -> str:
    """Return a DATE as a column of days has it."""
    return f"FORMAT_DATE('%Y%m%d', {day})" if column == SUFFIX else day


def _first_day(pipeline: Pipeline) -> str:
    return "@date" if pipeline.cadence.has_dates else f"DATE(@interval_start, '{pipeline.timezone}')"


def _starts(pipeline: Pipeline, table: Table, date: str) -> str:
    return _as_day(date, _first_day(pipeline)) if _is_day(table, date) else "@interval_start"


def _ends(pipeline: Pipeline, table: Table, date: str, *, after: bool = False) -> str:
    """Return the test of rows before the end of the interval, or ``after`` it."""
    if not _is_day(table, date):
        sign, end = "<", "@interval_end"
    elif pipeline.cadence.kind == "daily":
        sign, end = "<=", "@date"
    else:
        sign, end = "<" if pipeline.cadence.has_dates else "<=", f"DATE(@interval_end, '{pipeline.timezone}')"
    return f"{quoted(date)} {_OPPOSITE[sign] if after else sign} {_as_day(date, end) if _is_day(table, date) else end}"


def _period(pipeline: Pipeline, table: Table, date: str | None) -> str:
    """Return the date of a row, of an hourly pipeline its hour: intervals are made of them. Without dates every row is
    of the interval that is judged."""
    if date is None:
        return "@date" if pipeline.cadence.has_dates else "@interval_start"
    if date == SUFFIX:
        return f"PARSE_DATE('%Y%m%d', {date})"
    if table.columns.get(date) == "DATE":
        return quoted(date)
    if pipeline.cadence.has_dates:
        return f"DATE({quoted(date)}, '{pipeline.timezone}')"
    offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(pipeline.zone).utcoffset() or timedelta()
    return f"TIMESTAMP_TRUNC({quoted(date)}, {'MINUTE' if offset % timedelta(hours=1) else 'HOUR'})"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
