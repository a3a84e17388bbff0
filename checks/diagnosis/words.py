"""Times, dates and lists as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from checks.intervals import interval_words
from checks.model import Interval
from checks.pipeline import Pipeline

PROGRAMS = re.compile("dbt|gcloud")
"""Names that are written small wherever they stand."""


def local(pipeline: Pipeline, instant: datetime | None, year: int | None) -> str:
    """Return an instant in the pipeline's zone, "10 Feb 02:13 EST", with its year where that is not ``year``; empty for
    none."""
    if instant is None:
        return ""
    try:
        there = instant.astimezone(pipeline.zone)
    except OverflowError:
        return instant.isoformat(" ", "minutes")
    return f"{_day(there, year)} {there:%H:%M %Z}"


def dates(intervals: Iterable[Interval], year: int | None, *, word: str = "for") -> str:
    """Return intervals with a word before them, " for 9 and 10 Feb"; empty for none."""
    named = listed(_of_one_month([interval_words(each.name, year) for each in intervals]))
    return f" {word} {named}" if named else ""


def _of_one_month(names: list[str]) -> list[str]:
    """Name the month of several days once: "9" and "10 Feb"."""
    months = {name.partition(" ")[2] for name in names}
    if len(months) != 1 or not next(iter(months)).isalpha():
        return names
    return [*(name.partition(" ")[0] for name in names[:-1]), names[-1]]


def _day(day: datetime, year: int | None) -> str:
    return f"{day.day} {day:%b}" if year in (None, day.year) else f"{day.day} {day:%b} {day.year}"


def listed(names: Sequence[str], *, most: int = 6, more: int = 0) -> str:
    """Return names as a list in words, at most so many: "a, b and c", "a, b and 3 more"; ``more`` have no name."""
    if len(names) > most or more:
        shown = names[:most]
        return f"{', '.join(shown)} and {len(names) - len(shown) + more:,} more"
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return "".join(names)


def phase_title(pipeline: Pipeline, phase: str | None) -> str:
    """Return the title of a phase; what the file does not know stays as it is."""
    return next((each.title for each in pipeline.phases if each.id == phase), phase or "the next phase")


def capitalised(text: str) -> str:
    """Return a text that begins with a capital letter, unless it begins with the name of a thing, as in
    ``player_daily_cache`` and dbt: that is written in one way only."""
    first = text.split(maxsplit=1)[0].rstrip(".,:;!?") if text.strip() else ""
    return text[:1].upper() + text[1:] if first.isalpha() and not PROGRAMS.fullmatch(first) else text
