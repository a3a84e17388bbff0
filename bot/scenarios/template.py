"""Texts with gaps: ``<date>``, ``<now-3m>``, ``<n>`` and names of lists, so that one world fits every date.

A gap is written in angle brackets because YAML gives them no meaning, unlike braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from checks.model import Interval

_GAP = re.compile(r"<([a-z][a-z0-9_-]*?)(?:([+-]\d{1,5})([dhms]?))?>")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?")

COMMIT = "4c1f9e07b2d84a6f93e5d10a7c6b2e8f5a3d9c41"
"""The commit that every service runs where a scenario does not state another; ``<commit>`` stands for it."""

AS_IT_STANDS = "<text>"
"""At the beginning of a text: what follows is no gap and no time, whatever it looks like."""

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class GapError(ValueError):
    """A gap that nothing fills; the message is one sentence."""


@dataclass(frozen=True)
class Gaps:
    """What fills gaps. ``interval`` is the one judged; ``lists`` are cycled by the number of the row."""

    interval: Interval
    now: datetime
    zone: ZoneInfo
    invoker: str
    lists: Mapping[str, Sequence[Any]]

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return ("date", "yyyymmdd", "interval", "start", "end", "now", "n", "invoker", "commit", *self.lists)

    def lists_in(self, text: str) -> list[str]:
        """Return the lists that a text names."""
        if text.startswith(AS_IT_STANDS):
            return []
        return [match[1] for match in _GAP.finditer(text) if match[1] in self.lists]

    def settle(self, text: str) -> str:
        """Fill the gaps that are the same in every row. Raises GapError for an unknown one."""
        return _GAP.sub(self._settled, text) if "<" in text and not text.startswith(AS_IT_STANDS) else text

    def _settled(self, match: re.Match[str]) -> str:
        name, amount, unit = match[1], int(match[2] or 0), match[3] or ""
        instants = {"now": self.now, "start": self.interval.start, "end": self.interval.end}
        if name in instants and bool(match[2]) == bool(unit):
            instant = instants[name].astimezone(UTC) + timedelta(**{_UNITS.get(unit, "seconds"): amount})
            return f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        if name in ("date", "yyyymmdd") and unit in ("", "d"):
            day = self.interval.day + timedelta(days=amount)
            return day.isoformat() if name == "date" else f"{day:%Y%m%d}"
        if match[2] is None and (name in self.lists or name in ("n", "secret", "absent")):
            return match[0]
        if match[2] is None and name == "interval":
            return self.interval.name
        if match[2] is None and name == "invoker":
            return self.invoker
        if match[2] is None and name == "commit":
            return COMMIT
        near = get_close_matches(name, self._words, n=1)
        hint = f"did you mean <{near[0]}>?" if near else f"there are <{'>, <'.join(self._words)}>."
        message = f"nothing fills {match[0]}; {hint}"
        raise GapError(message)

    def fill(self, settled: str, number: int) -> Any:
        """Fill what differs between rows; ``number`` counts from 1. A text that is one gap keeps the item's type."""
        if settled.startswith(AS_IT_STANDS):
            return settled.removeprefix(AS_IT_STANDS)
        whole = _GAP.fullmatch(settled)
        if whole is not None:
            return self._item(whole, number)
        return _GAP.sub(lambda match: str(self._item(match, number)), settled)

    def _item(self, match: re.Match[str], number: int) -> Any:
        if match[1] == "n":
            return number
        if match[1] in self.lists:
            items = self.lists[match[1]]
            return items[(number - 1) % len(items)]
        return match[0]

    def each(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield a key once, or once for every item of the list that it names, with the number of the item."""
        settled = self.settle(text)
        named = self.lists_in(settled)
        for number in range(1, max((len(self.lists[name]) for name in named), default=1) + 1):
            yield str(self.fill(settled, number)), number

    def value(self, value: Any, number: int = 1) -> Any:
        """Fill a value of a document, maps and lists included. ``YYYY-MM-DD HH:MM[:SS]`` becomes an instant."""
        if isinstance(value, Mapping):
            return {
                name: self.value(child, item if self.lists_in(key) else number)
                for key, child in value.items()
                for name, item in self.each(key)
            }
        if isinstance(value, list | tuple):
            return [self.value(child, number) for child in value]
        if isinstance(value, str):
            filled = self.fill(self.settle(value), number)
            if value.startswith(AS_IT_STANDS):
                return filled
            return self.instant(filled) if isinstance(filled, str) and _TIME.fullmatch(filled) else filled
        if isinstance(value, datetime):
            return self.instant(value)
        return value.isoformat() if isinstance(value, date) else value

    def instant(self, value: str | datetime) -> datetime:
        """Return an instant in UTC; without an offset the time is local. Raises GapError."""
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            message = f"'{value}' is no time; expected 'YYYY-MM-DD HH:MM'"
            raise GapError(message) from None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)).astimezone(UTC)


def as_it_stands(text: str) -> str:
    """Return how a scenario states a text that must stay what it is."""
    is_other = _GAP.search(text) is not None or _TIME.fullmatch(text) is not None or text.startswith(AS_IT_STANDS)
    return f"{AS_IT_STANDS}{text}" if is_other else text
