from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.settings import SettingsError
from bot.store.model import Changes, Delivery, DeliveryKind, DeliveryState, StoreError
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import EARLY, LEASE
from bot.timetable.done import Done
from bot.timetable.looking import notifications_of
from bot.validation import RequestError
from checks.notifications import Notifications, Routes
from tests import fakes
from tests.bot.store.records import a_report
from tests.bot.timetable.mornings import CHANNEL, DAY, EIGHT, POSTING, Morning, pipeline

LATE = "digest-late:tiny:2026-02-11"
OTHER_DAY = date(2026, 2, 10)


@pytest.fixture
def morning() -> Morning:
    return Morning()


class BrokenStore(SqliteStore):
    """A store in memory of which named methods fail as long as a test says so."""

    def __init__(self, *broken: str) -> None:
        super().__init__(":memory:")
        self.broken = set(broken)

    def __getattribute__(self, name: str) -> Any:
        if name in object.__getattribute__(self, "__dict__").get("broken", ()):
            raise StoreError("the store does not answer")
        return super().__getattribute__(name)


EVERYTHING = ("report", "reports", "delivery", "commit", "acquire", "release", "pending")


class TestPosting:
    def test_it_is_posted_at_its_time_to_the_default_channel(self, morning: Morning) -> None:
        done = morning.instance().run_owed()

        assert done is Done.POSTED
        posting = morning.store.delivery(POSTING)
        assert posting is not None
        assert (posting.kind, posting.channel, posting.state) == (DeliveryKind.POST, CHANNEL, DeliveryState.PENDING)

    def test_before_its_time_nothing_happens(self, morning: Morning) -> None:
        assert morning.later(seconds=-1).instance().run_owed() is Done.NOT_OWED
        assert morning.runs == 0

    def test_a_caller_whose_clock_is_ahead_may_be_early(self, morning: Morning) -> None:
        instance = morning.later(seconds=-1).instance()

        assert instance.run_owed(EARLY) is Done.POSTED
        assert morning.later(seconds=1).instance("two").run_owed() is Done.NOT_OWED

    def test_it_judges_the_night_before_with_every_check(self, morning: Morning) -> None:
        morning.instance().run_owed()

        (report,) = morning.desk.processed
        assert (report.night, report.slate, report.partial, report.trigger) == (OTHER_DAY, DAY, False, "digest")

    def test_the_report_is_kept_whole(self, morning: Morning) -> None:
        morning.instance().run_owed()

        (stored,) = morning.store.reports("tiny", "digest", EIGHT - timedelta(days=1))
        assert (stored.night, stored.verdict) == (OTHER_DAY, "ALL CLEAR")
        assert stored.document["results"]

    def test_twice_is_once(self, morning: Morning) -> None:
        assert [morning.instance(name).run_owed() for name in ("one", "two")] == [Done.POSTED, Done.NOT_OWED]
        assert morning.runs == 1

    def test_the_details_follow_in_the_thread_in_order(self, morning: Morning) -> None:
        morning.players = 3

        morning.instance().run_owed()

        taken = morning.slack_takes_everything()
        assert [each.key for each in taken][:2] == [POSTING, f"{POSTING}:detail:1"]
        assert {each.target for each in taken[1:]} == {POSTING}

    def test_a_restart_at_noon_posts_it_and_leaves_the_refresh_before_alone(self, morning: Morning) -> None:
        instance = morning.at("2026-02-11 12:00").instance()

        assert [instance.run_owed(), instance.run_owed()] == [Done.POSTED, Done.NOT_OWED]

    def test_yesterdays_digest_is_not_posted_after_midnight(self, morning: Morning) -> None:
        assert morning.at("2026-02-12 00:01").instance().run_owed() is Done.NOT_OWED

    def test_a_late_one_says_so(self, morning: Morning) -> None:
        morning.at("2026-02-11 08:16").instance().run_owed()

        assert "This digest is late: it was due at 08:00 EST." in text_of(morning, POSTING)

    def test_a_punctual_one_does_not(self, morning: Morning) -> None:
        morning.at("2026-02-11 08:15").instance().run_owed()

        assert "late" not in text_of(morning, POSTING)

    def test_it_says_since_when_nobody_watched(self, morning: Morning) -> None:
        morning.at("2026-02-10 08:00").instance().run_owed()
        watches_until(morning, "2026-02-11 02:00")

        morning.at("2026-02-11 08:00").instance().run_owed()

        assert "Nobody watched from 11 Feb 02:00 to 11 Feb 08:00." in text_of(morning, POSTING)

    def test_it_says_nothing_of_a_watch_without_pause(self, morning: Morning) -> None:
        morning.at("2026-02-10 08:00").instance().run_owed()
        watches_until(morning, "2026-02-11 07:45")

        morning.at("2026-02-11 08:00").instance().run_owed()

        assert "watched" not in text_of(morning, POSTING)

    def test_two_threads_of_one_process_write_it_once(self, morning: Morning) -> None:
        instance = morning.instance()

        with ThreadPoolExecutor(2) as threads:
            done = [each.result() for each in [threads.submit(instance.run_owed) for _ in range(2)]]

        assert sorted(done) == [Done.NOT_OWED, Done.POSTED]
        assert morning.runs == 1

    def test_a_source_that_is_down_makes_a_digest_that_says_unknown(self, morning: Morning) -> None:
        morning.players = fakes.down()

        morning.instance().run_owed()

        assert text_of(morning, POSTING).startswith("❔")

    def test_a_pipeline_file_without_a_channel_is_refused(self) -> None:
        with pytest.raises(SettingsError, match="notifications"):
            notifications_of(fakes.pipeline())

    def test_the_shipped_file_has_one(self) -> None:
        assert notifications_of(shipped_pipeline()).routes.default


