"""The scheduler jobs that a run of an earlier day saw: what a digest keeps of them, and what a later run learns."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.store.model import ReportHead, StoredReport, StoreError
from bot.timetable.slots import JOB
from checks.ports.scheduler import SchedulerJob

log = logging.getLogger(__name__)

KEPT = ("name", "schedule", "zone", "url", "topic")
"""What is kept of a job: enough to tell what it started, and when."""

EARLIER = timedelta(hours=12)
"""A job that is gone stays so for at least so long: the runs of one morning are not compared with each other."""

LOOK_BACK = timedelta(days=15)
"""A week without a digest is no reason to forget."""

MOST = 20
"""Digests of the look-back that are looked through for the newest that is old enough."""


class Reports(Protocol):
    """The store's reports."""

    def report_heads(self, pipeline: str, job: str, since: datetime, limit: int) -> Iterable[ReportHead]: ...

    def report(self, key: str) -> StoredReport | None: ...


def kept(jobs: Iterable[SchedulerJob], missed: Iterable[SchedulerJob] = ()) -> list[dict[str, str]]:
    """Return what a stored report keeps of jobs; an address without its query, which may hold a secret. Of those that
    are ``missed`` it keeps when they were last seen, too."""
    return [
        *map(_kept, jobs),
        *({**_kept(each), "seen": each.last_attempt.isoformat()} for each in missed if each.last_attempt is not None),
    ]


def _kept(job: SchedulerJob) -> dict[str, str]:
    return {name: getattr(job, name).partition("?")[0] for name in KEPT}


def jobs_before(reports: Reports, pipeline: str, now: datetime) -> tuple[SchedulerJob, ...]:
    """Return the jobs of the newest digest that is old enough; none where there is none or the store is down."""
    try:
        heads = reports.report_heads(pipeline, JOB, now - LOOK_BACK, MOST)
        head = next((each for each in heads if each.at <= now - EARLIER), None)
        stored = reports.report(head.key) if head is not None else None
    except StoreError as error:
        log.warning("the jobs of earlier runs are not known: %s", error)
        return ()
    return tuple(_jobs(stored.document, stored.at)) if stored is not None else ()


def _jobs(document: Mapping[str, Any], at: datetime) -> Iterable[SchedulerJob]:
    for each in document.get("jobs") or ():
        name, schedule, zone, url, topic = (str(each.get(key, "")) for key in KEPT)
        seen = datetime.fromisoformat(each["seen"]) if "seen" in each else at
        yield SchedulerJob(
            name=name, schedule=schedule, zone=zone, url=url, topic=topic, enabled=True, last_attempt=seen, status=0
        )
