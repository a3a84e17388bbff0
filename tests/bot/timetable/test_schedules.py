from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]

from bot.store.model import Changes, DeliveryKind, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.schedules import GRACE, LONGEST_PAUSE, Schedules, timetable
from bot.timetable.slots import UnknownJobError
from checks.notifications import DigestTimes, Notifications, Routes
from tests import fakes
from tests.bot.timetable.mornings import CHANNEL, EIGHT, POSTING, Morning, pipeline

PATIENCE = 10.0
"""Seconds that a real scheduler gets in these tests; it needs some milliseconds."""


class Counted:
    """What metrics would count; ``seen`` is set by the first of it."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        self.failed: list[str] = []
        self.seen = threading.Event()

    def job_missed(self, job: str) -> None:
        self.missed.append(job)
        self.seen.set()

    def job_failed(self, job: str) -> None:
        self.failed.append(job)
        self.seen.set()


def schedules_of(morning: Morning, owner: str = "one", **parts: object) -> Schedules:
    described = morning.described
    assert described.notifications is not None
    instance = morning.instance(owner)
    return Schedules(instance, described.notifications, described.zone, lambda: morning.now, **parts)  # type: ignore[arg-type]


def fire_times(described_zone: str, post: str, begin: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """Yield every knock of a real timetable between two instants, in order."""
    described = pipeline(post, (), zone=described_zone)
    assert described.notifications is not None
    knocks = []
    for planned in timetable(described.notifications, described.zone):
        if planned.job in ("digest", "refresh", "round"):
            at = planned.trigger.get_next_fire_time(None, begin)
            while at is not None and at < end:
                knocks.append((at.astimezone(UTC), planned.job))
                at = planned.trigger.get_next_fire_time(at, at)
    yield from sorted(knocks)


@pytest.mark.parametrize(
    ("zone", "begin", "post"),
    [
        pytest.param("America/New_York", "2026-03-08T05:00+00:00", "02:30", id="New York skips the hour"),
        pytest.param("America/New_York", "2026-11-01T04:00+00:00", "01:30", id="New York repeats the hour"),
        pytest.param("Europe/London", "2026-03-29T00:00+00:00", "01:30", id="London skips the hour"),
        pytest.param("Europe/London", "2026-10-24T23:00+00:00", "01:30", id="London repeats the hour"),
        pytest.param("America/New_York", "2026-02-11T05:00+00:00", "01:30", id="a plain day"),
    ],
)
def test_every_day_has_one_digest_whatever_the_clocks_do(zone: str, begin: str, post: str) -> None:
    morning = Morning(described=pipeline(post, (), zone=zone))
    schedules = schedules_of(morning)
    first = datetime.fromisoformat(begin)

    for at, job in fire_times(zone, post, first, first + timedelta(hours=5)):
        morning.now = at
        schedules.run(job)

    assert len(morning.waiting(DeliveryKind.POST)) == 1
    assert morning.waiting(DeliveryKind.UPDATE) == []


def test_a_day_with_all_its_knocks_is_one_message_and_two_refreshes() -> None:
    morning = Morning()
    schedules = [schedules_of(morning, name) for name in ("one", "two")]

    for minute in range(0, 16 * 60, 10):
        morning.now = EIGHT - timedelta(hours=1) + timedelta(minutes=minute)
        for each in schedules:
            each.run("round")
        morning.slack_takes_everything()

    reports = morning.store.reports("tiny", "digest", EIGHT - timedelta(days=1))
    assert [report.key.rpartition(":")[2] for report in reports] == ["1700", "1130", "0800"]
    assert morning.watcher.beats == 1


def test_the_timetable_follows_the_pipeline_file() -> None:
    notifications = Notifications(routes=Routes(default=CHANNEL), digest=DigestTimes())

    planned = timetable(notifications, fakes.pipeline().zone)

    assert [each.id for each in planned] == [
        "digest-0800",
        "refresh-1130",
        "refresh-1700",
        "watch",
        "round",
        "prune",
    ]
    assert {each.job for each in planned} == set(GRACE)


@pytest.mark.parametrize("hour", [8, 9, 20])
def test_a_restart_around_the_hour_of_the_digest_catches_up_at_once(hour: int) -> None:
    morning = Morning().at(f"2026-02-11 {hour:02}:00").later(seconds=1)

    schedules_of(morning).run("round")

    assert POSTING in morning.waiting(DeliveryKind.POST)


def test_a_knock_from_outside_may_come_a_little_early() -> None:
    morning = Morning().later(seconds=-1)

    assert schedules_of(morning).run("digest") == "posted"


def test_a_round_goes_on_after_a_step_that_failed_and_tells_of_it() -> None:
    morning = Morning(described=pipeline(quick=True), store=FailingStore())

    with pytest.raises(StoreError):
        schedules_of(morning).run("round")

    assert [report.trigger for report in morning.desk.processed] == ["digest", "watch"]


def test_a_round_watches_while_another_instance_writes_the_digest() -> None:
    morning = Morning(described=pipeline(quick=True))
    morning.store.acquire("digest:tiny", "other", morning.now, morning.now + timedelta(hours=1))

    outcome = schedules_of(morning).run("round")

    assert outcome.startswith("busy, watched")


def test_a_round_looks_after_repairs_also_where_a_step_before_has_failed() -> None:
    followed: list[str] = []
    morning = Morning(store=FailingStore())

    with pytest.raises(StoreError):
        schedules_of(morning, follow=lambda: followed.append("turn")).run("round")

    assert followed == ["turn"]


class TestFailures:
    def test_after_failures_the_digest_is_tried_less_and_less_often(self) -> None:
        store = FailingStore()
        morning = Morning(store=store)
        schedules = schedules_of(morning)

        tries = [minute for minute in range(60) if tried(schedules, store, morning, minute)]

        assert tries == [0, 1, 3, 7, 15, 31, 47]

    def test_one_that_works_again_is_there_after_the_pause(self) -> None:
        store = FailingStore()
        morning = Morning(store=store)
        schedules = schedules_of(morning)
        for minute in range(20):
            tried(schedules, store, morning, minute)
        store.failing = False

        posted = [minute for minute in range(20, 60) if tried(schedules, store, morning, minute)]

        assert posted[0] - 20 <= LONGEST_PAUSE.total_seconds() / 60
        assert POSTING in morning.waiting()

    def test_the_word_that_it_is_late_says_why(self) -> None:
        store = FailingStore()
        morning = Morning(store=store)
        schedules = schedules_of(morning)

        for minute in range(17):
            tried(schedules, store, morning, minute)

        word = store.delivery("digest-late:tiny:2026-02-11")
        assert word is not None
        assert "StoreError" in str(word.body["notice"])


class FailingStore(SqliteStore):
    """A store that refuses reports, and counts them."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.failing = True
        self.tries = 0

    def commit(self, changes: Changes) -> None:
        self.tries += len(changes.reports)
        if changes.reports and self.failing:
            raise StoreError("full")
        super().commit(changes)