class TestRefreshing:
    @pytest.fixture
    def posted(self, morning: Morning) -> Morning:
        morning.instance().run_owed()
        morning.slack_takes_everything()
        return morning

    def test_it_is_brought_up_to_date_in_place(self, posted: Morning) -> None:
        done = posted.at("2026-02-11 11:30").instance().run_owed()

        assert done is Done.REFRESHED
        updates = [each for each in posted.store.pending() if each.kind is DeliveryKind.UPDATE]
        assert {each.target for each in updates} == {POSTING, f"{POSTING}:detail:1"}
        assert posted.waiting(DeliveryKind.POST) == []

    def test_nothing_new_is_no_reply(self, posted: Morning) -> None:
        posted.at("2026-02-11 11:30").instance().run_owed()

        assert posted.waiting(DeliveryKind.REPLY) == []

    def test_what_is_new_is_a_reply(self, posted: Morning) -> None:
        posted.players = 3

        posted.at("2026-02-11 11:30").instance().run_owed()

        assert f"{POSTING}:changes:1130" in posted.waiting(DeliveryKind.REPLY)
        assert "New since 11 Feb 08:00 EST" in text_of(posted, f"{POSTING}:changes:1130")

    def test_the_thread_hears_of_changes_since_the_last_refresh_alone(self, posted: Morning) -> None:
        posted.players = 3
        posted.at("2026-02-11 11:30").instance().run_owed()
        posted.slack_takes_everything()

        posted.at("2026-02-11 17:00").instance().run_owed()

        assert posted.waiting(DeliveryKind.REPLY) == []

    def test_the_message_tells_what_changed_since_it_was_posted(self, posted: Morning) -> None:
        posted.players = 3
        posted.at("2026-02-11 11:30").instance().run_owed()

        posted.at("2026-02-11 17:00").instance().run_owed()

        assert "New since 11 Feb 08:00 EST" in text_of(posted, f"{POSTING}:1700")

    def test_it_stays_in_its_channel_when_the_pipeline_file_names_another(self, posted: Morning) -> None:
        elsewhere = Notifications(routes=Routes(default="C0EXAMPLE9"))
        posted.described = posted.described.model_copy(update={"notifications": elsewhere})
        posted.players = 3

        posted.at("2026-02-11 11:30").instance().run_owed()

        assert {each.channel for each in posted.store.pending()} == {CHANNEL}

    def test_both_refreshes_of_a_day_are_updates_of_their_own(self, posted: Morning) -> None:
        for time in ("11:30", "17:00"):
            posted.at(f"2026-02-11 {time}").instance().run_owed()
            posted.slack_takes_everything()

        states = [delivery(posted, f"{POSTING}:{name}").state for name in ("1130", "1700")]
        assert states == [DeliveryState.SENT, DeliveryState.SENT]

    def test_of_two_that_wait_the_later_one_is_sent(self, posted: Morning) -> None:
        for time in ("11:30", "17:00"):
            posted.at(f"2026-02-11 {time}").instance().run_owed()

        posted.slack_takes_everything()

        states = [delivery(posted, f"{POSTING}:{name}").state for name in ("1130", "1700")]
        assert states == [DeliveryState.SUPERSEDED, DeliveryState.SENT]

    def test_a_message_that_waits_for_slack_is_not_posted_a_second_time(self, morning: Morning) -> None:
        morning.instance().run_owed()

        morning.at("2026-02-11 11:30").instance().run_owed()

        assert morning.waiting(DeliveryKind.POST) == [POSTING]

    def test_one_that_slack_refused_for_good_is_posted_anew(self, morning: Morning) -> None:
        morning.instance().run_owed()
        morning.store.claim("outbox", morning.now, morning.now + timedelta(minutes=1), 100)
        morning.store.bury(POSTING, "outbox", error="channel_not_found")

        done = morning.at("2026-02-11 11:30").instance().run_owed()

        assert done is Done.POSTED
        assert morning.waiting(DeliveryKind.POST) == [f"{POSTING}:1130"]

    def test_and_then_brought_up_to_date_where_it_is(self, morning: Morning) -> None:
        self.test_one_that_slack_refused_for_good_is_posted_anew(morning)
        morning.slack_takes_everything()

        morning.at("2026-02-11 17:00").instance().run_owed()

        assert delivery(morning, f"{POSTING}:1130:1700").target == f"{POSTING}:1130"

    def test_a_shorter_report_says_that_its_end_is_gone(self, posted: Morning) -> None:
        extra = replace(delivery(posted, f"{POSTING}:detail:1"), key=f"{POSTING}:detail:2", order=2)
        posted.store.commit(Changes(deliveries=[extra]))

        posted.at("2026-02-11 11:30").instance().run_owed()

        assert "this part of it is gone" in text_of(posted, f"{POSTING}:detail:2:1130")

    def test_a_longer_report_goes_on_in_the_thread(self, posted: Morning) -> None:
        posted.described, posted.players = many_checks(), 3

        posted.at("2026-02-11 11:30").instance().run_owed()

        assert f"{POSTING}:detail:2" in posted.waiting(DeliveryKind.REPLY)


