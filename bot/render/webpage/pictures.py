"""Every picture of a pipeline's last days, for a page and to be sent; one that has nothing to show is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.render.chart import CHART
from bot.render.post import Picture
from bot.render.trend import trend_of
from bot.render.webpage.band import band_figure
from bot.render.webpage.diagram import Diagram, sheet
from bot.render.webpage.strip import strip_figure, strip_of
from bot.render.webpage.timeline import expected_runs, timeline_figure
from checks.pipeline import Pipeline

Documents = Sequence[Mapping[str, Any]]
"""Reports as JSON, the newest first."""


def _strip(documents: Documents, pipeline: Pipeline, now: datetime) -> Diagram | None:
    found = strip_of(documents, pipeline)
    return None if found is None else strip_figure(found, now.astimezone(pipeline.zone).date())


def _band(documents: Documents, pipeline: Pipeline, now: datetime) -> Diagram | None:
    found = trend_of(documents, pipeline)
    return None if found is None else band_figure(found, now.astimezone(pipeline.zone).date())


def _timeline(documents: Documents, pipeline: Pipeline, now: datetime) -> Diagram | None:
    found = expected_runs(documents[0], pipeline) if documents else ()
    return timeline_figure(found, pipeline.zone, now) if found else None


DIAGRAMS: Mapping[str, Callable[[Documents, Pipeline, datetime], Diagram | None]] = {
    "phases": _strip,
    "volume": _band,
    "timeline": _timeline,
}
"""By the name of its file, in the order in which they are shown."""

SHOWN_BY: Mapping[str, str] = {"volume": CHART}
"""The block that shows the same where a workspace has it."""


def diagrams_of(documents: Documents, pipeline: Pipeline, now: datetime) -> Sequence[Diagram]:
    """Return the pictures that have something to show."""
    return [each for drawn in DIAGRAMS.values() if (each := drawn(documents, pipeline, now)) is not None]


def pictures_of(documents: Documents, pipeline: Pipeline, now: datetime) -> tuple[Picture, ...]:
    """Return them to be sent, each with its words."""
    drawn = ((name, draw(documents, pipeline, now)) for name, draw in DIAGRAMS.items())
    return tuple(
        Picture(name, each.title, each.said, sheet(each), SHOWN_BY.get(name, ""))
        for name, each in drawn
        if each is not None
    )
