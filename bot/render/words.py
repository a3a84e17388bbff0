"""Words for values: dates, times, counts, evidence; and the cleaning of text that is not ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from checks.cells import local, number_words
from checks.facts import Evidence, Scalar
from checks.intervals import interval_words
from checks.pipeline import Pipeline

_LEADING_DATE = re.compile(r"^(?:\d{4}-\d\d-\d\d|\d\d? [A-Z][a-z]{2}(?: \d{4})?): ")


def clean(text: str) -> str:
    """Return a text on one line without control, format or surrogate characters, and without double spaces.

    Text from data can carry terminal escapes, direction overrides or broken surrogates; none of them may
    reach a terminal or Slack.
    """
    if text.isprintable() and "  " not in text:
        return text.strip()
    kept = "".join(char if char.isprintable() else " " if _is_break(char) else "" for char in text)
    return " ".join(kept.split())


def clean_command(text: str) -> str:
    """Return a command without control characters; its line breaks and its spaces stay."""
    lines = ("".join(char for char in line.replace("\t", " ") if char.isprintable()) for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip())


def _is_break(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Zs", "Zl", "Zp")


def day(value: date, today: date) -> str:
    """Return ``Tue 10 Feb``, and ``Fri 1 Jan 2021`` for a date of another year than ``today``."""
    return f"{value:%a} {value.day} {value:%b}{_year(value, today)}"


def interval_title(name: str, today: date) -> str:
    """Return the interval of a name as people write it: a day with its weekday, else ``week 7``, ``10 Feb 14:00``."""
    try:
        return (
            day(date.fromisoformat(name), today) if len(name) == len("2026-02-10") else interval_words(name, today.year)
        )
    except ValueError:
        return name


def words_of_intervals(pipeline: Pipeline, now: datetime) -> dict[str, str]:
    """Return the pipeline's own words for the previous and the current interval, by their names."""
    previous, current = pipeline.timeline.around(now)
    return {previous.name: pipeline.words.previous, current.name: pipeline.words.current}


def named_interval(word: str, title: str) -> str:
    """Return the pipeline's word for an interval before its title: ``last run Tue 10 Feb``, ``last week, week 7``."""
    stops = "," if word.split()[-1:] == title.split()[:1] else ""
    return f"{word}{stops} {title}".strip()


def capital(text: str) -> str:
    """Return a text whose first letter is a capital; the others stay."""
    return f"{text[:1].upper()}{text[1:]}"


def moment(value: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return ``10 Feb 02:13`` in the local time of a zone; the year of another than that of ``now``, too."""
    there = local(value, zone)
    return f"{there.day} {there:%b}{_year(there, now.astimezone(zone))} {there:%H:%M}"


def zoned(value: datetime, zone: ZoneInfo, now: datetime) -> str:
    """As ``moment``, with the zone: ``10 Feb 02:13 EST``."""
    return f"{moment(value, zone, now)} {local(value, zone):%Z}"


def time_of(value: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return ``02:13 EST`` on the day of ``now``, and ``10 Feb 02:13 EST`` on another."""
    there = local(value, zone)
    if there.date() == local(now, zone).date():
        return f"{there:%H:%M %Z}"
    return zoned(value, zone, now)


def _year(value: date, today: date) -> str:
    return "" if value.year == today.year else f" {value.year:04}"


def duration(span: timedelta) -> str:
    """Return ``5 min``, ``1 h 10 min``, ``3 days``; nothing for less than a minute."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return ""
    hours, rest = divmod(minutes, 60)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours // 24} days"
    return " ".join((*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])))


def number(count: int, one: str, many: str = "") -> str:
    """Return ``1 game`` or ``2 games``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def joined(items: Sequence[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    if len(items) < 2:  # noqa: PLR2004 - one item needs no word between
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def shortened(items: Sequence[str], most: int, more: int = 0) -> str:
    """Return ``a, b, c and 4 more``; nothing is left out without its number. ``more`` have no name."""
    if len(items) <= most and not more:
        return joined(items)
    return f"{', '.join(items[:most])} and {len(items) - len(items[:most]) + more:,} more"


def quoted(titles: Sequence[str], most: int) -> str:
    """Return ``“Is a there?”, “No b is late” and 4 more``: titles are questions and sentences of their own."""
    return shortened([f"“{each}”" for each in titles], most)


def once(items: Iterable[str]) -> tuple[str, ...]:
    """Return every non-empty item once, in order."""
    return tuple(dict.fromkeys(item for item in items if item))


def value_words(value: Scalar, zone: ZoneInfo, now: datetime) -> str:
    """Return a value of evidence in words."""
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment(value, zone, now)
        case date():
            return day(value, now.astimezone(zone).date())
        case int() | float() | Decimal():
            return number_words(value)
    names = value.split(", ")
    return ", ".join(interval_title(each, now.astimezone(zone).date()) for each in names)


def evidence_words(evidence: Evidence, zone: ZoneInfo, now: datetime) -> str:
    """Return evidence as ``last deploy: 10 Feb 02:13 · caller: …``; what is None is left out."""
    return " · ".join(
        f"{key.replace('_', ' ')}: {value_words(value, zone, now)}"
        for key, value in evidence.items()
        if value is not None and value != ""
    )


def first_sentence(text: str) -> str:
    """Return what stands before the first full stop that ends a sentence."""
    return clean(text).partition(". ")[0].rstrip(".")


def without_date(text: str) -> str:
    """Return a summary without the date that leads it in: what stands beside it says the date."""
    return _LEADING_DATE.sub("", text)


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does."""
    text = text.strip()
    # Behind a title in quotes, a question or a sentence of its own, no second stop follows.
    return text if not text or text.rstrip("”")[-1:] in ".!?:…" else f"{text}."


_END = re.compile(r"(?<=[.!?]) +(?=[A-Z0-9“'])")


def sentences(words: str) -> list[str]:
    """Return the sentences of a text, each with its full stop."""
    return [sentence(each) for each in _END.split(words) if each.strip()]
