"""The cells of BigQuery's rows: what each type is in Python, and its two texts.

| GoogleSQL | in Python | for people | exact |
| --- | --- | --- | --- |
| INT64 | int | 9007199254740993 | the same |
| FLOAT64 | float | 52.4, 0.043, 1.5e+20, nan | 52.36, the shortest that reads back |
| NUMERIC, BIGNUMERIC | Decimal | 52.4; a whole number with all its digits | 52.36, every digit |
| BOOL | bool | yes | true |
| STRING, GEOGRAPHY | str | on one line, cut | as it is |
| BYTES | bytes | 00ff, cut | 00ff |
| DATE | date | 10 Feb | 2026-02-10 |
| DATETIME | datetime without a zone | 10 Feb 07:13 | 2026-02-10 07:13:00.123456 |
| TIME | time | 07:13:05 | 07:13:05.123456 |
| TIMESTAMP | datetime with a zone | 10 Feb 02:13 EST | 2026-02-10 07:13:00.123456+00 |
| INTERVAL | Interval | 1 day 2 h 30 min | 0-0 1 2:30:0 |
| RANGE | Range | from 10 Feb until 12 Feb | [2026-02-10, 2026-02-12) |
| ARRAY | list | 1, 2 | [1,2] |
| STRUCT | dict | a: 1, b: x | {"a":1,"b":"x"} |
| JSON | str, as ``json_text`` writes it | the same, cut | the same |
| NULL | None | no value | NULL |

The exact text of a value without parts is the one that GoogleSQL's ``CAST(x AS STRING)`` gives, but for bytes, which
are in hexadecimal digits, and for large floats. It names the value in keys and commands: two values that differ have
different texts. Both texts exist for every value, whatever it holds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

MORE = " and more"
LONGEST_VALUE = 200
"""Characters of one value in a sentence."""

WHOLE_FLOATS = 2**53
"""Up to here a double holds every whole number; many readers of JSON have no other number."""

USUAL_YEARS = range(2000, 2101)
"""A time outside of them is a mistake, mostly the zero of a language, and is known by what it is in UTC."""

_ONE_DECIMAL = Decimal("0.1")
_MONTHS, _HOUR, _MINUTE, _SECOND = 12, 3_600_000_000, 60_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class SqlInterval:
    """An INTERVAL: three parts that do not become one another, each with its own sign."""

    months: int = 0
    days: int = 0
    microseconds: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """A RANGE of dates or times, without its end; None where it has no bound."""

    start: date | None
    end: date | None


def in_words(value: Any, zone: ZoneInfo, year: int | None = None) -> str:
    """Write a date or a time as people do, "10 Feb" and "10 Feb 08:00 EST"; empty for anything else.

    The year stands there only if it is another than ``year``, where that is known, or none that a pipeline has seen.
    """
    if not isinstance(value, date):
        return ""
    there = local(value, zone) if isinstance(value, datetime) else value
    untold = there.year in USUAL_YEARS if year is None else there.year == year
    clock = f" {there:%H:%M %Z}".rstrip() if isinstance(there, datetime) else ""
    return f"{there.day} {there:%b}{'' if untold else f' {there.year:04}'}{clock}"


def local(value: datetime, zone: ZoneInfo) -> datetime:
    """Return a time in a zone: one without a zone as it is, one of an unusual year in UTC.

    The first and the last hours that BigQuery knows have no time in other zones.
    """
    if value.tzinfo is None:
        return value
    return value.astimezone(zone if value.year in USUAL_YEARS else UTC) if _movable(value) else value


def _movable(value: datetime) -> bool:
    """Whether a time is far enough from both ends of the calendar for any zone."""
    return date.min.year < value.year < date.max.year or value.tzinfo is UTC


def words(value: Any, zone: ZoneInfo, year: int | None = None) -> str:
    """Write a value for people, on one line of bounded length. Times are in ``zone``, their year as ``in_words``."""
    match value:
        case None:
            return "no value"
        case bool():
            return "yes" if value else "no"
        case int() | float() | Decimal():
            return number_words(value, "")
        case date():
            return in_words(value, zone, year)
        case SqlInterval():
            return span_words(value)
        case Range():
            return _cut(_range_words(value, zone, year))
        case list() if value:
            return _cut(", ".join(words(each, zone, year) for each in value[:LONGEST_VALUE]))
        case list():
            return "none"
        case Mapping():
            return _cut(", ".join(f"{name}: {words(each, zone, year)}" for name, each in value.items()))
    return _cut(exact(value))


def _cut(text: str) -> str:
    """A list ends with a whole name where it can."""
    short = " ".join(text.split())
    if len(short) <= LONGEST_VALUE:
        return short
    whole, comma, _ = short[: LONGEST_VALUE - len(MORE) + 1].rpartition(", ")
    return f"{whole}{MORE}" if comma else short[: LONGEST_VALUE - 1] + "…"


def number_words(value: float | Decimal, grouped: str = ",") -> str:
    """Write a number for people: one decimal says enough of a percentage; what is closer to nothing keeps two digits.

    ``grouped`` stands between thousands; of a number that may be a name it is empty.
    """
    if not _is_finite(value):
        return str(value).lower()
    if isinstance(value, float) and abs(value) > WHOLE_FLOATS:
        return f"{value:.6g}"
    if value == int(value):
        return f"{int(value):{grouped}d}"
    return f"{value:.2g}" if -_ONE_DECIMAL < value < _ONE_DECIMAL else f"{value:{grouped}.1f}"


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or math.isfinite(value)


def formatted(value: float | Decimal, specification: str) -> str:
    """Write a number as a template asks, from all its digits."""
    return format(Decimal(value) if isinstance(value, int) else value, specification)


def span_words(span: SqlInterval) -> str:
    """Write every part of an interval that is not nothing, each with its sign: ``1 day 2 h 30 min``."""
    years, months = _divided(span.months, _MONTHS)
    hours, rest = _divided(span.microseconds, _HOUR)
    minutes, rest = _divided(rest, _MINUTE)
    named = ((years, "year"), (months, "month"), (span.days, "day"))
    parts = [f"{count} {name}{'' if abs(count) == 1 else 's'}" for count, name in named if count]
    parts += [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min")) if count]
    if rest or not parts:
        parts.append(f"{_plain(Decimal(rest) / _SECOND)} s")
    return " ".join(parts)


def _divided(amount: int, unit: int) -> tuple[int, int]:
    """Divide towards zero: both parts have the sign of the amount."""
    whole, rest = divmod(abs(amount), unit)
    return (whole, rest) if amount >= 0 else (-whole, -rest)


def _range_words(value: Range, zone: ZoneInfo, year: int | None) -> str:
    bounds = (("from", value.start), ("until", value.end))
    return " ".join(f"{word} {in_words(at, zone, year)}" for word, at in bounds if at is not None) or "without bounds"


def exact(value: Any) -> str:
    """Write a value so that no other of its type has the same text, and SQL reads it back."""
    return _kind(value).exact(value)


def type_name(value: Any) -> str:
    """Return the name of a value's type in GoogleSQL."""
    return _kind(value).name


