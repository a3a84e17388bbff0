"""Time as a pipeline counts it: the intervals whose data its runs make, and the offsets that count from them.

An interval is the span [start, end) whose data one run makes. It is named by its start, in the pipeline's zone:

| cadence | an interval | its name |
| --- | --- | --- |
| ``daily`` | from local midnight to the next | ``2026-02-10`` |
| ``hourly`` | an hour | ``2026-02-10T14``; the second of an hour that comes twice ``2026-11-01T01-0500`` |
| ``weekly: sunday`` | seven days from that weekday | ``2026-W07``, the ISO week that has most of its days |
| ``monthly: 1`` | a month from that day | ``2026-02`` |

Names sort as the intervals do. The intervals of a pipeline follow one another without a gap or an overlap, whatever the
clocks do; which of them have a run is told by the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from checks.file_model import Day, Identifier, Model
from checks.span import Interval as Interval  # noqa: PLC0414 - what this module counts

Kind = Literal["daily", "hourly", "weekly", "monthly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LAST_DAY_OF_EVERY_MONTH = 28

HOUR = timedelta(hours=1)

FARTHEST_RUN = 800
"""Intervals that are looked through for one with a run: two years of days. A calendar without any has none."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a run is made; ``on`` is the weekday (0 is Monday) or the day of the month on which intervals start."""

    kind: Kind = "daily"
    on: int = 0

    @property
    def has_dates(self) -> bool:
        """Whether an interval is a day or longer, so that a date names one."""
        return self.kind != "hourly"

    @classmethod
    def _read(cls, value: object) -> Cadence:
        if isinstance(value, cls):
            return value
        if value in ("daily", "hourly"):
            return cls("daily" if value == "daily" else "hourly")
        if isinstance(value, Mapping) and len(value) == 1:
            ((kind, on),) = value.items()
            if kind == "weekly" and on in WEEKDAYS:
                return cls("weekly", WEEKDAYS.index(on))
            if kind == "monthly" and type(on) is int and 1 <= on <= LAST_DAY_OF_EVERY_MONTH:
                return cls("monthly", on)
        message = "expected 'daily', 'hourly', '{weekly: sunday}' or '{monthly: 1}' (a day up to 28)"
        raise ValueError(message)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(
            cls._read, serialization=core_schema.plain_serializer_function_ser_schema(lambda each: each.stated)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        del schema, handler
        day = {"type": "integer", "minimum": 1, "maximum": LAST_DAY_OF_EVERY_MONTH}
        return {
            "oneOf": [
                {"enum": ["daily", "hourly"]},
                *(
                    {"type": "object", "properties": {name: what}, "required": [name], "additionalProperties": False}
                    for name, what in (("weekly", {"enum": list(WEEKDAYS)}), ("monthly", day))
                ),
            ]
        }

    @property
    def stated(self) -> object:
        """The cadence as a pipeline file states it."""
        return {"weekly": {"weekly": WEEKDAYS[self.on % 7]}, "monthly": {"monthly": self.on}}.get(self.kind, self.kind)


class Calendar(Model):
    """On which dates a run is expected: all of them, where nothing is said."""

    weekdays: tuple[Weekday, ...] = WEEKDAYS
    """The days of the week with a run."""
    holidays: tuple[Day, ...] = ()
    """Dates without a run."""
    condition: str | None = None
    """A condition of this file, for a calendar that only a query knows: transitions and checks that name none with
    ``when`` depend on it; ``when: always`` depends on nothing."""

    @model_validator(mode="after")
    def _some_day(self) -> Self:
        if not self.weekdays:
            message = "expected at least one weekday"
            raise ValueError(message)
        return self

    def has(self, day: date) -> bool:
        """Whether a run is expected for a date, as far as weekdays and holidays tell."""
        return WEEKDAYS[day.weekday()] in self.weekdays and day not in self.holidays

    def why_not(self, day: date) -> str:
        """Say why a date has no run, in words that a sentence ends with."""
        return "a holiday" if day in self.holidays else f"no run on a {WEEKDAYS[day.weekday()].capitalize()}"


_ANY_DAY = timedelta(days=1)

EVERY_DAY = Calendar()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The intervals of one pipeline."""

    zone: ZoneInfo
    cadence: Cadence = Cadence()
    calendar: Calendar = EVERY_DAY

    def at(self, instant: datetime) -> Interval:
        """Return the interval in which an instant lies."""
        local = instant.astimezone(self.zone)
        if self.cadence.kind == "hourly":
            return self._hour(local)
        return self.on(local.date())

    def on(self, day: date) -> Interval:
        """Return the interval in which a date lies. Raises ValueError where an interval is shorter than a day."""
        match self.cadence.kind:
            case "hourly":
                message = f"expected an hour, such as {day.isoformat()}T14"
                raise ValueError(message)
            case "weekly":
                first = day - timedelta(days=(day.weekday() - self.cadence.on) % 7)
                return self._days(first, first + timedelta(days=7))
            case "monthly":
                month = day if day.day >= self.cadence.on else day.replace(day=1) - _ANY_DAY
                first = month.replace(day=self.cadence.on)
                return self._days(first, (first + timedelta(days=31)).replace(day=self.cadence.on))
            case _:
                return self._days(day, day + _ANY_DAY)

    def named(self, name: str) -> Interval:
        """Return the interval that a name means: its own, or a date within it. Raises ValueError, whose text says what
        is expected."""
        try:
            return self._named(name)
        except (ValueError, OverflowError):
            raise ValueError(self._expected()) from None

    def around(self, instant: datetime) -> tuple[Interval, Interval]:
        """Return the newest interval with a run that should be complete at an instant, and the one being prepared."""
        current = self.at(instant)
        return self.previous(current), current

    def next(self, interval: Interval) -> Interval:
        """Return the one after an interval, with a run or without."""
        return self.at(interval.end)

    def before(self, interval: Interval) -> Interval:
        """Return the one before an interval, with a run or without."""
        return self.at(interval.start.astimezone(UTC) - timedelta(seconds=1))

    def has_run(self, interval: Interval) -> bool:
        """Whether the calendar expects a run for an interval: on any of its dates."""
        last = (interval.end.astimezone(UTC) - timedelta(seconds=1)).astimezone(self.zone).date()
        return any(
            self.calendar.has(interval.day + timedelta(days=number)) for number in range((last - interval.day).days + 1)
        )

    def previous(self, interval: Interval) -> Interval:
        """Return the newest before an interval that has a run: of a Monday the Friday, where weekends have none."""
        return self._nearest(self.before(interval), self.before)

    def following(self, interval: Interval) -> Interval:
        """Return the first after an interval that has a run."""
        return self._nearest(self.next(interval), self.next)

    def _nearest(self, start: Interval, move: Callable[[Interval], Interval]) -> Interval:
        found = start
        for _ in range(FARTHEST_RUN):
            if self.has_run(found):
                return found
            found = move(found)
        return start

    def _named(self, name: str) -> Interval:
        if self.cadence.kind == "weekly" and (match := re.fullmatch(r"(\d{4})-W(\d\d)", name)):
            monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return self.on(monday + timedelta(days=3))
        if self.cadence.kind == "monthly" and re.fullmatch(r"\d{4}-\d\d", name):
            return self.on(date.fromisoformat(f"{name}-{self.cadence.on:02}"))
        if self.cadence.kind == "hourly":
            return self._named_hour(name)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", name):
            raise ValueError(name)
        return self.on(date.fromisoformat(name))

    def _named_hour(self, name: str) -> Interval:
        match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d(?::\d\d)?)([+-]\d{4})?", name)
        if match is None:
            raise ValueError(name)
        local = datetime.fromisoformat(match[1])
        for fold in (0, 1):
            found = self._hour(local.replace(tzinfo=self.zone, fold=fold))
            if found.name == name:
                return found
        raise ValueError(name)

    def _expected(self) -> str:
        examples = {
            "hourly": "an hour as YYYY-MM-DDTHH",
            "weekly": "a week as YYYY-Www, or a date in it as YYYY-MM-DD",
            "monthly": "a month as YYYY-MM, or a date in it as YYYY-MM-DD",
        }
        return examples.get(self.cadence.kind, "YYYY-MM-DD")

    def _days(self, first: date, after: date) -> Interval:
        start, end = (datetime.combine(day, time(), tzinfo=self.zone) for day in (first, after))
        match self.cadence.kind:
            case "weekly":
                week = (first + timedelta(days=3)).isocalendar()
                name = f"{week.year}-W{week.week:02}"
            case "monthly":
                name = f"{first:%Y-%m}"
            case _:
                name = first.isoformat()
        return Interval(start, end, name)

    def _hour(self, local: datetime) -> Interval:
        # Hours are counted in UTC, from the offset that the zone has without summer time: so they never overlap, also
        # where the clocks move by half an hour.
        offset = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
        shift = offset % HOUR
        instant = local.astimezone(UTC)
        past = (instant + shift - datetime(2000, 1, 1, tzinfo=UTC)) % HOUR
        start = (instant - past).astimezone(self.zone)
        name = f"{start:%Y-%m-%dT%H}" + (f":{start:%M}" if start.minute else "")
        again = start.replace(fold=0).utcoffset() != start.utcoffset()
        return Interval(
            start, (instant - past + HOUR).astimezone(self.zone), name + (f"{start:%z}"[:5] if again else "")
        )


_OFFSET = re.compile(
    r"(?:(?P<days>[+-][0-9]{1,2})d |(?P<business>\+[0-9]{1,2})bd )?(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"|\+(?P<after>[0-9]{1,4})(?P<unit>[mh])"
)


class Offset:
    """A time that counts from an interval.

    ``11:30`` on the date on which it starts, ``+1d 06:30`` on the morning after, ``-1d 17:00`` on the evening before,
    ``+1bd 04:00`` on the first date with a run after it, ``+20m`` and ``+2h`` after its end.
    """

    __slots__ = ("_text", "after", "business_days", "clock", "days")

    def __init__(self, text: str) -> None:
        match = _OFFSET.fullmatch(text)
        if match is None:
            message = "expected HH:MM, a day and a time such as '+1d 06:30' or '+1bd 04:00', or a wait such as '+20m'"
            raise ValueError(message)
        self.after = None
        if match["after"] is not None:
            self.after = timedelta(**{{"m": "minutes", "h": "hours"}[match["unit"]]: int(match["after"])})
        self.days = int(match["days"] or 0)
        self.business_days = int(match["business"] or 0)
        self.clock = time(int(match["hour"] or 0), int(match["minute"] or 0))
        self._text = text

    @property
    def is_clock(self) -> bool:
        """Whether it is a time of the day alone."""
        return self.after is None and not self.days and not self.business_days

    def of(self, interval: Interval, timeline: Timeline) -> datetime:
        """Return the instant, in the pipeline's zone. In the hour that summer time skips it lies after the gap, in the
        hour that it repeats it is the first of the two."""
        if self.after is not None:
            return (interval.end.astimezone(UTC) + self.after).astimezone(timeline.zone)
        day = interval.day + timedelta(days=self.days)
        left, tried = self.business_days, 0
        while left and tried < FARTHEST_RUN:
            day, tried = day + _ANY_DAY, tried + 1
            left -= timeline.calendar.has(day)
        return datetime.combine(day, self.clock, tzinfo=timeline.zone)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Offset({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Offset) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    @property
    def _parts(self) -> tuple[object, ...]:
        return self.after, self.days, self.business_days, self.clock

    @classmethod
    def _read(cls, value: object) -> Offset:
        if isinstance(value, cls):
            return value
        return cls(value if isinstance(value, str) else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(cls._read, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        del schema, handler
        pattern = re.sub(r"\?P<\w+>", "", _OFFSET.pattern)
        return {"type": "string", "pattern": f"^(?:{pattern})$"}


class Words(Model):
    """What people of this pipeline call its intervals."""

    interval: str = Field(default="date", min_length=1, max_length=40)
    """One of them: "game date", "hour", "business day"; left out, "date" of a daily cadence, else "interval"."""
    previous: str = Field(default="last run", min_length=1, max_length=40)
    """The newest that should be complete."""
    current: str = Field(default="today", min_length=1, max_length=40)
    """The one that is being prepared."""


_NAME = re.compile(
    r"(?P<year>\d{4})-(?:W(?P<week>\d\d)|(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<clock>\d\d(?::\d\d)?))?)?)"
)


def interval_words(name: str, year: int | None) -> str:
    """Write an interval's name as people do: ``10 Feb``, ``10 Feb 14:00``, ``week 7``, ``February``.

    With its year where it is another than ``year``, where that is known. What is no name of an interval stays as it is.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return name
    other = "" if year in (None, int(match["year"])) else f" {match['year']}"
    if match["week"] is not None:
        return f"week {int(match['week'])}{other}"
    month = date(int(match["year"]), int(match["month"]), 1)
    if match["day"] is None:
        return f"{month:%B}{other}"
    clock = match["clock"] or ""
    if clock:
        clock = f" {clock}" if ":" in clock else f" {clock}:00"
    return f"{int(match['day'])} {month:%b}{other}{clock}"


class Stated(Model):
    """What every check on data says of itself: to which interval it applies, and when."""

    phase: Identifier | None = None
    """The phase whose work it judges."""
    interval: Literal["previous", "current", "both"] = "previous"
    """The interval that it judges: the newest that should be complete, the one being prepared, or each of both."""
    when: str | None = None
    """A condition; on a date on which it does not hold the check is skipped. ``always`` depends on none."""
    due: Offset | None = None
    """Before this time the check waits."""
    before_due: Literal["wait", "note"] = "wait"
    """What to do before its time: wait, or look and only note a failure (P3)."""
    quick: bool = False
    """It also runs in a quick validation."""
    impact: str = ""
    """What a failure means for people."""
    runbook: str | None = None
    """The address of a page about it."""

    def terms(self, when: str | None) -> dict[str, Any]:
        """Return all of this for the check that is made of it; ``when`` is its condition."""
        return {**{name: getattr(self, name) for name in Stated.model_fields}, "when": when}
