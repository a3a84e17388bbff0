from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.render.words import day, moment, named_interval, value_words, without_date

NEW_YORK = ZoneInfo("America/New_York")
MIDNIGHT = datetime(2026, 1, 1, 5, tzinfo=UTC)
"""The first instant of 2026 in New York."""


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        pytest.param("15 Feb: no games.", "no games.", id="as people write it"),
        pytest.param("2 Jan 2026: no games.", "no games.", id="with a year"),
        pytest.param("2026-02-15: no games.", "no games.", id="as reports of before wrote it"),
        pytest.param("14 games: ATL at CHA", "14 games: ATL at CHA", id="a number of games"),
        pytest.param("Due 11 Feb 11:30 EST.", "Due 11 Feb 11:30 EST.", id="a time inside"),
    ],
)
def test_a_date_that_leads_a_sentence_in_is_left_out(text: str, rest: str) -> None:
    assert without_date(text) == rest


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param(date(2026, 1, 1), "Thu 1 Jan", id="this year's first day"),
        pytest.param(date(2025, 12, 31), "Wed 31 Dec 2025", id="the day before it"),
        pytest.param(date(2020, 1, 1), "Wed 1 Jan 2020", id="years ago"),
        pytest.param(date(2027, 1, 1), "Fri 1 Jan 2027", id="next year"),
    ],
)
def test_a_date_of_another_year_says_which(value: date, said: str) -> None:
    assert day(value, date(2026, 2, 11)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param(MIDNIGHT, "1 Jan 00:00", id="at the turn of the year on the spot"),
        pytest.param(MIDNIGHT.replace(hour=4, minute=59), "31 Dec 2025 23:59", id="just before it"),
    ],
)
def test_an_instant_of_another_year_says_which_by_the_local_calendar(value: datetime, said: str) -> None:
    now = datetime(2026, 2, 11, 13, tzinfo=UTC)

    assert moment(value, NEW_YORK, now) == said
    assert value_words(value, NEW_YORK, now) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("2026-02-10, 2026-02-11", "Tue 10 Feb, Wed 11 Feb", id="days"),
        pytest.param("2025-W52", "week 52 2025", id="a week of last year"),
        pytest.param("2026-02-10 of it", "2026-02-10 of it", id="a text that begins like one"),
        pytest.param("phase4, v1.2026-02", "phase4, v1.2026-02", id="names"),
    ],
)
def test_the_names_of_intervals_are_dates_as_elsewhere(value: str, said: str) -> None:
    assert value_words(value, NEW_YORK, datetime(2026, 2, 11, 13, tzinfo=UTC)) == said


@pytest.mark.parametrize(
    ("word", "title", "said"),
    [
        pytest.param("last run", "Tue 10 Feb", "last run Tue 10 Feb", id="apart"),
        pytest.param("last week", "week 7", "last week, week 7", id="the same word twice"),
        pytest.param("", "week 7", "week 7", id="no word"),
    ],
)
def test_an_interval_is_named_without_saying_a_word_twice_in_a_row(word: str, title: str, said: str) -> None:
    assert named_interval(word, title) == said