class TestChangesFromDayToDay:
    def test_the_first_digest_compares_with_nothing(self, morning: Morning) -> None:
        morning.players = 3

        morning.instance().run_owed()

        assert "since" not in text_of(morning, POSTING)

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            pytest.param(20, 3, "New since 10 Feb 08:00 EST:* players", id="new"),
            pytest.param(3, 20, "Recovered: players", id="recovered"),
            pytest.param(3, 3, "Nothing new and nothing recovered since 10 Feb 08:00 EST", id="the same"),
        ],
    )
    def test_the_next_one_with_the_last_of_an_earlier_day(
        self, morning: Morning, before: int, after: int, words: str
    ) -> None:
        morning.players = before
        morning.at("2026-02-10 08:00").instance().run_owed()
        morning.players = after

        morning.at("2026-02-11 08:00").instance().run_owed()

        assert words in text_of(morning, POSTING)


class TestFailures:
    def test_alerts_that_cannot_be_decided_do_not_stop_the_digest_and_are_heard_of(self, morning: Morning) -> None:
        morning.desk.failure = RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            morning.instance().run_owed()

        assert "The alerts could not be brought up to date" in text_of(morning, POSTING)

    def test_a_store_that_fails_at_the_commit_leaves_the_slot_to_the_next_try(self, morning: Morning) -> None:
        store = BrokenStore("commit")
        morning.store = store
        with pytest.raises(StoreError):
            morning.instance().run_owed()
        store.broken.clear()

        assert morning.instance("two").run_owed() is Done.POSTED

    def test_with_the_store_down_what_is_loud_goes_straight_to_slack_once(self, morning: Morning) -> None:
        morning.desk.failure = StoreError("down")
        morning.desk.loud = (a_loud_one(),)
        instance = morning.instance()

        for _ in range(2):
            with pytest.raises(StoreError):
                instance.watch()

        assert [each.key for each in morning.past_store] == ["alert:a:0"]

    def test_a_lease_holder_that_died_keeps_the_slot_for_five_minutes(self, morning: Morning) -> None:
        morning.store.acquire("digest:tiny", "dead", morning.now, morning.now + LEASE)

        assert morning.instance().run_owed() is Done.BUSY
        assert morning.later(seconds=LEASE.total_seconds() - 1).instance().run_owed() is Done.BUSY
        assert morning.runs == 0, "who has to wait asks nothing"
        assert morning.later(seconds=1).instance().run_owed() is Done.POSTED

    def test_a_slot_that_is_done_takes_no_lease(self, morning: Morning) -> None:
        store = BrokenStore()
        morning.store = store
        morning.instance().run_owed()
        store.broken = {"acquire"}

        assert morning.instance().run_owed() is Done.NOT_OWED

    def test_who_was_slower_than_its_lease_writes_nothing(self, morning: Morning) -> None:
        slow, fast = morning.instance("slow"), morning.instance("fast")

        def fast_takes_over() -> None:
            morning.later(seconds=LEASE.total_seconds())
            morning.store.acquire("digest:tiny", "fast", morning.now, morning.now + LEASE)

        morning.desk.meanwhile = [fast_takes_over]

        assert slow.run_owed() is Done.BUSY
        assert morning.waiting() == []
        assert fast.run_owed() is Done.POSTED

    @pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(minutes=-1)])
    def test_a_clock_that_steps_back_posts_nothing_again(self, morning: Morning, step: timedelta) -> None:
        morning.instance().run_owed()
        before = len(morning.waiting())
        morning.now += step

        again = [morning.instance("two").run_owed()]
        morning.now -= step
        again.append(morning.instance("two").run_owed())

        assert again == [Done.NOT_OWED, Done.NOT_OWED]
        assert len(morning.waiting()) == before


