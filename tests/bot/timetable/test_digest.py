from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.alerting.holds import Hold, start
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import RequestError
from bot.settings import SettingsError
from bot.store.model import Changes, DeliveryKind, DeliveryState
from bot.timetable.digest import EARLY
from bot.timetable.done import Done
from bot.timetable.slots import notifications_of
from checks.notifications import Notifications, Routes
from tests import fakes
from tests.bot.timetable.mornings import CHANNEL, DAY, EIGHT, POSTING, Morning
from tests.bot.timetable.written import (
    OTHER_DAY,
    delivery,
    many_checks,
    text_of,
    watches_until,
)


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

    def test_it_judges_the_interval_before_with_every_check(self, morning: Morning) -> None:
        morning.instance().run_owed()

        (report,) = morning.desk.processed
        assert (report.previous, report.current, report.partial, report.trigger) == (OTHER_DAY, DAY, False, "digest")

    def test_the_report_is_kept_whole(self, morning: Morning) -> None:
        morning.instance().run_owed()

        (stored,) = morning.store.reports("tiny", "digest", EIGHT - timedelta(days=1))
        assert (stored.previous, stored.verdict) == (OTHER_DAY.name, "ALL CLEAR")
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

        assert "08:00 EST" in text_of(morning, POSTING)

    def test_a_punctual_one_does_not(self, morning: Morning) -> None:
        morning.at("2026-02-11 08:15").instance().run_owed()

        assert "late" not in text_of(morning, POSTING)

    def test_it_says_until_when_alerts_wait_and_why(self, morning: Morning) -> None:
        hold = Hold(until=morning.now + timedelta(hours=2), reason="moving the warehouse", by="U0000001")
        start(morning.store, morning.described.name, hold, morning.now)

        morning.instance().run_owed()

        assert "Moving the warehouse until 10:00 EST: alerts below P0 wait." in text_of(morning, POSTING)

    def test_it_says_since_when_nobody_watched(self, morning: Morning) -> None:
        morning.at("2026-02-10 08:00").instance().run_owed()
        watches_until(morning, "2026-02-11 02:00")

        morning.at("2026-02-11 08:00").instance().run_owed()

        assert "Nobody watched from 11 Feb 02:00 to 11 Feb 08:00." in text_of(morning, POSTING)

    @pytest.mark.parametrize(
        ("last", "is_told"),
        [("07:45", False), ("07:30", False), ("07:15", True)],
        ids=["without pause", "a run late", "two runs missing"],
    )
    def test_a_pause_of_the_watch_is_told_from_two_missing_runs_on(
        self, morning: Morning, last: str, is_told: bool
    ) -> None:
        morning.at("2026-02-10 08:00").instance().run_owed()
        watches_until(morning, f"2026-02-11 {last}")

        morning.at("2026-02-11 08:00").instance().run_owed()

        assert ("watched" in text_of(morning, POSTING)) == is_told

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

        assert "1 problem, new since 08:00" in text_of(posted, f"{POSTING}:1700")

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
            pytest.param(20, 3, "1 problem, new since yesterday", id="new"),
            pytest.param(3, 20, "1 recovered (Every game has its players)", id="recovered"),
            pytest.param(3, 3, "1 problem, nothing new since yesterday", id="the same"),
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


class TestByHand:
    def test_it_posts_when_nobody_has(self, morning: Morning) -> None:
        assert morning.at("2026-02-11 06:00").instance().run_now() is Done.POSTED

    def test_it_refreshes_what_is_posted(self, morning: Morning) -> None:
        morning.instance().run_owed()

        assert morning.later(minutes=20).instance().run_now() is Done.REFRESHED

    @pytest.mark.parametrize("step", [0.0, -0.001, -90.0], ids=["the same", "a moment earlier", "minutes earlier"])
    def test_whatever_its_instant_the_newest_result_counts(self, morning: Morning, step: float) -> None:
        morning.later(minutes=20)
        for players in (20, 3, 20, 3):
            morning.players = players
            morning.instance().run_now()
            morning.later(seconds=step)

        taken = morning.slack_takes_everything()

        newest, *_ = morning.store.report_heads("tiny", "digest", EIGHT, 9)
        (edit,) = [each for each in taken if each.target == POSTING and each.kind is DeliveryKind.UPDATE]
        assert newest.verdict != "ALL CLEAR"
        assert edit.key == newest.key

    def test_the_thread_hears_what_changed_since_an_earlier_result_of_the_same_instant(self, morning: Morning) -> None:
        for players in (20, 3, 20):
            morning.players = players
            morning.instance().run_now()

        newest, *_ = morning.store.report_heads("tiny", "digest", EIGHT, 9)
        assert "Recovered" in text_of(morning, newest.key.replace(POSTING, f"{POSTING}:changes"))

    def test_of_two_that_wait_the_later_one_is_sent_also_when_the_first_came_before_its_slot(
        self, morning: Morning
    ) -> None:
        morning.later(minutes=-20).instance().run_now()
        morning.slack_takes_everything()
        morning.later(minutes=17).instance().run_now()
        morning.later(minutes=1).instance().run_now()

        taken = morning.slack_takes_everything()

        assert [each.key for each in taken if each.target == POSTING] == [f"{POSTING}:by-hand-20260211T125800"]

    def test_shortly_before_the_time_it_is_the_digest_of_the_slot(self, morning: Morning) -> None:
        morning.later(minutes=-5).instance().run_now()

        assert morning.later(minutes=5).instance().run_owed() is Done.NOT_OWED

    def test_long_before_the_time_the_slot_refreshes_it(self, morning: Morning) -> None:
        morning.later(hours=-2).instance().run_now()

        assert morning.later(hours=2).instance().run_owed() is Done.REFRESHED

    def test_an_earlier_morning_gets_its_own_message(self, morning: Morning) -> None:
        morning.instance().run_now(OTHER_DAY.day)

        assert morning.waiting(DeliveryKind.POST) == ["digest:tiny:2026-02-10"]
        assert morning.desk.processed[0].previous == fakes.day("2026-02-09")

    def test_a_morning_to_come_is_refused(self, morning: Morning) -> None:
        with pytest.raises(RequestError, match="has not come yet"):
            morning.instance().run_now(date(2026, 2, 12))


def test_history_older_than_the_pipeline_file_says_is_deleted(morning: Morning) -> None:
    morning.at("2025-11-12 08:00").instance().run_owed()
    morning.slack_takes_everything()
    morning.at("2026-02-10 07:59")
    kept = morning.instance().prune()

    morning.at("2026-02-10 08:01")

    assert (kept, morning.instance().prune() > 0) == (0, True)
    assert morning.store.delivery("digest:tiny:2025-11-12") is None
