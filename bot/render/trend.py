"""What a check on volume measured day by day, against what was usual then: a chart for the thread of the digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.render.limits import CHART_LABEL, CHART_POINTS, CHART_TITLE
from bot.render.post import Chart, Post, limited
from bot.render.words import capital, clean, interval_title, number
from checks.expansion import check_id
from checks.pipeline import Pipeline

FEWEST = 3
"""Days of which a line says anything."""

VOLUME = "volume"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """How much there was of an interval, and from where to where it was usual then."""

    interval: str
    measured: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Trend:
    """What a pipeline ``makes``, interval by interval, the oldest first."""

    makes: str
    points: Sequence[TrendPoint]


def trend_of(documents: Sequence[Document], pipeline: Pipeline) -> Trend | None:
    """Return the trend of what the pipeline makes last, of what a volume is expected of; None where too few say it.

    ``documents`` are of its digests, the newest first: of several about one interval the first is taken.
    """
    for makes, check in reversed(_counted(pipeline)):
        days = _days(documents, check)
        if len(days) >= FEWEST:
            return Trend(capital(clean(makes)), days[-CHART_POINTS:])
    return None


def trend_post(documents: Sequence[Document], pipeline: Pipeline, today: date) -> Post | None:
    """Return the chart of a trend; None where too few digests say it."""
    found = trend_of(documents, pipeline)
    return None if found is None else _post(found.points, found.makes, today)


def _counted(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Return what phases make, and the id of the check that counts just that."""
    nouns = {
        expect.noun: check_id(name, expect)
        for name, table in pipeline.tables.items()
        for expect in table.expect
        if any(not each.by for each in expect.volume)
    }
    return [(each.makes, nouns[each.makes]) for each in pipeline.phases if each.makes in nouns]


def _days(documents: Sequence[Document], check: str) -> list[TrendPoint]:
    """Return what was measured of each interval that was complete, the oldest first."""
    found: dict[str, TrendPoint] = {}
    for document in documents:
        interval = str(document.get("previous"))
        for day in _measured(document, check, interval):
            found.setdefault(interval, day)
    return [found[name] for name in sorted(found)]


def _measured(document: Document, check: str, interval: str) -> Iterator[TrendPoint]:
    """Yield the volume that a check measured, of all and not of groups, where a limit was learned."""
    for result in document.get("results", ()):
        for finding in result["findings"] if result["check"] == check else ():
            evidence = finding.get("evidence") or {}
            is_whole = evidence.get("expectation") == VOLUME and finding.get("interval") == interval
            if is_whole and (day := _day(interval, evidence)) is not None:
                yield day


def _day(interval: str, evidence: Mapping[str, Any]) -> TrendPoint | None:
    """Return the rows of an interval; limits of a rate are those of so many units, and lie evenly around the median."""
    measured, middle, low = (evidence.get(name) for name in ("measured", "median", "low"))
    times = evidence.get("exposure") or 1
    if measured is None or middle is None or low is None:
        return None
    return TrendPoint(interval, round(measured * times), max(0, round(low * times)), round((2 * middle - low) * times))


def _post(days: Sequence[TrendPoint], makes: str, today: date) -> Post:
    labels = tuple(short_interval(each.interval, today)[:CHART_LABEL] for each in days)
    lines = (
        (makes[:CHART_LABEL], tuple(each.measured for each in days)),
        ("usual, at least", tuple(each.low for each in days)),
        ("usual, at most", tuple(each.high for each in days)),
    )
    title = f"{makes} of {number(len(days), 'run')}, and what was usual"
    return Post((title,), (Chart(limited(title, CHART_TITLE), labels, lines),))


def short_interval(interval: str, today: date) -> str:
    """Return a date without its weekday: twenty of them stand side by side."""
    return interval_title(interval, today).split(" ", 1)[-1]
