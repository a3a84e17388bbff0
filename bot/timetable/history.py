"""What the store remembers of a pipeline's digests: the newest report, and the documents of the last weeks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.render.limits import CHART_POINTS
from bot.store.model import ReportHead, StateStore, StoredReport
from bot.timetable.digest_deliveries import interval_in
from bot.timetable.slots import JOB
from checks.pipeline import Pipeline

EARLIER_AT_MOST = 500
"""Reports that are looked through for those of earlier days."""

TREND = timedelta(days=28)
"""So far back goes what is shown day by day."""

COMMANDS_SINCE = timedelta(days=2)
"""A report that somebody asked for longer ago is older than the digest anyway."""


def digest_documents(store: StateStore, pipeline: str, until: datetime, besides: str) -> list[Mapping[str, Any]]:
    """Return the documents of the digests of the last weeks, the newest of each interval, the newest first, without
    those of the interval ``besides``. Each is read whole. Raises StoreError."""
    heads = store.report_heads(pipeline, JOB, until - TREND, EARLIER_AT_MOST)
    keys = {each.previous: each.key for each in reversed(heads) if each.previous != besides}
    found = (store.report(keys[name]) for name in sorted(keys, reverse=True)[: CHART_POINTS - 1])
    return [each.document for each in found if each is not None]


def newest_report(store: StateStore, pipeline: Pipeline, since: datetime, now: datetime) -> StoredReport | None:
    """Return the newest whole report of the newest interval that is due, of a digest since then or of somebody who
    asked. What somebody asks about another interval is an answer to them, and not how things are. Raises StoreError."""
    digest = newest_digest(store.report_heads(pipeline.name, JOB, since, EARLIER_AT_MOST))
    due = {pipeline.timeline.around(now)[0].name} | ({digest.previous} if digest else set())
    asked = store.report_heads(pipeline.name, "command", now - COMMANDS_SINCE, EARLIER_AT_MOST)
    heads = [*([digest] if digest else ()), *(each for each in asked if each.previous in due)]
    head = max(heads, key=lambda each: (each.previous, each.at), default=None)
    return None if head is None else store.report(head.key)


def newest_digest(heads: Iterable[ReportHead]) -> ReportHead | None:
    """Return the digest of the newest day as it was written last; one of another day may have been asked for since."""
    return max(heads, key=lambda each: (interval_in(each.key), each.at), default=None)