def tried(schedules: Schedules, store: FailingStore, morning: Morning, minute: int) -> bool:
    """Let a round come so many minutes after the digest's time; whether it tried to write the digest."""
    morning.now = EIGHT + timedelta(minutes=minute)
    before = store.tries
    with contextlib.suppress(StoreError):
        schedules.run("round")
    return store.tries > before


def test_a_job_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownJobError, match="digest"):
        schedules_of(Morning()).run("dance")


def test_what_a_job_stored_is_sent_before_it_ends() -> None:
    morning = Morning()

    schedules_of(morning, pump=morning.slack_takes_everything).run("digest")

    assert morning.waiting() == []


def held(entered: threading.Event, go_on: threading.Event) -> Callable[[], object]:
    """Return a pump that says that it runs, and runs until it may go on."""

    def pump() -> None:
        entered.set()
        go_on.wait(PATIENCE)

    return pump


class TestTheScheduler:
    def test_it_catches_up_as_soon_as_it_starts(self) -> None:
        morning = Morning()
        posted = threading.Event()
        schedules = schedules_of(morning, pump=lambda: posted.set() if morning.waiting() else None)

        schedules.start()
        found = posted.wait(PATIENCE)
        ended = schedules.stop(PATIENCE)

        assert (found, ended, schedules.running) == (True, True, False)

    def test_a_job_that_fails_is_counted_and_the_timetable_goes_on(self) -> None:
        morning = Morning()
        morning.desk.failure = RuntimeError("broken")
        counted = Counted()
        schedules = schedules_of(morning, metrics=counted)

        schedules.start()
        seen = counted.seen.wait(PATIENCE)
        running = schedules.running
        schedules.stop(PATIENCE)

        assert (seen, running, counted.failed[0]) == (True, True, "round")

    def test_a_run_that_was_missed_is_counted(self) -> None:
        counted = Counted()
        schedules = schedules_of(Morning(), metrics=counted)
        long_ago = datetime.now(UTC) - timedelta(days=2)
        schedules._scheduler.start(paused=True)
        schedules._scheduler.modify_job("prune", trigger=DateTrigger(long_ago), next_run_time=long_ago)

        schedules._scheduler.resume()
        seen = counted.seen.wait(PATIENCE)
        schedules.stop(PATIENCE)

        assert (seen, counted.missed[0]) == (True, "prune")

    def test_a_run_that_would_overlap_is_counted_as_missed(self) -> None:
        morning, counted = Morning(), Counted()
        entered, go_on = threading.Event(), threading.Event()
        schedules = schedules_of(morning, metrics=counted, pump=held(entered, go_on))
        schedules.start()
        assert entered.wait(PATIENCE)

        schedules._scheduler.modify_job("round", next_run_time=datetime.now(UTC))
        seen = counted.seen.wait(PATIENCE)
        go_on.set()
        schedules.stop(PATIENCE)

        assert (seen, counted.missed[0]) == (True, "round")

    def test_stopping_waits_for_what_runs_only_so_long(self) -> None:
        entered, go_on = threading.Event(), threading.Event()
        schedules = schedules_of(Morning(), pump=held(entered, go_on))
        schedules.start()
        assert entered.wait(PATIENCE)

        ended_early = schedules.stop(0.05)
        go_on.set()

        assert (ended_early, schedules.stop(PATIENCE)) == (False, True)