class TestByHand:
    def test_it_posts_when_nobody_has(self, morning: Morning) -> None:
        assert morning.at("2026-02-11 06:00").instance().run_now() is Done.POSTED

    def test_it_refreshes_what_is_posted(self, morning: Morning) -> None:
        morning.instance().run_owed()

        assert morning.later(minutes=20).instance().run_now() is Done.REFRESHED

    def test_shortly_before_the_time_it_is_the_digest_of_the_slot(self, morning: Morning) -> None:
        morning.later(minutes=-5).instance().run_now()

        assert morning.later(minutes=5).instance().run_owed() is Done.NOT_OWED

    def test_long_before_the_time_the_slot_refreshes_it(self, morning: Morning) -> None:
        morning.later(hours=-2).instance().run_now()

        assert morning.later(hours=2).instance().run_owed() is Done.REFRESHED

    def test_an_earlier_morning_gets_its_own_message(self, morning: Morning) -> None:
        morning.instance().run_now(OTHER_DAY)

        assert morning.waiting(DeliveryKind.POST) == ["digest:tiny:2026-02-10"]
        assert morning.desk.processed[0].night == date(2026, 2, 9)

    def test_a_morning_to_come_is_refused(self, morning: Morning) -> None:
        with pytest.raises(RequestError, match="has not come yet"):
            morning.instance().run_now(date(2026, 2, 12))


