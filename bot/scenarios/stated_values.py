"""The values that a scenario states for columns, by type, as the JSON from which the embedded engine reads them.

An ARRAY and a STRUCT are stated as the text of their JSON, BYTES in hexadecimal digits, an INTERVAL as GoogleSQL writes
it: ``0-0 1 2:30:0``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from bot.scenarios.column_types import not_held
from bot.scenarios.template import Gaps
from checks.column_types import ColumnType

Conversion = Callable[[Any, Gaps], Any]

NANO = Decimal("1e-9")
"""The last digit that a NUMERIC keeps."""

_WIDE = Context(prec=38)
"""All the digits that it keeps."""

_INTERVAL = re.compile(
    r"(?P<calendar>-?)(?P<years>\d+)-(?P<months>\d+) (?P<days>-?\d+) (?P<clock>-?)(?P<hours>\d+):(?P<minutes>\d+)"
    r":(?P<seconds>\d+(?:\.\d{1,6})?)"
)
_MONTHS, _MINUTES, _SECONDS, _MICROSECONDS = 12, 60, 60, 1_000_000


class NotHeldError(ValueError):
    """The embedded engine has no such type; the text says so."""


def conversion(kind: ColumnType) -> Conversion:
    """Return what reads a value of a type; it raises ValueError or TypeError. Raises NotHeldError."""
    lacking = not_held(str(kind))
    if lacking is not None:
        message = f"the embedded engine cannot hold {lacking}: leave the column out; BigQuery has it"
        raise NotHeldError(message)
    if kind.name == "ARRAY":
        return lambda value, gaps: _array(_from_json(value), kind, gaps)
    if kind.name == "STRUCT":
        return lambda value, gaps: _struct(_from_json(value), kind, gaps)
    return _CONVERSIONS[kind.name]


def _from_json(value: Any) -> Any:
    return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value


def _array(value: Any, kind: ColumnType, gaps: Gaps) -> list[Any]:
    if not isinstance(value, list) or kind.element is None:
        raise TypeError
    convert = conversion(kind.element)
    return [convert(each, gaps) for each in value]


def _struct(value: Any, kind: ColumnType, gaps: Gaps) -> dict[str, Any]:
    kinds = dict(kind.fields)
    if not isinstance(value, dict) or not value.keys() <= kinds.keys():
        raise TypeError
    # An array that is not there is empty in BigQuery.
    given = {name: value.get(name, [] if inner.name == "ARRAY" else None) for name, inner in kinds.items()}
    return {name: None if each is None else conversion(kinds[name])(each, gaps) for name, each in given.items()}


def _boolean(value: Any, gaps: Gaps) -> bool:
    del gaps
    if not isinstance(value, bool):
        raise TypeError
    return value


def _day(value: Any, gaps: Gaps) -> str:
    del gaps
    return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()


def _civil(value: Any) -> str:
    """Read a date and a time of day without a zone."""
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if read.tzinfo is not None:
        raise ValueError(value)
    return read.isoformat()


def _numeric(value: Any) -> str:
    """Read digits as they stand. A float has lost its own already, so it is read as it is written."""
    try:
        read = Decimal(str(value))
        if not read.is_finite() or read != read.quantize(NANO, context=_WIDE):
            raise ValueError(value)
    except InvalidOperation:
        raise ValueError(value) from None
    return format(read, "f")


def _instant(value: Any, gaps: Gaps) -> str:
    if not isinstance(value, str | datetime):
        raise TypeError
    return gaps.instant(value).isoformat()


def _bytes(value: str) -> str:
    """Read hexadecimal digits; return them as DuckDB reads them."""
    return "".join(f"\\x{each:02X}" for each in bytes.fromhex(value))


def _interval(value: str) -> str:
    match = _INTERVAL.fullmatch(value)
    if match is None:
        raise ValueError(value)
    months = int(match["years"]) * _MONTHS + int(match["months"])
    seconds = (int(match["hours"]) * _MINUTES + int(match["minutes"])) * _SECONDS + Decimal(match["seconds"])
    microseconds = int(seconds * _MICROSECONDS)
    return f"{match['calendar']}{months} months {match['days']} days {match['clock']}{microseconds} microseconds"


_CONVERSIONS: Mapping[str, Conversion] = {
    "STRING": lambda value, _: str(value),
    "BYTES": lambda value, _: _bytes(value),
    "INT64": lambda value, _: int(value),
    "FLOAT64": lambda value, _: float(value),
    "NUMERIC": lambda value, _: _numeric(value),
    "BOOL": _boolean,
    "DATE": _day,
    "DATETIME": lambda value, _: _civil(value),
    "TIME": lambda value, _: time.fromisoformat(value).isoformat(),
    "TIMESTAMP": _instant,
    "INTERVAL": lambda value, _: _interval(value),
    "JSON": lambda value, _: str(value),
}
