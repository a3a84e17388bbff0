"""Dates as people write them, on every day of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dates import UnreadDateError, date_meant, is_date_word, with_dates_joined

WEDNESDAY = date(2026, 2, 11)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("today", WEDNESDAY),
        ("Yesterday", date(2026, 2, 10)),
        ("TOMORROW", date(2026, 2, 12)),
        ("feb 10", date(2026, 2, 10)),
        ("10 feb", date(2026, 2, 10)),
        ("10. February", date(2026, 2, 10)),
        ("feb 10th, 2025", date(2025, 2, 10)),
        ("1 sept", date(2025, 9, 1)),
        ("2026-2-1", date(2026, 2, 1)),
        ("monday", date(2026, 2, 9)),
        ("thu", date(2026, 2, 5)),
        ("wednesday", WEDNESDAY),
        ("last wed", date(2026, 2, 4)),
        ("29 feb", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, meant: date) -> None:
    assert date_meant(text, WEDNESDAY) == meant


@pytest.mark.parametrize(
    ("text", "today", "meant"),
    [
        pytest.param("31 dec", date(2026, 1, 1), date(2025, 12, 31), id="the day before the new year"),
        pytest.param("1 jan", date(2026, 1, 1), date(2026, 1, 1), id="the new year itself"),
        pytest.param("1 jan", date(2025, 12, 31), date(2025, 1, 1), id="not the one to come"),
        pytest.param("yesterday", date(2026, 1, 1), date(2025, 12, 31), id="yesterday of the new year"),
        pytest.param("friday", date(2026, 1, 1), date(2025, 12, 26), id="a weekday of the old year"),
        pytest.param("29 feb", date(2028, 2, 29), date(2028, 2, 29), id="the day itself"),
        pytest.param("29 feb", date(2028, 2, 28), date(2024, 2, 29), id="the day before it"),
        pytest.param("29 feb", date(1904, 2, 28), date(1896, 2, 29), id="a century without it"),
        pytest.param("tomorrow", date(2024, 2, 28), date(2024, 2, 29), id="tomorrow is leap day"),
        pytest.param("sunday", date(2026, 3, 9), date(2026, 3, 8), id="the day on which clocks go forward"),
    ],
)
def test_the_edges_of_the_calendar(text: str, today: date, meant: date) -> None:
    assert date_meant(text, today) == meant


def test_a_date_without_a_year_may_lie_as_far_ahead_as_somebody_can_ask_for() -> None:
    tomorrow = WEDNESDAY + timedelta(days=1)

    assert date_meant("feb 12", WEDNESDAY, tomorrow) == tomorrow
    assert date_meant("feb 13", WEDNESDAY, tomorrow) == date(2025, 2, 13)


@pytest.mark.parametrize(
    "text", ["", "soon", "30 feb", "feb", "10", "2026-13-01", "29 feb 2025", "10 feb x", "10 feb x 2025", "0 jan"]
)
def test_what_is_no_date_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(UnreadDateError) as caught:
        date_meant(text, WEDNESDAY)

    assert str(caught.value).count("\n") == 0
    assert len(str(caught.value)) <= 120


@pytest.mark.parametrize("text", ["2/10", "10/02/2026", "10.02.2026"])
def test_a_date_in_numbers_alone_is_not_guessed(text: str) -> None:
    with pytest.raises(UnreadDateError, match="two ways"):
        date_meant(text, WEDNESDAY)


@given(DAYS, DAYS, st.sampled_from(["%d %b %Y", "%b %d %Y", "%B %d, %Y", "%d %B %Y", "%Y-%m-%d"]))
def test_a_date_with_its_year_is_that_date_whatever_today_is(day: date, today: date, form: str) -> None:
    assert date_meant(day.strftime(form), today) == day


@given(DAYS, DAYS, st.sampled_from(["%d %b", "%b %d", "%B %d", "%d %B"]))
def test_a_date_without_a_year_is_the_newest_that_is_not_to_come(day: date, today: date, form: str) -> None:
    found = date_meant(day.strftime(form), today)

    assert (found.month, found.day) == (day.month, day.day)
    assert found <= today
    years = range(found.year + 1, today.year + 1)
    later = [date(year, day.month, day.day) for year in years if _exists(year, day)]
    assert all(each > today for each in later)


@given(DAYS, DAYS, st.sampled_from(["%a", "%A"]))
def test_a_weekday_is_within_the_last_seven_days(day: date, today: date, form: str) -> None:
    found, last = (date_meant(f"{lead}{day.strftime(form)}", today) for lead in ("", "last "))

    assert found.weekday() == last.weekday() == day.weekday()
    assert timedelta(0) <= today - found < timedelta(days=7)
    assert timedelta(0) < today - last <= timedelta(days=7)


@given(st.text(max_size=40), st.dates())
def test_any_text_on_any_day_is_a_date_or_refused(text: str, today: date) -> None:
    try:
        date_meant(text, today)
    except UnreadDateError:
        return


@given(DAYS)
def test_the_words_of_a_date_are_put_together_among_others(day: date) -> None:
    words = ["quick", *day.strftime("%d %b %Y").split(), "phase3", *day.strftime("%B %d").split(), "trigger"]

    assert list(with_dates_joined(words)) == [
        "quick",
        day.strftime("%d %b %Y"),
        "phase3",
        day.strftime("%B %d"),
        "trigger",
    ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("sat", True), ("30 feb", True), ("2/10", True), ("last fri", True), ("full", False), ("", False)],
)
def test_what_is_meant_as_a_date_is_told_from_other_words(text: str, is_one: bool) -> None:
    assert is_date_word(text) is is_one


def _exists(year: int, day: date) -> bool:
    try:
        day.replace(year=year)
    except ValueError:
        return False
    return True
