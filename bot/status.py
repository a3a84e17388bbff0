"""Asks everything that Reveille depends on how it is: its sources, its store, its timetable. Nothing is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version

from bot.alerting.holds import current
from bot.definition.sources import SOURCES
from bot.render.status import SourceState, Status, StoredState
from bot.repairs.allowlist import catalogue
from bot.repairs.kinds import KINDS
from bot.sinks.table import SINKS
from bot.store.model import SLACK, ReportHead, StateStore, StoreError
from bot.timetable.slots import JOB, LOOK_BACK, DigestCalendar, watch_slot
from bot.timetable.watch import WATCH
from checks.pipeline import Pipeline
from checks.reads import Read, Reads
from checks.source import SourceError

PATIENCE = 10.0
"""Seconds that a source has to answer: whoever asks how things are waits for it."""


def status_of(
    pipeline: Pipeline,
    now: datetime,
    reads: Reads,
    store: StateStore | None,
    problems: Mapping[str, str] | None = None,
) -> Status:
    """Return how things are at an instant. ``store`` None is one that nobody has."""
    previous, following = pipeline.timeline.around(now)
    remembered, unread = _remembered(pipeline, store, now)
    return Status(
        pipeline=pipeline,
        version=version("reveille"),
        now=now,
        previous=previous,
        current=following,
        next_digest=_next_digest(pipeline, now),
        next_watch=_next_watch(pipeline, now),
        remembered=remembered,
        unread=unread,
        repairs=_repairs(pipeline),
        sources=sources_of(pipeline, now, reads),
        unasked=unasked(pipeline, reads),
        sinks=_sinks(pipeline),
        problems=problems or {},
    )


def sources_of(pipeline: Pipeline, now: datetime, reads: Reads) -> tuple[SourceState, ...]:
    """Ask every source that is connected, and return how each is."""
    asked = tuple(_asked(pipeline, reads, now))
    return tuple(source_state(name, read) for name, read in asked)


def _asked(pipeline: Pipeline, reads: Reads, now: datetime) -> Iterable[tuple[str, Read[object]]]:
    """Ask every source that is connected, all at once."""
    for line in SOURCES:
        if line.tried is not None and line.needed(pipeline) and reads.connected(line.source):
            question = partial(line.tried, pipeline=pipeline, now=now)
            yield line.source.name, reads.ask(line.source, "status", question)


def source_state(name: str, read: Read[object]) -> SourceState:
    """Return what came of asking a source."""
    try:
        read.result()
    except SourceError as error:
        return SourceState(name=name, problem=error.problem.value, detail=error.detail, advice=error.advice)
    return SourceState(name=name)


def unasked(pipeline: Pipeline, reads: Reads) -> tuple[str, ...]:
    """Return the sources that the pipeline file needs and nothing connects."""
    lines = (line for line in SOURCES if line.tried is not None and line.needed(pipeline))
    return tuple(line.source.name for line in lines if not reads.connected(line.source))


def _remembered(pipeline: Pipeline, store: StateStore | None, now: datetime) -> tuple[StoredState | None, str]:
    if store is None:
        return None, ""
    try:
        return (
            StoredState(
                digest=_newest(store, pipeline, JOB, _digests_since(pipeline, now)),
                watch=_newest(store, pipeline, WATCH, now - timedelta(days=1)),
                alerts=store.open_alerts(pipeline.name),
                pending=store.pending(),
                hold=current(store, pipeline, now),
            ),
            "",
        )
    except StoreError as error:
        return None, f"it {error.problem.value}"


def _newest(store: StateStore, pipeline: Pipeline, job: str, since: datetime) -> ReportHead | None:
    return next(iter(store.report_heads(pipeline.name, job, since, 1)), None)


def _digests_since(pipeline: Pipeline, now: datetime) -> datetime:
    if pipeline.notifications is None:
        return now - LOOK_BACK
    return min(now - LOOK_BACK, DigestCalendar(pipeline).last(2, now)[0].start)


def _next_digest(pipeline: Pipeline, now: datetime) -> datetime | None:
    if pipeline.notifications is None:
        return None
    calendar = DigestCalendar(pipeline)
    return calendar.next_slot(calendar.at(now), now)


def _next_watch(pipeline: Pipeline, now: datetime) -> datetime | None:
    if pipeline.notifications is None:
        return None
    minutes = pipeline.notifications.watch_minutes
    return watch_slot(minutes, now) + timedelta(minutes=minutes)


def _repairs(pipeline: Pipeline) -> Mapping[str, tuple[str, ...]]:
    keys = catalogue(pipeline, KINDS)
    return {kind.name: tuple(key.target for key in keys if key.kind == kind.name) for kind in KINDS}


def _sinks(pipeline: Pipeline) -> tuple[str, ...]:
    if pipeline.notifications is None:
        return ()
    used = {SLACK, *(each.sink for each in pipeline.notifications.webhooks)}
    return tuple(sink.name for sink in SINKS if sink.name in used)
