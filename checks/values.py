"""The small values that a pipeline file is made of: names, severities, comparisons."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property, lru_cache
from math import inf, isfinite, isnan
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WrapValidator,
    model_validator,
)

from checks.cells import WHOLE_FLOATS, exact
from checks.file_model import LONGEST_IDENTIFIER
from checks.file_model import Identifier as Identifier  # noqa: PLC0414 - what every part of a file has
from checks.file_model import Model as Model  # noqa: PLC0414 - and what each is
from checks.severity import Severity as Severity  # noqa: PLC0414 - one of the values of a file

Number = int | float | Decimal


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A folder of zones, such as America, is an OSError.
        message = f"expected the name of a time zone, such as America/New_York{_near_zone(name)}"
        raise ValueError(message) from None
    return name


_ABBREVIATED = {
    **dict.fromkeys(("pt", "pst", "pdt"), "America/Los_Angeles"),
    **dict.fromkeys(("mt", "mdt"), "America/Denver"),
    **dict.fromkeys(("ct", "cst", "cdt"), "America/Chicago"),
    **dict.fromkeys(("et", "edt"), "America/New_York"),
    "bst": "Europe/London",
    "ist": "Asia/Kolkata",
    **dict.fromkeys(("cest", "mesz", "mez"), "Europe/Berlin"),
    "eest": "Europe/Athens",
    "jst": "Asia/Tokyo",
    "sgt": "Asia/Singapore",
    **dict.fromkeys(("aest", "aedt"), "Australia/Sydney"),
}
"""Abbreviations that are no names of zones, and a zone where they are used."""


def _near_zone(name: str) -> str:
    """Name the zone that is meant: by its city alone, in other capitals, or with a slip."""
    known = {each.lower(): each for each in sorted(available_timezones())}
    cities = {each.rpartition("/")[2]: each for each in known}
    wanted = name.strip().lower().replace(" ", "_")
    if wanted in _ABBREVIATED:
        return f"; did you mean '{_ABBREVIATED[wanted]}'? An abbreviation says nothing of summer time"
    near = get_close_matches(wanted, known, n=1, cutoff=0.8) or [
        cities[each] for each in get_close_matches(wanted, cities, n=1, cutoff=0.8)
    ]
    return f"; did you mean '{known[near[0]]}'?" if near else ""


def _severity(value: object) -> object:
    if isinstance(value, str) and value in Severity.__members__:
        return Severity[value]
    if isinstance(value, Severity):
        return value
    message = "expected P0, P1, P2 or P3"
    raise ValueError(message)


_REGION = re.compile(r"[a-z]+(-[a-z]+)+[0-9]{1,2}")
_PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]*[a-z0-9]|")


def _region(name: str) -> str:
    if name and _REGION.fullmatch(name) is None:
        meant = re.match(_REGION, re.sub(r"[ _]+", "-", name.strip().lower()))
        hint = f"; did you mean '{meant[0]}'?" if meant is not None else ""
        message = f"expected a region of Google Cloud, such as us-west2{hint}"
        raise ValueError(message)
    return name


def _project(name: str) -> str:
    if _PROJECT.fullmatch(name) is None:
        message = "expected the ID of a project, such as example-shop, and not its title"
        raise ValueError(message)
    return name


_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?) ?%")


def _share(value: object) -> object:
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    share = float(match[1]) / 100 if match is not None else value
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        message = "expected a share such as '20 %', or a number from 0 to 1"
        raise ValueError(message)
    return float(share)


DATASET = r"^[a-z][a-z0-9_]*$"
DatasetName = Annotated[str, Field(pattern=DATASET, max_length=LONGEST_IDENTIFIER)]
"""A dataset as queries name it, in braces."""
NamedSeverity = Annotated[Severity, BeforeValidator(_severity, json_schema_input_type=Literal["P0", "P1", "P2", "P3"])]
RegionName = Annotated[str, AfterValidator(_region)]
ProjectId = Annotated[str, AfterValidator(_project)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]
Share = Annotated[
    float,
    BeforeValidator(
        _share,
        json_schema_input_type=Annotated[float, Field(ge=0, le=1)]
        | Annotated[str, Field(pattern=f"^{_SHARE.pattern}$")],
    ),
]


# Every number of a file has bounds: one that is too large is a slip of the keyboard, and would overflow a date or
# the interface that it is meant for, hours later.
A_WEEK = 7 * 24 * 60
"""Minutes. What takes longer than a week is not watched by the minute."""

LARGEST_COUNT = 1_000_000
"""Documents, rows of a threshold, commits: above any real one."""

FARTHEST = 1e300
"""Close to what a FLOAT64 holds; twice as much is still a number."""

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""What can be judged. Days are added and taken away, for which the first and the last year of Python have no room."""

