"""What services logged, below a cause: how many errors since when, the deploy that they began with, the lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.render.message import Line
from bot.render.words import zoned


def logged_lines(documents: Sequence[Mapping[str, Any]], zone: ZoneInfo, now: datetime) -> Iterator[Line]:
    """Yield the lines about what services logged; ``documents`` are as alerts keep them."""
    for each in documents:
        yield Line(label="Logged", text=_errors(each, zone, now), inset=True)
        for line in each["lines"]:
            times = f"{line['count']:,} times, last" if line["count"] > 1 else "once,"
            yield Line(text=f"“{line['text']}” ({times} {_at(line['last'], zone, now)})", inset=True)


def _errors(logged: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> str:
    count = f"{'' if logged['complete'] else 'at least '}{logged['errors']:,}"
    errors = "error" if logged["errors"] == 1 else "errors"
    since = f" since {_at(logged['since'], zone, now)}" if logged["since"] else ""
    text = f"{logged['service']} logged {count} {errors}{since}"
    change = logged["change"]
    if change is None:
        return text
    by = f" by {change['actor']}" if change["actor"] else ""
    what = f" ({change['what']})" if change["what"] else ""
    return f"{text}, none before its deploy of {_at(change['at'], zone, now)}{by}{what}"


def _at(text: str, zone: ZoneInfo, now: datetime) -> str:
    return zoned(datetime.fromisoformat(text), zone, now)
