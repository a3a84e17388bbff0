"""The query of a set of expectations, of one part or two.

The rows of the part ``history`` count those of each interval and group, also of earlier ones, and read no column beside
the date, the groups and the figures whose past matters. The one of ``judged`` has the figures of the interval that is
judged, which alone is read for them. So each column is read once, and no more of it than is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from checks.expansion.figure import Figure
from checks.expansion.sql_words import quoted, source
from checks.expectations_spec import Expect, Learning
from checks.pipeline import Pipeline, Table

HISTORY: Mapping[str, int] = {"daily": 42, "hourly": 28, "weekly": 420, "monthly": 800}
"""Days that are looked back, by cadence, unless an expectation says otherwise."""


EARLIER = 14
"""Days: in two weeks most of what keeps coming has come."""


def date_column(table: Table) -> str | None:
    """Return the column that says to which interval a row belongs."""
    return table.date or table.partition


def history_days(pipeline: Pipeline, learning: Learning) -> int:
    """Return how many days an expectation looks back."""
    if learning.history is None:
        return HISTORY[pipeline.cadence.kind]
    return max(1, -(-learning.history // timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Select:
    """A SELECT of the query: what it selects, by name, and all that follows."""

    name: str
    selected: Mapping[str, str]
    rest: str


def query_of(pipeline: Pipeline, name: str, table: Table, expect: Expect, figures: Sequence[Figure]) -> str:
    """Return the statement; none where nothing is expected of rows."""
    parts = [
        *([_history(pipeline, name, table, expect)] if expect.volume or expect.mean or expect.freshness else []),
        *([_judged(pipeline, name, table, expect, figures)] if figures or expect.renewed else []),
    ]
    every = list(dict.fromkeys(column for part in parts for column in part.selected))
    selects = []
    for part in parts:
        columns = [f"{part.selected.get(each, 'NULL')} AS {each}" for each in every]
        selected = ",\n  ".join([f"'{part.name}' AS part", *columns])
        selects.append(f"SELECT\n  {selected}\n{part.rest}\n")
    return "UNION ALL\n".join(selects)


def _history(pipeline: Pipeline, name: str, table: Table, expect: Expect) -> _Select:
    date = date_column(table) or ""
    period = _period(pipeline, table, date)
    groups = list(dict.fromkeys(column for volume in expect.volume for column in volume.by))
    selected = {"period": period, **{f"by_{each}": quoted(each) for each in groups}, "row_count": "COUNT(*)"}
    if expect.freshness is not None:
        loaded = quoted(table.loaded or "")
        selected["newest"] = f"MAX(IF({loaded} <= @now, {loaded}, NULL))"
    for column in expect.mean:
        value = quoted(column)
        if table.columns.get(column) == "FLOAT64":
            value = f"IF(IS_NAN({value}), NULL, {value})"
        selected |= {f"count_{column}": f"COUNT({value})", f"sum_{column}": f"SUM({value})"}
    learning = [*expect.volume, *expect.mean.values()]
    days = max((history_days(pipeline, each) for each in learning), default=HISTORY[pipeline.cadence.kind])
    is_day = table.columns.get(date) == "DATE"
    start = (
        f"DATE_SUB(@date, INTERVAL {days} DAY)" if is_day else f"TIMESTAMP_SUB(@interval_start, INTERVAL {days} DAY)"
    )
    # What is loaded now may belong to an interval after the one that is judged, and is fresh all the same.
    tests = [f"{quoted(date)} >= {start}", *([] if expect.freshness is not None else [_ends(pipeline, table, date)])]
    grouped = ", ".join(["period", *(f"by_{each}" for each in groups)])
    return _Select(name="history", selected=selected, rest=f"{_from(name, expect, tests)}\nGROUP BY {grouped}")


def _judged(pipeline: Pipeline, name: str, table: Table, expect: Expect, figures: Sequence[Figure]) -> _Select:
    selected = {"judged_rows": "COUNT(*)"}
    if expect.renewed is not None:
        loaded = quoted(table.loaded or "")
        selected["renewed"] = f"MAX(IF({loaded} <= @now, {loaded}, NULL))"
    for figure in figures:
        selected |= {figure.column: figure.sql, **dict(figure.more)}
    rows = _from(name, expect, in_interval(pipeline, table))
    before = [each for figure in figures for each in figure.before]
    if before or expect.references:
        used = [each for figure in figures for each in figure.columns]
        used += [table.loaded] if expect.renewed is not None and table.loaded is not None else []
        columns = dict.fromkeys(map(quoted, used))
        inner = ",\n    ".join([*columns, *before])
        rows = f"FROM (\n  SELECT\n    {inner}\n{_indented(rows)}\n)"
    for column, reference in expect.references.items():
        rows += "\n" + _there(pipeline, name, column, *reference.to.rpartition(".")[::2])
    return _Select(name="judged", selected=selected, rest=rows)


def _from(name: str, expect: Expect, tests: Sequence[str]) -> str:
    meant = [f"({expect.where.strip()})"] if expect.where is not None else []
    return f"FROM {source(name)}{_where([*tests, *meant])}"


def _where(tests: Sequence[str]) -> str:
    return f"\nWHERE {' AND '.join(tests)}" if tests else ""


def _there(pipeline: Pipeline, table: str, column: str, name: str, key: str) -> str:
    """Return the joins with the values that another table has, each once; nothing for a table that does not exist. Of
    its own values a table is compared with the earlier ones, and with their number."""
    other = pipeline.tables.get(name)
    if other is None:
        return ""
    tests = in_interval(pipeline, other) if other.filter_required else []
    own = name == table
    tests = _before(other) if own else tests
    where = f"\n  WHERE {' AND '.join(tests)}" if tests else ""
    others = f"SELECT DISTINCT {quoted(key)} AS there_{column}\n  FROM {source(name)}{where}"  # noqa: S608 - declared names
    joined = f"LEFT JOIN (\n  {others}\n) AS of_{column} ON there_{column} = {quoted(column)}"
    if not own:
        return joined
    days = f"COUNT(DISTINCT IF({quoted(key)} IS NOT NULL, {_period(pipeline, other, date_column(other) or '')}, NULL))"
    figures = f"COUNT(DISTINCT {quoted(key)}) AS others_{column}, {days} AS days_{column}"
    counted = f"SELECT {figures}\n  FROM {source(name)}{where}"  # noqa: S608 - likewise
    return f"{joined}\nCROSS JOIN (\n  {counted}\n) AS count_of_{column}"


def _before(table: Table) -> list[str]:
    date = date_column(table) or ""
    parts = [_since(table, table.partition)] if table.partition is not None and table.partition != date else []
    end = "@date" if table.columns.get(date) == "DATE" else "@interval_start"
    return [_since(table, date), f"{quoted(date)} < {end}", *parts]


def _since(table: Table, column: str) -> str:
    unit = "DATE_SUB(@date" if table.columns.get(column) == "DATE" else "TIMESTAMP_SUB(@interval_start"
    return f"{quoted(column)} >= {unit}, INTERVAL {EARLIER} DAY)"


def in_interval(pipeline: Pipeline, table: Table) -> list[str]:
    """Return the tests that leave the rows of the interval; of a table without dates all rows are judged."""
    date = date_column(table)
    if date is None:
        return []
    if table.columns.get(date) != "DATE":
        return [f"{quoted(date)} >= @interval_start", _ends(pipeline, table, date)]
    if pipeline.cadence.kind == "daily":
        return [f"{quoted(date)} = @date"]
    starts = "@date" if pipeline.cadence.has_dates else f"DATE(@interval_start, '{pipeline.timezone}')"
    return [f"{quoted(date)} >= {starts}", _ends(pipeline, table, date)]


def _ends(pipeline: Pipeline, table: Table, date: str) -> str:
    if table.columns.get(date) != "DATE":
        return f"{quoted(date)} < @interval_end"
    if pipeline.cadence.kind == "daily":
        return f"{quoted(date)} <= @date"
    sign = "<" if pipeline.cadence.has_dates else "<="
    return f"{quoted(date)} {sign} DATE(@interval_end, '{pipeline.timezone}')"


def _period(pipeline: Pipeline, table: Table, date: str) -> str:
    """Return the date of a row, of an hourly pipeline its hour: intervals are made of them."""
    if table.columns.get(date) == "DATE":
        return quoted(date)
    if pipeline.cadence.has_dates:
        return f"DATE({quoted(date)}, '{pipeline.timezone}')"
    offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(pipeline.zone).utcoffset() or timedelta()
    return f"TIMESTAMP_TRUNC({quoted(date)}, {'MINUTE' if offset % timedelta(hours=1) else 'HOUR'})"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
