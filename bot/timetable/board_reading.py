"""What the board shows of a pipeline, from the store alone: Slack and the sources are asked nothing."""

from __future__ import annotations

from datetime import datetime

from bot.alerting.alerts import was_told
from bot.alerting.holds import current
from bot.render.webpage.page import WebPage
from bot.render.webpage.strip import COLUMNS
from bot.store.model import AlertState, StateStore
from bot.timetable.history import digest_documents, newest_report
from bot.timetable.slots import DigestCalendar
from checks.pipeline import Pipeline


def board_of(store: StateStore, pipeline: Pipeline, now: datetime, refresh: int) -> WebPage:
    """Read the newest report, the digests before it, and the alerts. Raises StoreError."""
    calendar, name = DigestCalendar(pipeline), pipeline.name
    last = newest_report(store, pipeline, calendar.last(COLUMNS, now)[0].start, now)
    recent = () if last is None else store.recent_alerts(name, last.at)
    return WebPage(
        pipeline=pipeline,
        now=now,
        document=None if last is None else last.document,
        history=digest_documents(store, name, now, "" if last is None else last.previous),
        alerts=[each for each in store.open_alerts(name) if was_told(each)],
        resolved=[each for each in recent if each.state is AlertState.RESOLVED],
        next_look=calendar.next_slot(calendar.at(now), now),
        hold=current(store, pipeline, now),
        refresh=refresh,
    )
