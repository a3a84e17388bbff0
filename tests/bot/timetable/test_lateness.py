from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store.model import StoreError
from tests.bot.timetable.mornings import POSTING, Morning
from tests.bot.timetable.written import (
    EVERYTHING,
    LATE,
    OTHER_DAY,
    BrokenStore,
    text_of,
)


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
        assert "store is down" in str(word.body["notice"])

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
        morning.instance().run_now(OTHER_DAY.day)
        morning.slack_takes_everything()

        assert morning.instance().follow_up(OTHER_DAY) is True
        assert morning.watcher.beats == 0
