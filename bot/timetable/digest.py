"""The morning digest: validate, keep the report, store what Slack is to get, let incidents follow.

Everything here may be called again, by anybody, at any time: a slot that is done is left alone, and what two
instances would both write has one key. So whoever is unsure runs it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain

from bot.alerting.alerts import was_told
from bot.alerting.holds import current
from bot.render.digest import Digest, changes_message, digest_messages
from bot.render.maintenance import hold_note
from bot.render.post import Post
from bot.render.report_changes import Changes as ReportChanges
from bot.render.report_changes import changes
from bot.render.trend import trend_post
from bot.render.webpage.pictures import pictures_of
from bot.render.words import moment
from bot.request import Request, RequestError
from bot.store.model import Alert, Changes, Delivery, DeliveryState, ReportHead, StateStore, StoredReport
from bot.timetable.digest_deliveries import (
    Written,
    detail_key,
    interval_in,
    order_after,
    posted,
    posting_key,
    refreshed,
)
from bot.timetable.done import Done
from bot.timetable.history import EARLIER_AT_MOST, digest_documents
from bot.timetable.lateness import Heartbeat, Lateness
from bot.timetable.scheduled_run import IncidentDesk, PastStore, ScheduledRun
from bot.timetable.slots import JOB, LOOK_BACK, DigestCalendar, Recorded, Slot, notifications_of
from bot.timetable.watch import Watch
from bot.validation import Validation
from checks.model import Interval, Report

LEASE = timedelta(minutes=5)
"""Who writes a digest has so long. A run lasts a minute at most; a holder that died keeps nobody waiting longer."""

EARLY = timedelta(minutes=5)
"""A caller whose clock runs ahead of ours by less means the slot that is about to come."""

ALERTS_STAND = "The alerts could not be brought up to date with this report; the next watch tries again."

_logger = logging.getLogger(__name__)


class Digests:
    """The digests and watches of one pipeline, whose file says when and where.

    ``owner`` names this process to the others. ``past_store`` sends a message straight to Slack, for when the store is
    down. ``recorded`` says what a scenario is about. Methods raise StoreError, and RequestError for a day that cannot
    be judged.
    """

    def __init__(
        self,
        validation: Validation,
        store: StateStore,
        incidents: IncidentDesk,
        clock: Callable[[], datetime],
        owner: str,
        *,
        heartbeat: Heartbeat | None = None,
        past_store: Callable[[Delivery], object] | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        self._pipeline = validation.pipeline
        self.name = self._pipeline.name
        self._notifications = notifications_of(self._pipeline)
        self._calendar = DigestCalendar(self._pipeline, recorded)
        self._store = store
        self._clock = clock
        self._owner = owner
        past = PastStore(past_store)
        self._scheduled = ScheduledRun(validation, incidents, clock, past)
        self._lateness = Lateness(self._pipeline, store, clock, owner, heartbeat, past)
        minutes = self._notifications.watch_minutes
        self._watch = Watch(self._scheduled, self._pipeline, store, clock, owner, minutes, recorded=recorded)
        # A lease keeps other processes out, not another thread of this one.
        self._one_at_a_time = threading.Lock()
        self.watch = self._watch.watch
        self.say_if_late = self._lateness.say_if_late
        self.follow_up = self._lateness.follow_up
        self.failed = self._lateness.failed

    def run_owed(self, early: timedelta = timedelta(0)) -> Done:
        """Write the newest digest that is due and not written: at its time, after a restart also over midnight, on any
        call.

        ``early`` is how long before its time a digest may be written, for callers with a clock of their own.
        """
        slot = self._owed(self._clock() + early)
        return Done.NOT_OWED if slot is None else self._run((slot,))

    def run_now(self, day: date | None = None) -> Done:
        """Write the digest of a date, by default the current one, due or not: post it, or bring it up to date."""
        now, of = self._clock(), self.of(day)
        if of.start > now:
            raise RequestError(f"{of} has not come yet: a digest looks back at the run before it.")
        owed = self._owed(now + EARLY)
        if owed is not None and owed.of == of and self._store.report(self._report_key(owed)) is None:
            return self._run((owed,))
        return self._run(self._calendar.by_hand(now, of))

    def draft(self, day: date | None = None) -> Sequence[Post]:
        """Return what ``run_now`` would post: validated now, compared with the digests before. Nothing is written."""
        now, of = self._clock(), self.of(day)
        if of.start > now:
            raise RequestError(f"{of} has not come yet: a digest looks back at the run before it.")
        slot = next(self._calendar.by_hand(now, of))
        report = self._scheduled.look(Request(interval=slot.judges, trigger=JOB))
        return self._compose(slot, report, ()).messages

    def of(self, day: date | None = None) -> Interval:
        """Return the interval that the digest of a date belongs to, by default of now."""
        return self._calendar.at(self._clock()) if day is None else self._calendar.on(day)

    def prune(self) -> int:
        """Delete what is older than the history that the pipeline file asks for; return how many records."""
        return self._store.prune(self._clock() - timedelta(days=self._notifications.history_days))

    def _owed(self, now: datetime) -> Slot | None:
        return self._calendar.owed(now, lambda of: self._lateness.posting(of) is not None)

    def _run(self, slots: Iterable[Slot]) -> Done:
        """Write the first of the slots that is not written."""
        with self._one_at_a_time:
            lease = f"digest:{self._pipeline.name}"
            slot = self._unwritten(slots)
            if slot is None:
                return Done.NOT_OWED
            if not self._store.acquire(lease, self._owner, self._clock(), self._clock() + LEASE):
                return Done.BUSY
            try:
                # The other instance may have finished between the look and the lease.
                slot = self._unwritten(chain((slot,), slots))
                return Done.NOT_OWED if slot is None else self._write(slot, lease)
            finally:
                self._store.release(lease, self._owner)

    def _write(self, slot: Slot, lease: str) -> Done:
        report = self._scheduled.look(Request(interval=slot.judges, trigger=JOB))
        # Alerts come first: whoever dies in between leaves the slot open, and the next try decides nothing twice.
        trouble = self._follow(report)
        now = self._clock()
        posting = self._lateness.posting(slot.of)
        notes = [self._lateness.late_note(slot.of, now) if posting is None else "", ALERTS_STAND if trouble else ""]
        written = self._compose(slot, report, notes)
        # Who was slower than its lease leaves the slot to the one who took it over.
        if not self._store.acquire(lease, self._owner, now, now + LEASE):
            return Done.BUSY
        done, deliveries = self._deliveries(posting, written, now)
        self._store.commit(Changes(deliveries=deliveries, reports=(written.report,)))
        if trouble is not None:
            raise trouble
        return done

    def _follow(self, report: Report) -> Exception | None:
        """Let incidents follow. A digest without its alerts is better than neither, so what went wrong is returned."""
        try:
            self._scheduled.follow(report)
        except Exception as error:
            _logger.exception("the alerts could not be brought up to date")
            return error
        return None

    def _deliveries(
        self, posting: Delivery | None, written: Written, now: datetime
    ) -> tuple[Done, tuple[Delivery, ...]]:
        if posting is not None and posting.state is not DeliveryState.DEAD:
            order = order_after(self._store.pending(), posting, now)
            return Done.REFRESHED, refreshed(posting, self._details_posted(posting.key), written, now, order)
        key = posting_key(self._pipeline.name, written.slot.of.name)
        again = key if posting is None else f"{key}:{written.slot.name}"
        return Done.POSTED, posted(again, self._notifications.routes.default, written, now)

    def _details_posted(self, key: str) -> int:
        count = 0
        while self._store.delivery(detail_key(key, count + 1)) is not None:
            count += 1
        return count

    def _compose(self, slot: Slot, report: Report, notes: Sequence[str]) -> Written:
        stored = self._scheduled.record(report, self._report_key(slot), JOB)
        since = min(report.now - LOOK_BACK, self._calendar.before(slot.of).start)
        earlier = self._store.report_heads(self._pipeline.name, JOB, since, EARLIER_AT_MOST)
        same = [each for each in earlier if interval_in(each.key) == slot.of.name]
        before = [each for each in earlier if interval_in(each.key) < slot.of.name][:1]
        stored = _newer_than(same[:1], stored)
        digest = Digest(
            reading=self._scheduled.reading(report),
            changes=self._changes((*before, *same[-1:]), stored),
            notes=[note for note in (*notes, self._held(report.now), *self._pauses(before, report.now)) if note],
            quiet=self._notifications.digest.quiet,
            alerts=self._alerts(),
            next_look=self._calendar.next_slot(slot.of, report.now),
        )
        messages = digest_messages(digest)
        past = digest_documents(self._store, self._pipeline.name, stored.at, stored.previous)
        known = [stored.document, *past]
        trend = trend_post(known, self._pipeline, digest.reading.today)
        *told, last = (messages.parent, *messages.thread, *([] if trend is None else [trend]))
        since_last = self._changes(same[:1], stored)
        return Written(
            slot=slot,
            report=stored,
            messages=(*told, replace(last, pictures=pictures_of(known, self._pipeline, report.now))),
            since_last=changes_message(digest, since_last[0]) if any(since_last) else None,
        )

    def _alerts(self) -> Sequence[Alert]:
        """Return the alerts that are open and were told."""
        return [each for each in self._store.open_alerts(self._pipeline.name) if was_told(each)]

    def _changes(self, earlier: Sequence[ReportHead], report: StoredReport) -> list[ReportChanges]:
        """Compare a report with earlier ones; each of them is read whole, so there are few."""
        found = (self._store.report(each.key) for each in earlier)
        return [changes(each.document, report.document) for each in found if each is not None]

    def _held(self, now: datetime) -> str:
        hold = current(self._store, self._pipeline, now)
        return "" if hold is None else hold_note(hold, self._pipeline.zone, now)

    def _pauses(self, before: Sequence[ReportHead], until: datetime) -> Sequence[str]:
        """Say when nobody watched since the digest of an earlier day, as far back as a day and an hour."""
        if not before:
            return ()
        since = max(before[0].at, until - timedelta(hours=25))
        zone = self._pipeline.zone
        return tuple(
            f"Nobody watched from {moment(begin, zone, until)} to {moment(end, zone, until)}."
            for begin, end in self._watch.stood_still(since, until)
        )

    def _unwritten(self, slots: Iterable[Slot]) -> Slot | None:
        return next((each for each in slots if self._store.report(self._report_key(each)) is None), None)

    def _report_key(self, slot: Slot) -> str:
        return f"{posting_key(self._pipeline.name, slot.of.name)}:{slot.name}"


def _newer_than(last: Sequence[ReportHead], report: StoredReport) -> StoredReport:
    """Let a report of the same instant as the last one of its day, or of an earlier one, count as the newest."""
    return replace(report, at=max([report.at, *(each.at + timedelta(microseconds=1) for each in last)]))