WaitMinutes = Annotated[int, Field(ge=0, le=A_WEEK)]
PatienceMinutes = Annotated[int, Field(ge=1, le=A_WEEK)]
Integer64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""An INT64 of BigQuery, an integer of Firestore."""
Bound = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)]


def _as_written(value: object, read: Callable[[object], float]) -> float:
    number = read(value)
    return value if type(value) is int else number


Threshold = Annotated[Bound, WrapValidator(_as_written)]
"""A number that values are compared with; a whole one stays whole, with all its digits."""


NO_OTHERS: Mapping[str, Any] = {}
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": operator.eq, "at_least": operator.ge, "at_most": operator.le, "above": operator.gt, "below": operator.lt,
}  # fmt: skip
_OPERAND = r"\{[A-Za-z_][A-Za-z0-9_]*\}|@[a-z][a-z0-9]*([-_][a-z0-9]+)*"
Operand = Annotated[str, Field(pattern=f"^({_OPERAND})$")]
"""Another column of the row, ``{column}``, or a parameter, ``@name``."""


class Comparison(Model):
    """A test on one column: ``equals`` alone, or bounds that must all hold. Each is a constant, another column of the
    row (``"{column}"``), or a parameter (``"@name"``)."""

    equals: Threshold | bool | str | None = None
    """Exactly this number, text or boolean."""
    at_least: Threshold | Operand | None = None
    """This or more."""
    at_most: Threshold | Operand | None = None
    """This or less."""
    above: Threshold | Operand | None = None
    """More than this."""
    below: Threshold | Operand | None = None
    """Less than this."""

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        bounded = any(bound is not None for bound in (self.at_least, self.at_most, self.above, self.below))
        if bounded == (self.equals is not None):
            message = "expected either equals, or at least one of at_least, at_most, above, below"
            raise ValueError(message)
        if bounded and not self.operands and self._interval[0] > self._interval[1]:
            message = "no number can meet these bounds"
            raise ValueError(message)
        return self

    @cached_property
    def operands(self) -> Mapping[str, str]:
        """The columns (``limit``) and parameters (``@limit``) that it compares with, by bound."""
        bounds = ((name, getattr(self, name)) for name in _OPERATORS)
        return {
            name: bound.strip("{}")
            for name, bound in bounds
            if isinstance(bound, str) and re.fullmatch(_OPERAND, bound)
        }

    def test(self, value: Any, others: Mapping[str, Any] = NO_OTHERS) -> bool | None:
        """Whether a value meets every bound; None when that has no answer: NULL, NaN, another type. ``others`` are the
        columns and parameters that it may be compared with."""
        if operands := self.operands:
            return self._against(value, operands, others)
        if not self._comparable(value):
            return None
        if isinstance(self.equals, (bool, str)):
            return bool(value == self.equals)
        if self.equals is not None:
            return as_written(value) == as_written(self.equals)
        lowest, highest = self._interval
        return lowest <= (as_written(value), 0) <= highest

    def _against(self, value: Any, operands: Mapping[str, str], others: Mapping[str, Any]) -> bool | None:
        bounds = {name: getattr(self, name) for name in _OPERATORS}
        stated = {name: bound for name, bound in bounds.items() if bound is not None}
        tests = {
            _compared(_OPERATORS[name], value, others.get(operands[name]) if name in operands else bound)
            for name, bound in stated.items()
        }
        return False if False in tests else None if None in tests else True

    def holds(self, value: Any) -> bool:
        """Whether a value meets every bound; one that cannot be compared does not."""
        return self.test(value) is True

    def implies(self, other: Comparison) -> bool:
        """Whether every value that meets this comparison meets the other; of what a row says, only the same does."""
        if self.operands or other.operands:
            return self == other
        if self.equals is not None:
            return other.holds(self.equals)
        mine, theirs = self._interval, other._interval
        return other.equals is None and theirs[0] <= mine[0] and mine[1] <= theirs[1]

    @property
    def _interval(self) -> tuple[tuple[Number, int], tuple[Number, int]]:
        """The lowest and the highest number allowed; the second part places a bound just above or below it."""
        return _between(self.at_least, self.above, self.at_most, self.below)

    def _comparable(self, value: Any) -> bool:
        if isinstance(self.equals, (bool, str)):
            return isinstance(value, type(self.equals))
        if isinstance(value, bool):
            return False
        return isinstance(value, int) or (isinstance(value, (float, Decimal)) and not isnan(value))

    def __str__(self) -> str:
        words = {"equals": "=", "at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
        bounds = ((sign, getattr(self, name)) for name, sign in words.items())
        return " and ".join(f"{sign} {_in_words(bound)}" for sign, bound in bounds if bound is not None)


@lru_cache(maxsize=4096)  # the same few bounds are compared with every row
def _between(
    at_least: Number | str | None, above: Number | str | None, at_most: Number | str | None, below: Number | str | None
) -> tuple[tuple[Number, int], tuple[Number, int]]:
    lowest = max(_placed(at_least, 0, -inf), _placed(above, 1, -inf))
    highest = min(_placed(at_most, 0, inf), _placed(below, -1, inf))
    return lowest, highest


def _placed(bound: Number | str | None, place: int, without: float) -> tuple[Number, int]:
    return (without, 0) if bound is None or isinstance(bound, str) else (as_written(bound), place)


def _compared(holds: Callable[[Any, Any], bool], value: Any, other: Any) -> bool | None:
    """Compare two numbers, or two values of one type that has an order; None for anything else, and for NaN."""
    if _is_number(value) and _is_number(other):
        return holds(as_written(value), as_written(other))
    same = type(value) is type(other) and isinstance(value, (str, bool, date, time))
    return holds(value, other) if same else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and not isnan(value)


def as_written(number: Number) -> Number:
    """Return a number that compares by its decimal digits: 0.1 of a file is the 0.1 of a NUMERIC column.

    Whole numbers keep all their digits; a float beyond those that a double holds one by one is whole, too.
    """
    if not isinstance(number, float) or not isfinite(number):
        return number
    return Decimal(repr(number)) if abs(number) < WHOLE_FLOATS else int(number)


def _in_words(bound: float | bool | str) -> str:
    if isinstance(bound, bool):
        return "true" if bound else "false"
    return exact(bound)
