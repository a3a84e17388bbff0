"""What DuckDB makes of BigQuery's cells, as the types of ``checks.cells``.

Its Python client loses the months of an interval, and wants pytz for an instant. So SQL gives both in another shape,
wherever they are in a value, and Python puts them together again by the type of the column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from bot.scenarios.column_types import quoted
from checks.amounts import CELL, cut_text
from checks.cells import SqlInterval, json_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT, _INTERVAL = "timestamp with time zone", "interval"
_MONTHS, _MINUTES, _SECONDS, _MICROSECONDS = 12, 60, 60, 1_000_000
_INT64 = (-(2**63), 2**63 - 1)
_SPAN = re.compile(
    r"(?:(?P<years>-?\d+) years? ?)?(?:(?P<months>-?\d+) months? ?)?(?:(?P<days>-?\d+) days? ?)?"
    r"(?:(?P<sign>-?)(?P<clock>\d+:\d\d:\d\d)(?:\.(?P<fraction>\d+))?)?"
)


def portable(expression: str, kind: DuckDBPyType) -> str:
    """Return the SQL that gives an expression of a type in a shape which reaches Python whole."""
    if kind.id == _INSTANT:
        return f"epoch_us({expression})"
    if kind.id == _INTERVAL:
        return f"CAST({expression} AS VARCHAR)"
    if not _needs_care(kind):
        return expression
    if kind.id == "list":
        return f"list_transform({expression}, lambda x: {portable('x', _element(kind))})"
    parts = (f"{quoted(name)} := {portable(f'{expression}.{quoted(name)}', part)}" for name, part in _parts(kind))
    return f"CASE WHEN {expression} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"


def _parts(kind: DuckDBPyType) -> Sequence[tuple[str, DuckDBPyType]]:
    """Return the fields of a struct, and of a list its one kind of element."""
    return [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]


def _element(kind: DuckDBPyType) -> DuckDBPyType:
    return _parts(kind)[0][1]


def _needs_care(kind: DuckDBPyType) -> bool:
    if kind.id in ("list", "struct"):
        return any(_needs_care(part) for _, part in _parts(kind))
    return kind.id in (_INSTANT, _INTERVAL)


def cell(value: Any, kind: DuckDBPyType) -> Any:
    """Return a value of a column that ``portable`` asked for, and of a very long text the beginning.

    Raises OverflowError for what no such column of BigQuery can hold.
    """
    if value is None:
        return None
    if kind.id == "list":
        return [cell(each, _element(kind)) for each in value]
    if kind.id == "struct":
        return {name: cell(value[name], part) for name, part in _parts(kind)}
    if str(kind) == "JSON":
        return cut_text(json_text(_ordered(json.loads(value))), CELL)
    if (kind.id == "hugeint" and not _INT64[0] <= value <= _INT64[1]) or (kind.id == "date" and isinstance(value, str)):
        message = f"{value} is out of the range of its type"
        raise OverflowError(message)
    read = _READ.get(kind.id)
    plain = value if read is None else read(value)
    return cut_text(plain, CELL) if isinstance(plain, str) else plain


def _ordered(value: Any) -> Any:
    """Order the names in JSON as BigQuery does."""
    if isinstance(value, dict):
        return {name: _ordered(each) for name, each in sorted(value.items())}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _interval(text: str) -> SqlInterval:
    match = _SPAN.fullmatch(text)
    if match is None:
        message = f"no interval of DuckDB: {text!r}"
        raise ValueError(message)
    hours, minutes, seconds = map(int, (match["clock"] or "0:00:00").split(":"))
    fraction = int((match["fraction"] or "").ljust(6, "0"))
    clock = ((hours * _MINUTES + minutes) * _SECONDS + seconds) * _MICROSECONDS + fraction
    return SqlInterval(
        months=int(match["years"] or 0) * _MONTHS + int(match["months"] or 0),
        days=int(match["days"] or 0),
        microseconds=-clock if match["sign"] else clock,
    )


_READ: Mapping[str, Callable[[Any], Any]] = {_INSTANT: _instant, _INTERVAL: _interval}
"""By the type of a column; every other is in Python what it is here."""
