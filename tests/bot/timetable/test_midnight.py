"""A digest is owed by the day whose digest it is, not by the day on which somebody looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.model import Changes, StoreError
from bot.timetable.digest_deliveries import late_key, posting_key
from bot.timetable.done import Done
from bot.timetable.lateness import NOT_ANY_MORE
from bot.timetable.slots import DigestCalendar
from tests.bot.store.records import a_post
from tests.bot.timetable.mornings import CHANNEL, Morning, pipeline
from tests.bot.timetable.written import EVERYTHING, LATE, BrokenStore, text_of
from tests.thoroughness import examples

POSTING = "digest:tiny:2026-02-11"
MINUTE = timedelta(minutes=1)


def previous(post: str = "23:50", *refresh: str) -> Morning:
    return Morning(described=pipeline(post=post, refresh=refresh))


def was_served(morning: Morning, day: date) -> None:
    """Leave what a digest of an earlier day leaves."""
    key = posting_key("tiny", day.isoformat())
    morning.store.commit(Changes(deliveries=[a_post(key, channel=CHANNEL)]))
    morning.slack_takes_everything()


class TestMadeUpFor:
    def test_a_digest_that_a_restart_over_midnight_missed_is_posted_and_says_that_it_is_late(self) -> None:
        morning = previous().at("2026-02-12 00:06")

        assert [morning.instance("two").run_owed(), morning.instance("two").run_owed()] == [Done.POSTED, Done.NOT_OWED]
        assert "23:50 EST" in text_of(morning, POSTING)

    def test_two_instances_post_it_once(self) -> None:
        morning = previous().at("2026-02-12 00:06")

        assert [morning.instance(name).run_owed() for name in ("one", "two")] == [Done.POSTED, Done.NOT_OWED]

    def test_a_refresh_over_midnight_brings_the_same_message_up_to_date(self) -> None:
        morning = previous("08:00", "23:50")
        morning.at("2026-02-11 08:00").instance().run_owed()
        morning.slack_takes_everything()

        assert morning.at("2026-02-12 00:06").instance("two").run_owed() is Done.REFRESHED

    def test_what_somebody_asks_for_by_hand_is_the_digest_of_the_day_that_it_is(self) -> None:
        morning = previous().at("2026-02-12 00:06")

        assert morning.instance().run_now() is Done.POSTED
        assert morning.waiting()[0] == "digest:tiny:2026-02-12"

    def test_its_heartbeat_comes_after_midnight(self) -> None:
        morning = previous().at("2026-02-11 23:50")
        morning.instance().run_owed()
        morning.at("2026-02-12 00:01").slack_takes_everything()

        assert morning.instance().follow_up() is True
        assert morning.watcher.beats == 1


class TestSaidToBeLate:
    @pytest.mark.parametrize(
        ("now", "late"),
        [pytest.param("00:05", False, id="at the limit"), pytest.param("00:05:01", True, id="just past it")],
    )
    def test_the_minutes_after_which_it_is_late_may_pass_midnight(self, now: str, late: bool) -> None:
        morning = previous().at(f"2026-02-12 {now}")

        assert morning.instance().say_if_late() is late
        assert morning.waiting() == ([LATE] if late else [])

    def test_what_failed_is_told_of_the_day_that_it_failed_for(self) -> None:
        morning = previous().at("2026-02-12 00:06")
        instance = morning.instance()
        instance.failed("The last attempt failed (RuntimeError).")

        instance.say_if_late()

        assert "RuntimeError" in text_of(morning, LATE)

    def test_one_that_is_too_old_to_be_written_is_said_to_be_missing(self) -> None:
        morning = previous("08:00")
        was_served(morning, date(2026, 2, 10))
        instance = morning.at("2026-02-12 00:06").instance()

        assert (instance.run_owed(), instance.say_if_late()) == (Done.NOT_OWED, True)
        assert NOT_ANY_MORE[:40] in text_of(morning, LATE)

    def test_it_is_said_also_when_the_next_one_is_posted_already(self) -> None:
        morning = previous("08:00")
        was_served(morning, date(2026, 2, 10))
        instance = morning.at("2026-02-12 08:01").instance()

        assert (instance.run_owed(), instance.say_if_late()) == (Done.POSTED, True)
        assert LATE in morning.waiting()

    def test_who_has_just_been_set_up_missed_nothing(self) -> None:
        morning = previous("08:00").at("2026-02-12 07:00")

        assert morning.instance().say_if_late() is False

    def test_with_the_store_down_it_goes_straight_to_slack(self) -> None:
        morning = previous().at("2026-02-12 00:06")

        with pytest.raises(StoreError):
            morning.instance(store=BrokenStore(*EVERYTHING)).say_if_late()

        assert [each.key for each in morning.past_store] == [LATE]


@settings(max_examples=examples(20), deadline=None)
@given(
    clock=st.integers(0, 1439),
    zone=st.sampled_from(["America/New_York", "Europe/London", "Asia/Kathmandu"]),
    begin=st.sampled_from(
        [date(2026, 2, 11), date(2026, 3, 7), date(2026, 3, 28), date(2026, 10, 24), date(2026, 10, 31)]
    ),
    downs=st.lists(st.tuples(st.integers(0, 3 * 1440), st.integers(1, 23 * 60)), max_size=2),
    instances=st.integers(1, 2),
)
@pytest.mark.slow
def test_each_digest_that_was_due_is_posted_once_or_said_to_be_late_once(
    clock: int, zone: str, begin: date, downs: list[tuple[int, int]], instances: int
) -> None:
    morning = Morning(described=pipeline(f"{clock // 60:02}:{clock % 60:02}", (), zone=zone))
    was_served(morning, begin - timedelta(days=1))
    start = datetime(begin.year, begin.month, begin.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = start + timedelta(days=4)
    posted: list[str] = []
    morning.now = start
    while morning.now < end:
        minute = (morning.now - start) // MINUTE
        if not any(down <= minute < down + length for down, length in downs):
            for name in ("one", "two")[:instances]:
                instance = morning.instance(name)
                instance.run_owed()
                instance.say_if_late()
                instance.follow_up()
            posted += [each.key for each in morning.slack_takes_everything()]
        morning.now += 13 * MINUTE

    assert len(posted) == len(set(posted))
    calendar = DigestCalendar(morning.described)
    back = end - timedelta(hours=47)  # whoever is away to the end of the story has not come back to say anything
    for number in range(4):
        day = begin + timedelta(days=number)
        (slot,) = calendar.slots(calendar.on(day))
        if slot.due < back:
            assert posting_key("tiny", day.isoformat()) in posted or late_key("tiny", day.isoformat()) in posted
