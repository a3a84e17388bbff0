"""What the store remembers of a pipeline's digests: the newest report, and the documents of the last weeks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.render.limits import CHART_POINTS
from bot.store.model import StateStore, StoredReport
from bot.timetable.slots import JOB

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


def newest_report(store: StateStore, pipeline: str, since: datetime, now: datetime) -> StoredReport | None:
    """Return the newest whole report, of a digest since then or of somebody who asked. Raises StoreError."""
    digests = store.reports(pipeline, JOB, since, limit=1)
    asked = store.reports(pipeline, "command", now - COMMANDS_SINCE, limit=1)
    return max((*digests, *asked), key=lambda report: report.at, default=None)