class TestWatch:
    @pytest.fixture
    def watching(self) -> Morning:
        return Morning(described=pipeline(quick=True))

    def test_it_looks_with_the_quick_checks_and_lets_incidents_follow(self, watching: Morning) -> None:
        assert watching.instance().watch() is Done.WATCHED
        (report,) = watching.desk.processed
        assert (report.night, report.trigger, report.partial) == (OTHER_DAY, "watch", True)

    def test_its_report_is_kept_short_and_with_what_was_decided(self, watching: Morning) -> None:
        watching.instance().watch()

        (stored,) = watching.desk.stored
        assert (stored.job, stored.verdict, stored.document["verdict"]) == ("watch", "ALL CLEAR", "ALL CLEAR")
        assert "results" not in stored.document

    def test_it_posts_nothing_itself(self, watching: Morning) -> None:
        watching.instance().watch()

        assert watching.waiting() == []

    def test_once_in_an_interval_whoever_calls(self, watching: Morning) -> None:
        one, two = watching.instance("one"), watching.instance("two")

        done = [one.watch(), two.watch(), one.watch(), two.watch()]
        watching.later(minutes=15)
        again = [two.watch(), one.watch()]

        assert done == [Done.WATCHED, Done.BUSY, Done.NOT_OWED, Done.NOT_OWED]
        assert again == [Done.WATCHED, Done.BUSY]

    def test_one_that_failed_is_tried_again_in_the_same_interval(self, watching: Morning) -> None:
        instance = watching.instance()
        watching.desk.failure = RuntimeError("broken")
        with pytest.raises(RuntimeError):
            instance.watch()
        watching.desk.failure = None

        assert instance.watch() is Done.WATCHED

    def test_a_store_without_leases_does_not_silence_it(self, watching: Morning) -> None:
        watching.store = BrokenStore("acquire")

        assert watching.instance().watch() is Done.WATCHED


class TestLateness:
    def test_who_notices_a_missing_digest_tells_the_channel_once(self, morning: Morning) -> None:
        morning.at("2026-02-11 08:15").later(seconds=1)

        assert [morning.instance(name).say_if_late() for name in ("one", "two", "one")] == [True] * 3
        assert morning.waiting() == [LATE]

    @pytest.mark.parametrize("time", ["07:00", "08:00", "08:15"])
    def test_before_that_nobody_does(self, morning: Morning, time: str) -> None:
        assert morning.at(f"2026-02-11 {time}").instance().say_if_late() is False
        assert morning.waiting() == []

    def test_one_that_is_written_and_waits_for_slack_is_not_missing(self, morning: Morning) -> None:
        morning.instance().run_owed()

        assert morning.at("2026-02-11 09:00").instance().say_if_late() is False

    def test_the_reason_is_told_as_far_as_it_is_known(self, morning: Morning) -> None:
        instance = morning.at("2026-02-11 08:20").instance()
        instance.failed("The last attempt failed (RuntimeError).")

        instance.say_if_late()

        assert "RuntimeError" in text_of(morning, LATE)

    def test_with_the_store_down_the_word_goes_straight_to_slack_once(self, morning: Morning) -> None:
        instance = morning.at("2026-02-11 08:20").instance(store=BrokenStore(*EVERYTHING))

        for _ in range(3):
            with pytest.raises(StoreError):
                instance.say_if_late()

        (word,) = morning.past_store
        assert word.key == LATE
        assert "store is down" in word.body["text"]

    def test_when_it_comes_after_all_the_word_is_answered(self, morning: Morning) -> None:
        instance = morning.at("2026-02-11 08:20").instance()
        instance.say_if_late()
        instance.run_owed()
        morning.slack_takes_everything()

        instance.follow_up()
        instance.follow_up()

        assert morning.waiting() == [f"{LATE}:here"]

    def test_one_that_slack_took_late_explains_itself_in_its_thread(self, morning: Morning) -> None:
        instance = morning.instance()
        instance.run_owed()
        morning.at("2026-02-11 09:05").slack_takes_everything()

        instance.follow_up()

        assert "Slack took it at 09:05 EST" in text_of(morning, f"{POSTING}:delay")

    def test_one_that_was_written_late_has_said_so_itself(self, morning: Morning) -> None:
        instance = morning.at("2026-02-11 08:20").instance()
        instance.run_owed()
        morning.at("2026-02-11 09:05").slack_takes_everything()

        instance.follow_up()

        assert morning.waiting() == []

    def test_one_in_time_explains_nothing(self, morning: Morning) -> None:
        instance = morning.instance()
        instance.run_owed()
        morning.slack_takes_everything()
        morning.at("2026-02-11 12:00")

        assert instance.follow_up() is True
        assert morning.waiting() == []


