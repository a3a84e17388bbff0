"""Sentences, names and commands with ``{column}`` in them, filled from a row and safe against whatever it holds.

``{column}`` shows a value as people read it, ``{column:.2f}`` a number with that many decimals, ``{column:,}`` one
with its thousands apart. ``{{`` and ``}}`` stand for the braces themselves. Nothing else is evaluated.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<format>:(?:,|,?\.[0-9]f))?\}|(?P<stray>[{}])")
LONGEST_VALUE = 200


class MissingColumnError(LookupError):
    """A template names a column that the row does not have; ``column`` is its name."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def columns_in(template: str) -> tuple[str, ...]:
    """Return the columns that a template names, each once, in their order."""
    return tuple(dict.fromkeys(match["name"] for match in _PART.finditer(template) if match["name"]))


def has_stray_brace(template: str) -> bool:
    """Whether a brace belongs neither to a ``{column}`` nor to ``{{`` or ``}}``."""
    return any(match["stray"] for match in _PART.finditer(template))


def fill(template: str, values: Mapping[str, Any], zone: ZoneInfo, year: int | None = None) -> str:
    """Fill a sentence; times are shown in ``zone``, with their year only if it is another than ``year``.

    Raises MissingColumnError.
    """

    def told(value: Any, specification: str) -> str:
        return in_words(value, zone, year) or exact(value, zone, specification)

    return _PART.sub(lambda match: _part(match, values, told), template)


def fill_name(template: str, values: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Fill a name, which machines compare: dates and times are exact. Raises MissingColumnError."""
    return _PART.sub(lambda match: _part(match, values, lambda value, form: exact(value, zone, form)), template)


def fill_command(template: str, values: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Fill a shell command, in which a value stays a text whatever it holds. Raises MissingColumnError."""
    command = ""
    end = 0
    quotes = ""
    for match in _PART.finditer(template):
        literal = template[end : match.start()]
        quotes = _quotes_after(quotes, literal)
        command += literal + _part(match, values, _escaped(_ESCAPES[quotes], zone))
        end = match.end()
    return command + template[end:]


def _escaped(escape: Callable[[str], str], zone: ZoneInfo) -> Callable[[Any, str], str]:
    return lambda value, specification: escape(exact(value, zone, specification))


def _part(match: re.Match[str], values: Mapping[str, Any], write: Callable[[Any, str], str]) -> str:
    name = match["name"]
    if name is None:
        return match[0][0]
    if name not in values:
        raise MissingColumnError(name)
    return write(values[name], (match["format"] or "").removeprefix(":"))


_ESCAPES: Mapping[str, Callable[[str], str]] = {
    "": shlex.quote,
    "'": lambda text: text.replace("'", "'\\''"),
    '"': lambda text: re.sub(r'([\\$`"])', r"\\\1", text),
}
"""How a value stays a text: outside of quotes, between single ones, between double ones."""


def _quotes_after(quotes: str, literal: str) -> str:
    """Return the quotes that are open after a piece of a shell command."""
    escaped = False
    for letter in literal:
        if escaped:
            escaped = False
        elif letter == "\\" and quotes != "'":
            escaped = True
        elif letter == quotes:
            quotes = ""
        elif not quotes and letter in "'\"":
            quotes = letter
    return quotes


def in_words(value: Any, zone: ZoneInfo, year: int | None = None) -> str:
    """Write a date or a time as people do, "10 Feb" and "10 Feb 08:00 EST"; empty for anything else.

    The year stands there only if it is another than ``year``, where that is known.
    """
    if not isinstance(value, date):
        return ""
    there = value.astimezone(zone) if isinstance(value, datetime) and value.tzinfo is not None else value
    of_year = f" {there.year}" if year is not None and there.year != year else ""
    time = f" {there:%H:%M %Z}".rstrip() if isinstance(there, datetime) else ""
    return f"{there.day} {there:%b}{of_year}{time}"


def exact(value: Any, zone: ZoneInfo, specification: str = "") -> str:
    """Write one value on one line; dates and times by ISO 8601, so that machines can read them, too."""
    match value:
        case None:
            return "no value"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return format(value, specification) if specification else _number(value)
        case datetime():
            moment = value.astimezone(zone) if value.tzinfo is not None else value
            return f"{moment:%Y-%m-%d %H:%M %Z}".strip()
        case date():
            return value.isoformat()
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _number(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return f"{value:.0f}"
    # One decimal says enough of a percentage; what is closer to nothing than that keeps two digits.
    return f"{value:.1f}" if abs(value) >= 0.1 else f"{value:.2g}"  # noqa: PLR2004 - one decimal place
