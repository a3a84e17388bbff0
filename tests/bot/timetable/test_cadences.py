"""Digests of pipelines that do not run day by day: hour by hour, by the week, by the month, on business days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.model import Changes, DeliveryKind
from bot.timetable.digest_deliveries import late_key, posting_key
from bot.timetable.digest_standing import DigestStanding
from bot.timetable.done import Done
from bot.timetable.lateness import NOT_ANY_MORE
from bot.timetable.schedules import timetable
from bot.timetable.slots import DigestCalendar, Watched, watched
from checks.intervals import Calendar, Offset
from checks.orchestration_spec import Run, Transition
from checks.pipeline import Pipeline
from tests.bot.store.records import a_post
from tests.bot.timetable.mornings import CHANNEL, Morning, pipeline
from tests.bot.timetable.written import text_of

NEW_YORK, LONDON = "America/New_York", "Europe/London"
BUSINESS = Calendar(
    weekdays=("monday", "tuesday", "wednesday", "thursday", "friday"), holidays=(date(2026, 4, 3), date(2026, 4, 6))
)
"""Good Friday and Easter Monday are no business days."""

CADENCES: dict[str, Callable[[], Pipeline]] = {
    "daily": pipeline,
    "hourly": lambda: pipeline(cadence="hourly"),
    "hourly on business days": lambda: pipeline(cadence="hourly", calendar=BUSINESS, zone=LONDON),
    "weekly": lambda: pipeline("+1d 08:00", ("+2d 08:00", "+6d 23:50"), cadence={"weekly": "sunday"}),
    "monthly": lambda: pipeline("+1bd 08:00", ("+5bd 08:00",), cadence={"monthly": 1}, calendar=BUSINESS, zone=LONDON),
    "business days": lambda: pipeline("23:50", (), calendar=BUSINESS, zone=LONDON),
}


def local(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def nothing_is_posted(_: object) -> bool:
    return False


def owed(described: Pipeline, now: datetime) -> tuple[str, str] | None:
    """The interval whose digest is owed, and the one that it judges."""
    slot = DigestCalendar(described).owed(now, nothing_is_posted)
    return None if slot is None else (slot.of.name, slot.judges)


def days_of_posts(described: Pipeline, begin: date, days: int) -> list[tuple[str, str]]:
    """The digests of so many dates: each with the local time at which it is due, and what it judges."""
    digests = DigestCalendar(described)
    intervals = dict.fromkeys(digests.on(begin + timedelta(days=number)) for number in range(days))
    return [
        (f"{slots[0].due.astimezone(described.zone):%a %d %b %H:%M %Z}", slots[0].judges)
        for each in intervals
        if (slots := digests.slots(each))
    ]


class TestHourByHour:
    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param("2026-02-11T07:59:59", None, id="just before its time"),
            pytest.param("2026-02-11T08:00", ("2026-02-11", "2026-02-11T07"), id="at its time, the hour before"),
            pytest.param("2026-02-11T11:30", ("2026-02-11", "2026-02-11T10"), id="a refresh, the hour before that"),
            pytest.param("2026-02-11T23:59:59", ("2026-02-11", "2026-02-11T16"), id="to the end of the day"),
        ],
    )
    def test_there_is_one_digest_a_day_that_judges_the_hour_before_its_time(
        self, now: str, expected: tuple[str, str] | None
    ) -> None:
        assert owed(pipeline(cadence="hourly"), local(now)) == expected

    @pytest.mark.parametrize(
        ("zone", "post", "day", "judges"),
        [
            pytest.param(
                NEW_YORK, "00:00", date(2026, 2, 11), "2026-02-10T23", id="at midnight that of the day before"
            ),
            pytest.param(NEW_YORK, "03:00", date(2026, 3, 8), "2026-03-08T01", id="New York skips an hour"),
            pytest.param(NEW_YORK, "02:30", date(2026, 3, 8), "2026-03-08T01", id="its time is skipped itself"),
            pytest.param(NEW_YORK, "02:00", date(2026, 11, 1), "2026-11-01T01-0500", id="New York repeats an hour"),
            pytest.param(LONDON, "02:00", date(2026, 3, 29), "2026-03-29T00", id="London skips an hour"),
            pytest.param(LONDON, "02:00", date(2026, 10, 25), "2026-10-25T01+0000", id="London repeats an hour"),
        ],
    )
    def test_the_hour_before_is_the_one_that_ended_last(self, zone: str, post: str, day: date, judges: str) -> None:
        digests = DigestCalendar(pipeline(post, (), cadence="hourly", zone=zone))

        (slot,) = digests.slots(digests.on(day))

        assert slot.judges == judges

    def test_after_days_without_runs_it_judges_the_last_hour_that_had_one(self) -> None:
        described = pipeline("00:30", (), cadence="hourly", calendar=BUSINESS, zone=LONDON)

        assert owed(described, local("2026-02-16T00:30", LONDON)) == ("2026-02-16", "2026-02-13T23")

    def test_one_that_is_asked_for_by_hand_judges_the_hour_before_that_moment(self) -> None:
        digests, now = DigestCalendar(pipeline(cadence="hourly")), local("2026-02-11T14:20")

        assert next(digests.by_hand(now, digests.at(now))).judges == "2026-02-11T13"

    def test_one_of_another_day_that_is_asked_for_by_hand_judges_what_that_one_did(self) -> None:
        digests = DigestCalendar(pipeline(cadence="hourly"))

        slot = next(digests.by_hand(local("2026-02-11T14:20"), digests.on(date(2026, 2, 9))))

        assert (slot.of.name, slot.judges) == ("2026-02-09", "2026-02-09T07")

    def test_the_watch_judges_the_hour_before_and_the_next_once_something_of_it_is_due(self) -> None:
        described = pipeline(cadence="hourly", transitions=(transition(opens="-1d 00:00", due="00:30"),))

        assert watched(described, local("2026-02-11T22:59"))[1:] == ahead("2026-02-11T23")
        assert watched(pipeline(cadence="hourly"), local("2026-02-11T22:59")) == (Watched(interval="2026-02-11T21"),)

    def test_one_message_a_day_and_its_watch_are_written(self) -> None:
        morning = Morning(described=pipeline(cadence="hourly", quick=True))

        assert (morning.instance().run_owed(), morning.instance().watch()) == (Done.POSTED, Done.WATCHED)
        assert [each.previous.name for each in morning.desk.processed] == ["2026-02-11T07", "2026-02-11T07"]
        assert morning.waiting(DeliveryKind.POST)[0] == "digest:tiny:2026-02-11"


def transition(opens: str, due: str) -> Transition:
    run = Run(opens=Offset(opens), due=Offset(due))
    return Transition(
        **{"from": "phase3", "to": "phase4"}, id="phase3_to_phase4", title="3 to 4", state="done", runs={"only": run}
    )


def ahead(interval: str) -> tuple[Watched, ...]:
    return (Watched(interval=interval, checks=("trigger",)),)


class TestByTheWeek:
    def described(self) -> Pipeline:
        return pipeline("+1d 08:00", ("+1d 17:00",), cadence={"weekly": "sunday"})

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param("2026-02-15T08:00", None, id="not yet on the Sunday"),
            pytest.param("2026-02-16T07:59:59", None, id="just before its time on the Monday"),
            pytest.param("2026-02-16T08:00", ("2026-W08", "2026-W07"), id="at its time"),
            pytest.param("2026-02-21T23:59:59", ("2026-W08", "2026-W07"), id="to the end of the week"),
            pytest.param("2026-02-22T00:00", None, id="not in the week after"),
        ],
    )
    def test_it_is_owed_from_its_time_to_the_end_of_the_week(self, now: str, expected: tuple[str, str] | None) -> None:
        assert owed(self.described(), local(now)) == expected

    def test_its_time_is_that_of_the_clock_whatever_the_clocks_do(self) -> None:
        assert days_of_posts(self.described(), date(2026, 3, 1), 14) == [
            ("Mon 02 Mar 08:00 EST", "2026-W09"),
            ("Mon 09 Mar 08:00 EDT", "2026-W10"),
        ]

    def test_it_is_found_by_the_rounds_because_no_knock_is_made_for_it(self) -> None:
        described = self.described()
        assert described.notifications is not None
        morning = Morning(described=described).at("2026-02-15 00:05")
        done: list[tuple[str, Done]] = []

        for _ in range(3 * 24 * 2):
            outcome = morning.later(minutes=30).instance().run_owed()
            morning.slack_takes_everything()
            if outcome is not Done.NOT_OWED:
                done.append((f"{morning.now.astimezone(described.zone):%a %H:%M}", outcome))

        assert {each.job for each in timetable(described.notifications, described.zone)} == {"watch", "round", "prune"}
        assert done == [("Mon 08:05", Done.POSTED), ("Mon 17:05", Done.REFRESHED)]

    def test_the_newest_and_those_before_are_weeks(self) -> None:
        digests = DigestCalendar(self.described())

        assert digests.newest(local("2026-02-16T07:59")).name == "2026-W07"
        assert digests.newest(local("2026-02-16T08:00")).name == "2026-W08"
        assert [each.name for each in digests.last(3, local("2026-01-06T12:00"))] == [
            "2025-W52",
            "2026-W01",
            "2026-W02",
        ]
        assert digests.next_post(local("2026-02-16T08:00")) == local("2026-02-23T08:00")

    def test_the_watch_judges_the_week_before(self) -> None:
        assert watched(self.described(), local("2026-02-15T00:00")) == (Watched(interval="2026-W07"),)


class TestByTheMonth:
    def described(self) -> Pipeline:
        return pipeline("+1bd 08:00", (), cadence={"monthly": 1}, calendar=BUSINESS, zone=LONDON)

    def test_it_is_posted_on_the_first_business_day_after_the_first_and_judges_the_month_before(self) -> None:
        assert days_of_posts(self.described(), date(2026, 1, 1), 150) == [
            ("Fri 02 Jan 08:00 GMT", "2025-12"),
            ("Mon 02 Feb 08:00 GMT", "2026-01"),
            ("Mon 02 Mar 08:00 GMT", "2026-02"),
            ("Thu 02 Apr 08:00 BST", "2026-03"),
            ("Mon 04 May 08:00 BST", "2026-04"),
        ]

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param("2026-05-04T07:59:59", None, id="just before"),
            pytest.param("2026-05-04T08:00", ("2026-05", "2026-04"), id="at its time"),
            pytest.param("2026-05-31T23:59:59", ("2026-05", "2026-04"), id="to the end of the month"),
            pytest.param("2026-06-01T00:00", None, id="not in the month after"),
        ],
    )
    def test_it_is_owed_from_its_time_to_the_end_of_the_month(self, now: str, expected: tuple[str, str] | None) -> None:
        assert owed(self.described(), local(now, LONDON)) == expected

    def test_it_tells_what_is_new_since_that_of_the_month_before(self) -> None:
        morning = Morning(described=self.described()).at("2026-05-04 08:00")
        morning.instance().run_owed()
        morning.slack_takes_everything()
        morning.players = 3

        morning.at("2026-06-02 08:00").instance().run_owed()

        assert "1 problem, new since Mon 4 May" in text_of(morning, posting_key("tiny", "2026-06"))

    def test_its_message_is_kept_up_to_date_to_the_end_of_the_month(self) -> None:
        morning = Morning(described=self.described()).at("2026-05-04 08:00")
        morning.instance().run_owed()
        morning.slack_takes_everything()
        standing = DigestStanding(morning.store, morning.described, lambda: "example.slack.com")

        now = morning.at("2026-05-31 23:00").now

        assert "May" in str(standing.link(now))

    def test_the_watch_judges_the_month_before(self) -> None:
        assert watched(self.described(), local("2026-03-01T00:00", LONDON)) == (Watched(interval="2026-02"),)


class TestOnBusinessDays:
    def described(self, post: str = "08:00") -> Pipeline:
        return pipeline(post, (), calendar=BUSINESS, zone=LONDON)

    def test_none_on_weekends_and_holidays_and_the_next_judges_the_last_business_day(self) -> None:
        assert days_of_posts(self.described(), date(2026, 3, 27), 13) == [
            ("Fri 27 Mar 08:00 GMT", "2026-03-26"),
            ("Mon 30 Mar 08:00 BST", "2026-03-27"),
            ("Tue 31 Mar 08:00 BST", "2026-03-30"),
            ("Wed 01 Apr 08:00 BST", "2026-03-31"),
            ("Thu 02 Apr 08:00 BST", "2026-04-01"),
            ("Tue 07 Apr 08:00 BST", "2026-04-02"),
            ("Wed 08 Apr 08:00 BST", "2026-04-07"),
        ]

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param("2026-02-13T23:59:59", ("2026-02-13", "2026-02-12"), id="Friday, all day"),
            pytest.param("2026-02-14T08:00", None, id="Saturday"),
            pytest.param("2026-02-15T08:00", None, id="Sunday"),
            pytest.param("2026-02-16T07:59:59", None, id="Monday, just before"),
            pytest.param("2026-02-16T08:00", ("2026-02-16", "2026-02-13"), id="Monday, at its time"),
        ],
    )
    def test_what_is_owed_over_a_weekend(self, now: str, expected: tuple[str, str] | None) -> None:
        assert owed(self.described(), local(now, LONDON)) == expected

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            pytest.param("2026-03-28T11:50", ("2026-03-27", "2026-03-26"), id="at the limit"),
            pytest.param("2026-03-28T11:50:01", None, id="just past it"),
            pytest.param("2026-03-29T12:00", None, id="on the Sunday on which the clocks change"),
        ],
    )
    def test_that_of_friday_night_is_made_up_for_on_saturday(self, now: str, expected: tuple[str, str] | None) -> None:
        assert owed(self.described("23:50"), local(now, LONDON)) == expected

    def test_a_weekend_without_a_process_ends_with_the_digest_of_monday_and_a_word_about_friday(self) -> None:
        morning = Morning(described=self.described())
        thursday = posting_key("tiny", "2026-02-12")
        morning.store.commit(Changes(deliveries=[a_post(thursday, channel=CHANNEL)]))
        morning.at("2026-02-12 08:00").slack_takes_everything()
        instance = morning.at("2026-02-16 08:00").instance()

        assert (instance.run_owed(), instance.say_if_late()) == (Done.POSTED, True)
        friday = late_key("tiny", "2026-02-13")
        assert posting_key("tiny", "2026-02-16") in morning.waiting(DeliveryKind.POST)
        assert [each for each in morning.waiting() if each.startswith("digest-late")] == [friday]
        assert NOT_ANY_MORE[:40] in text_of(morning, friday)

    def test_the_late_word_on_monday_names_monday_alone_where_friday_was_written(self) -> None:
        morning = Morning(described=self.described()).at("2026-02-13 08:00")
        morning.instance().run_owed()
        morning.slack_takes_everything()
        instance = morning.at("2026-02-16 08:15").later(seconds=1).instance()

        assert instance.say_if_late() is True
        assert morning.waiting() == [late_key("tiny", "2026-02-16")]
        assert "Mon 16 Feb" in text_of(morning, late_key("tiny", "2026-02-16"))

    @pytest.mark.parametrize("now", ["2026-02-14 09:00", "2026-02-15 09:00", "2026-02-16 08:15"])
    def test_on_days_without_a_digest_none_is_late(self, now: str) -> None:
        morning = Morning(described=self.described()).at("2026-02-13 08:00")
        morning.instance().run_owed()
        morning.slack_takes_everything()

        assert morning.at(now).instance().say_if_late() is False

    def test_the_heartbeat_of_friday_is_not_sent_again_on_sunday_by_another_instance(self) -> None:
        morning = Morning(described=self.described()).at("2026-02-13 08:00")
        morning.instance("one").run_owed()
        morning.slack_takes_everything()
        morning.instance("one").follow_up()

        morning.at("2026-02-15 09:00").instance("two").follow_up()

        assert morning.watcher.beats == 1

    def test_one_that_is_asked_for_on_saturday_judges_friday(self) -> None:
        morning = Morning(described=self.described()).at("2026-02-14 10:00")

        assert morning.instance().run_now() is Done.POSTED
        assert morning.desk.processed[0].previous.name == "2026-02-13"

    def test_the_watch_of_a_weekend_judges_friday(self) -> None:
        assert watched(self.described(), local("2026-02-15T12:00", LONDON)) == (Watched(interval="2026-02-13"),)

    def test_the_watch_of_a_weekend_looks_ahead_to_monday_once_something_of_it_is_due(self) -> None:
        described = pipeline(
            calendar=BUSINESS, zone=LONDON, transitions=(transition(opens="-1d 00:00", due="-1d 18:00"),)
        )

        assert len(watched(described, local("2026-02-15T17:59:59", LONDON))) == 1
        assert watched(described, local("2026-02-15T18:00", LONDON))[1:] == ahead("2026-02-16")

    def test_the_strip_of_the_home_tab_has_business_days_alone(self) -> None:
        last = DigestCalendar(self.described()).last(4, local("2026-04-05T12:00", LONDON))

        assert [each.name for each in last] == ["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"]

    def test_the_next_post_on_thursday_before_easter_is_that_of_tuesday(self) -> None:
        digests = DigestCalendar(self.described())

        assert digests.next_post(local("2026-04-02T09:00", LONDON)) == local("2026-04-07T08:00", LONDON)


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of Hypothesis are naive
NAMES = st.sampled_from(sorted(CADENCES))


@settings(deadline=None)
@given(name=NAMES, now=INSTANTS, is_posted=st.booleans())
def test_what_is_owed_is_one_slot_that_is_due_and_whose_interval_has_a_run(
    name: str, now: datetime, is_posted: bool
) -> None:
    described = CADENCES[name]()
    digests = DigestCalendar(described)

    slot = digests.owed(now, lambda _: is_posted)

    if slot is not None:
        assert slot.due <= now
        assert slot in digests.slots(slot.of)
        assert described.timeline.has_run(slot.of)
        assert described.timeline.has_run(described.timeline.named(slot.judges))
        assert described.timeline.named(slot.judges).end <= slot.due
        # Whatever else is due is older than what is owed.
        current = digests.at(now)
        others = (*digests.slots(digests.before(current)), *digests.slots(current))
        assert all(each.due <= slot.due for each in others if each.due <= now)


@settings(deadline=None)
@given(name=NAMES, instants=st.lists(INSTANTS, min_size=2, max_size=2))
def test_the_newest_digest_never_goes_back_and_is_due(name: str, instants: list[datetime]) -> None:
    digests = DigestCalendar(CADENCES[name]())
    earlier, later = sorted(instants)

    assert digests.newest(earlier) <= digests.newest(later)
    assert digests.posts_at(digests.newest(later)) <= later


@settings(deadline=None)
@given(name=NAMES, now=INSTANTS)
def test_the_next_post_lies_ahead_and_is_that_of_an_interval_with_a_run(name: str, now: datetime) -> None:
    described = CADENCES[name]()
    digests = DigestCalendar(described)

    ahead_of_now = digests.next_post(now)

    assert ahead_of_now > now
    assert described.timeline.has_run(digests.at(ahead_of_now))
    assert digests.newest(ahead_of_now) == digests.at(ahead_of_now)


@settings(deadline=None)
@given(name=NAMES, now=INSTANTS, number=st.integers(1, 20))
def test_the_last_digests_follow_one_another_and_have_a_run(name: str, now: datetime, number: int) -> None:
    described = CADENCES[name]()
    digests = DigestCalendar(described)

    last = digests.last(number, now)

    assert len(last) == number
    assert list(last) == sorted(set(last))
    assert all(digests.before(after) == before for before, after in pairwise(last))
    assert last[-1].start <= now