class TestHeartbeat:
    def test_there_is_none_before_slack_has_confirmed(self, morning: Morning) -> None:
        instance = morning.instance()
        instance.run_owed()

        assert instance.follow_up() is False
        assert morning.watcher.beats == 0

    def test_there_is_one_afterwards_whoever_asks_and_however_often(self, morning: Morning) -> None:
        one, two = morning.instance("one"), morning.instance("two")
        one.run_owed()
        morning.slack_takes_everything()

        for instance in (one, two, one, morning.later(hours=3).instance("three")):
            instance.follow_up()

        assert morning.watcher.beats == 1

    def test_one_that_was_not_heard_is_tried_again_by_anybody(self, morning: Morning) -> None:
        morning.instance().run_owed()
        morning.slack_takes_everything()
        morning.watcher.hears = False
        morning.instance("one").follow_up()
        morning.watcher.hears = True

        morning.instance("two").follow_up()

        assert morning.watcher.beats == 1

    def test_a_digest_that_slack_refused_for_good_has_none(self, morning: Morning) -> None:
        morning.instance().run_owed()
        morning.store.claim("outbox", morning.now, morning.now + timedelta(minutes=1), 100)
        morning.store.bury(POSTING, "outbox", error="is_archived")

        assert morning.instance().follow_up() is False
        assert morning.watcher.beats == 0

    def test_that_of_another_morning_is_no_sign_of_life(self, morning: Morning) -> None:
        morning.instance().run_now(OTHER_DAY)
        morning.slack_takes_everything()

        assert morning.instance().follow_up(OTHER_DAY) is True
        assert morning.watcher.beats == 0


def test_history_older_than_the_pipeline_file_says_is_deleted(morning: Morning) -> None:
    morning.at("2025-11-12 08:00").instance().run_owed()
    morning.slack_takes_everything()
    morning.at("2026-02-10 07:59")
    kept = morning.instance().prune()

    morning.at("2026-02-10 08:01")

    assert (kept, morning.instance().prune() > 0) == (0, True)
    assert morning.store.delivery("digest:tiny:2025-11-12") is None


KILL_POINTS = ["reports", "acquire", "commit", "release"]


@pytest.mark.parametrize("point", KILL_POINTS)
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_an_instance_that_dies_at_any_step_loses_nothing_and_doubles_nothing(point: str, after: bool) -> None:
    class Killed(BaseException):
        pass

    class DyingStore(SqliteStore):
        dying = True

        def __getattribute__(self, name: str) -> Any:
            method = super().__getattribute__(name)
            return dies(method) if name == point and object.__getattribute__(self, "dying") else method

    def dies(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> None:
            if after:
                method(*arguments, **named)
            raise Killed

        return call

    store = DyingStore(":memory:")
    morning = Morning(store=store)
    with pytest.raises(Killed):
        morning.instance("dead").run_owed()
    store.dying = False

    morning.later(seconds=LEASE.total_seconds()).instance("alive").run_owed()

    assert morning.waiting(DeliveryKind.POST) == [POSTING]
    assert len(store.reports("tiny", "digest", EIGHT - timedelta(days=1))) == 1


def watches_until(morning: Morning, text: str) -> None:
    """Keep a report of a watch every quarter of an hour from now until a local time."""
    begin, end = morning.now, morning.at(text).now
    times = [begin + timedelta(minutes=15) * number for number in range((end - begin) // timedelta(minutes=15) + 1)]
    reports = [a_report(f"watch-{time}", pipeline="tiny", job="watch", at=time) for time in times]
    morning.store.commit(Changes(reports=reports))


def delivery(morning: Morning, key: str) -> Delivery:
    found = morning.store.delivery(key)
    assert found is not None
    return found


def text_of(morning: Morning, key: str) -> str:
    """Everything that a message says."""
    body = delivery(morning, key).body
    return f"{body['text']}\n{body['blocks']}"


def a_loud_one() -> Delivery:
    return Delivery(
        key="alert:a:0", kind=DeliveryKind.POST, channel=CHANNEL, body={"text": "Act.", "blocks": []}, created_at=EIGHT
    )


def many_checks() -> Any:
    described = pipeline()
    (check,) = described.checks
    checks = tuple(
        check.model_copy(update={"id": f"players-{number}", "title": f"{number} " + "long title " * 30})
        for number in range(60)
    )
    return described.model_copy(update={"checks": checks})