def _exact_float(value: float) -> str:
    if value.is_integer() and abs(value) <= WHOLE_FLOATS:
        return str(int(value))
    return repr(value)


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return str(value).lower()
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _exact_datetime(value: datetime) -> str:
    there = value.astimezone(UTC) if value.tzinfo is not None and _movable(value) else value
    text = there.isoformat(sep=" ", timespec=_precision(there))
    return f"{text.removesuffix('+00:00')}+00" if there.tzinfo is UTC else text


def _precision(value: datetime | time) -> str:
    if not value.microsecond:
        return "seconds"
    return "microseconds" if value.microsecond % 1000 else "milliseconds"


def _exact_interval(value: SqlInterval) -> str:
    years, months = divmod(abs(value.months), _MONTHS)
    hours, rest = divmod(abs(value.microseconds), _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    calendar, clock = ("-" if part < 0 else "" for part in (value.months, value.microseconds))
    seconds = _plain(Decimal(rest) / _SECOND)
    return f"{calendar}{years}-{months} {value.days} {clock}{hours}:{minutes}:{seconds}"


def _exact_range(value: Range) -> str:
    start, end = ("UNBOUNDED" if at is None else exact(at) for at in (value.start, value.end))
    return f"[{start}, {end})"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    python: type
    exact: Callable[[Any], str]


_KINDS = (
    _Kind("NULL", type(None), lambda _: "NULL"),
    _Kind("BOOL", bool, lambda value: "true" if value else "false"),
    _Kind("INT64", int, str),
    _Kind("FLOAT64", float, _exact_float),
    _Kind("NUMERIC", Decimal, _plain),
    _Kind("STRING", str, str),
    _Kind("BYTES", bytes, bytes.hex),
    _Kind("TIMESTAMP", datetime, _exact_datetime),
    _Kind("DATE", date, date.isoformat),
    _Kind("TIME", time, lambda value: value.isoformat(timespec=_precision(value))),
    _Kind("INTERVAL", SqlInterval, _exact_interval),
    _Kind("RANGE", Range, _exact_range),
    _Kind("ARRAY", list, lambda value: json_text(as_json(value))),
    _Kind("STRUCT", dict, lambda value: json_text(as_json(value))),
)
"""A kind stands before the one that it is a special case of."""


def _kind(value: Any) -> _Kind:
    return next((kind for kind in _KINDS if isinstance(value, kind.python)), _Kind("value", object, str))


def as_json(value: Any) -> Any:
    """Return a value as JSON has it: a number that readers would round, or that JSON has not, as its exact text."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= WHOLE_FLOATS else str(value)
        case float():
            return value + 0.0 if math.isfinite(value) else exact(value)  # no zero has a sign
        case Decimal():
            return _json_number(value)
        case date() | time():
            return value.isoformat()
        case list():
            return [as_json(each) for each in value]
        case Mapping():
            return {str(name): as_json(each) for name, each in value.items()}
    return exact(value)


def _json_number(value: Decimal) -> Any:
    text = _plain(value)
    number = float(text)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        return text
    return as_json(int(value)) if value == int(value) else number


def json_text(value: Any) -> str:
    """Write plain JSON as GoogleSQL's ``TO_JSON_STRING`` does, without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
