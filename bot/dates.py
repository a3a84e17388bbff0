"""Dates as people write them: ``10 feb``, ``monday``, ``yesterday``, ``2026-02-10``. Pure: today is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

EXAMPLES = "10 feb, monday, yesterday or 2026-02-10"
"""What an answer to something else shows."""

LONGEST = 40
"""Characters of what was not understood that an answer repeats."""

_RELATIVE = {"today": 0, "yesterday": -1, "tomorrow": 1}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST = 3
"""Letters of a month or a weekday from which on it is read: ``feb``, ``thurs``."""

_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_NUMBERS = re.compile(r"\d{1,4}[/.]\d{1,2}(?:[/.]\d{1,4})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d?-\d\d?", re.ASCII)

_LEAP_YEARS_APART = 8
"""Years between two 29 February at most: 1896 and 1904."""


class UnreadDateError(ValueError):
    """A text is no date; the message is one short sentence that says what is."""


def date_meant(text: str, today: date, latest: date | None = None) -> date:
    """Return the date that a text means. Raises UnreadDateError.

    A weekday is the last one, today included, and ``last monday`` the one before today. A date without a year is the
    newest that is not after ``latest``, by default today: in January, ``28 dec`` was a few days ago.
    """
    words = text.lower().replace(",", " ").split()
    match words:
        case [word] if word in _RELATIVE:
            return _moved(today, _RELATIVE[word], text)
        case [word] if (weekday := _index(word, _WEEKDAYS)) is not None:
            return _moved(today, -((today.weekday() - weekday) % 7), text)
        case ["last", word] if (weekday := _index(word, _WEEKDAYS)) is not None:
            return _moved(today, -((today.weekday() - weekday - 1) % 7 + 1), text)
        case [word] if _ISO.fullmatch(word):
            year, month, day = map(int, word.split("-"))
            return _made(year, month, day, text)
        case [word] if _NUMBERS.fullmatch(word):
            raise UnreadDateError(f"{_shown(text)} can be read in two ways: write the month in letters, as in 10 feb.")
        case [_, _] if (parts := _day_and_month(words)) is not None:
            return _newest(*parts, latest or today, text)
        case [_, _, year] if _YEAR.fullmatch(year) and (parts := _day_and_month(words[:2])) is not None:
            return _made(int(year), parts[1], parts[0], text)
    raise UnreadDateError(f"{_shown(text)} is no date: write {EXAMPLES}.")


def with_dates_joined(words: Sequence[str]) -> Iterator[str]:
    """Yield the words, those that make up one date as one: ``quick``, ``feb 10``, ``phase3``."""
    left = list(words)
    while left:
        size = next((size for size in (3, 2) if _is_date(left[:size], size)), 1)
        yield " ".join(left[:size])
        del left[:size]


def is_date_word(text: str) -> bool:
    """Whether a text is meant as a date, though there may be no such day: ``sat``, ``30 feb``, ``2/10``."""
    words = text.lower().replace(",", " ").split()
    if len(words) == 1:
        (word,) = words
        return word in _RELATIVE or _index(word, _WEEKDAYS) is not None or _NUMBERS.fullmatch(word) is not None
    return _is_date(words, len(words))


def _is_date(words: Sequence[str], size: int) -> bool:
    words = [word.lower().strip(",") for word in words]
    if len(words) != size:
        return False
    match words:
        case ["last", word]:
            return _index(word, _WEEKDAYS) is not None
        case [_, _, year] if _YEAR.fullmatch(year) is None:
            return False
    return _day_and_month(words[:2]) is not None


def _day_and_month(words: Sequence[str]) -> tuple[int, int] | None:
    """Return the day and the month of two words in either order; None where they are none."""
    if len(words) != 2:  # noqa: PLR2004 - a day and a month
        return None
    for day, month in (words, words[::-1]):
        if (number := _DAY.fullmatch(day)) and (index := _index(month, _MONTHS)) is not None:
            return int(number[1]), index + 1
    return None


def _index(word: str, names: Sequence[str]) -> int | None:
    """Return which of the names a word is, or begins."""
    word = word.removesuffix(".")
    if len(word) < _SHORTEST:
        return None
    return next((index for index, name in enumerate(names) if name.startswith(word)), None)


def _newest(day: int, month: int, latest: date, text: str) -> date:
    for year in range(latest.year, latest.year - _LEAP_YEARS_APART - 1, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= latest:
            return found
    raise _no_such_day(text)


def _made(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_such_day(text) from None


def _moved(today: date, days: int, text: str) -> date:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        raise _no_such_day(text) from None


def _no_such_day(text: str) -> UnreadDateError:
    return UnreadDateError(f"{_shown(text)} is no date: the calendar has no such day.")


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
