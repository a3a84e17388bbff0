"""From the figures of tables to what may be expected of them, each with its reason. Pure.

The newest interval may be the broken one, so everything is learned from those before it; and one of these may be broken
as well: what holds on nearly all of them is expected, and the exception named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.discovery.names import are_codes, is_about, is_key, is_personal, refers_to, words_in
from bot.discovery.profile import LONGEST_CODE, MOST_VALUES, Grain, KeyReference, Period, Profile
from bot.discovery.regularity import FEWEST_ALLOWED, REGULAR, Seldom, allowed, exceptions, seldom
from checks.column_types import NUMBERS
from checks.data.bounds import FEWEST_USED, UsualRange, limits_of
from checks.data.past import age_of, interval_of
from checks.expansion.query import HISTORY
from checks.intervals import WEEKDAYS, Cadence, Calendar, Timeline

FEWEST_WEEKS = 3
"""Weeks without a row on a day of the week that make it a day off."""

MOST_SHARE = 0.5
"""The largest share of rows without a value that is an expectation."""

MOST_UNMATCHED = 0.2
"""The largest share of rows that refer to nothing and may still be called a reference."""

MOST_ROWS = 1_000
"""The most rows that are expected of a table as a whole: a world in which nothing is wrong has as many."""

FEW_COPIES = 0.01
"""The largest share of the rows of a table without dates that may repeat what is its key by its name."""

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75)
MOST_JUDGED = 200
"""Intervals on which a learned limit is tried, the newest ones."""

HOURS_OF_A_DAY = 20
"""Hours with rows that make a day one of hourly data."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guess:
    """A value of the file and why it stands there: it was *observed*, or *guessed* from what was."""

    value: Any
    why: str
    how: Literal["observed", "guessed"] = "guessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculated:
    """What holds for all tables: how often there is a run, and on which days."""

    zone: ZoneInfo
    cadence: Guess
    calendar: Guess | None = None

    @property
    def timeline(self) -> Timeline:
        """The intervals."""
        weekdays = WEEKDAYS if self.calendar is None else tuple(self.calendar.value)
        return Timeline(self.zone, self.cadence.value, Calendar(weekdays=weekdays))

    @property
    def grain(self) -> Grain:
        """What is counted by."""
        return "hour" if self.cadence.value.kind == "hourly" else "day"

    @property
    def is_seldom(self) -> bool:
        """Whether an interval is longer than a day."""
        return self.cadence.value.kind in ("weekly", "monthly")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGuess:
    """What a file says of a table. ``expect`` holds a guess, or guesses by column, for each kind of expectation."""

    name: str
    columns: Mapping[str, str]
    about: str
    date: Guess | None = None
    loaded: Guess | None = None
    partition: Guess | None = None
    filter_required: Guess | None = None
    reads: Guess | None = None
    expect: Mapping[str, Guess | Mapping[str, Guess]] = field(default_factory=dict)
    notes: Sequence[str] = ()


def but_for(found: Sequence[tuple[Any, int]], zone: ZoneInfo, what: str = "rows") -> str:
    """Name exceptions."""
    named = [
        f"{count} {what if count != 1 else what.removesuffix('s')} of {_said(start, zone)}" for start, count in found
    ]
    return f", but for {' and '.join(named)}" if named else ""


def _said(start: Any, zone: ZoneInfo) -> str:
    if isinstance(start, datetime):
        return start.astimezone(zone).strftime("%Y-%m-%dT%H")
    return start.isoformat() if start is not None else "the table"


# --- what holds for all tables


def calculated(profiles: Sequence[Profile], zone: ZoneInfo, today: date) -> Calculated:
    """Return how often there is a run and on which days, by the profiles of days."""
    dated = [each for each in profiles if each.subject.date is not None and len(each.periods) > 1]
    if (rare := seldom(dated, zone, today)) is not None:
        return Calculated(zone=zone, cadence=Guess(rare.cadence, _why_seldom(rare)))
    return Calculated(zone=zone, cadence=_cadence(dated), calendar=_calendar(dated))


def _why_seldom(rare: Seldom) -> str:
    unit = "week" if rare.cadence.kind == "weekly" else "month"
    when = "its loads say" if rare.by_load else "its dates say, as nothing says when it is loaded,"
    return f"{rare.table} has one date in each of {rare.intervals} {unit}s, and {when} by when a {unit} is complete"


def _cadence(dated: Sequence[Profile]) -> Guess:
    daily, told = Cadence("daily"), []
    for each in dated:
        whole = [period for period in each.periods[1:-1] or each.periods[1:] if period.rows]
        if each.subject.is_day or not whole:
            return Guess(daily, _why_daily(each))
        hours = median(period.hours for period in whole)
        loads = median(len(period.loads) for period in whole) if each.subject.loaded is not None else hours
        if hours < HOURS_OF_A_DAY or loads < HOURS_OF_A_DAY / 2:
            return Guess(daily, _why_daily(each))
        told.append(f"{each.subject.name} has rows in {hours:g} hours of a day")
    return (
        Guess(Cadence("hourly"), f"{told[0]}; write daily if a whole day is loaded at once")
        if told
        else Guess(daily, "no table says otherwise")
    )


def _why_daily(profile: Profile) -> str:
    return f"{profile.subject.name} has {'dates' if profile.subject.is_day else 'times'} in {profile.subject.date}"


def _calendar(dated: Sequence[Profile]) -> Guess | None:
    days = {_day(period.start) for each in dated for period in each.periods}
    if not days or (max(days) - min(days)).days < FEWEST_WEEKS * 7:
        return None
    span = [min(days) + timedelta(days=number) for number in range((max(days) - min(days)).days + 1)]
    off, odd = [], []
    for index, name in enumerate(WEEKDAYS):
        of_weekday = [(day, int(day in days)) for day in span if day.weekday() == index]
        if (found := exceptions(of_weekday)) is not None:
            off.append(name)
            odd += [day for day, _ in found]
    with_rows = sum(day in days for day in span if WEEKDAYS[day.weekday()] not in off)
    possible = sum(WEEKDAYS[day.weekday()] not in off for day in span)
    if not off or not possible or with_rows < REGULAR * possible:
        return None
    but = f", but for {', '.join(map(str, odd))}" if odd else ""
    named = " or ".join(each.capitalize() for each in off)
    weeks = (max(days) - min(days)).days // 7
    return Guess([each for each in WEEKDAYS if each not in off], f"no rows on a {named} in {weeks} weeks{but}")


def _day(start: date | datetime | None) -> date:
    if isinstance(start, datetime):
        return start.date()
    return start if start is not None else date.min


# --- a table


def guesses_of(
    profile: Profile, references: Sequence[KeyReference], common: Calculated, notes: Sequence[str] = ()
) -> TableGuess:
    """Return what the file says of a table."""
    subject = profile.subject
    more = list(notes)
    expect: dict[str, Guess | Mapping[str, Guess]] = {}
    own = own_key(profile)
    if subject.date is not None:
        if subject.loaded is not None and (fresh := _freshness(profile, common)) is not None:
            expect["freshness"] = fresh
        volume = _volume(profile, common, has_key=own is not None)
        if isinstance(volume, str):
            more.append(volume)
        else:
            expect["volume"] = volume
    elif profile.rows and not {"DATE", "TIMESTAMP"} & {*subject.columns.values()}:
        half = min(ceil(profile.rows / 2), MOST_ROWS)
        expect["volume"] = Guess({"at_least": half}, f"half of the {profile.rows:,} rows, {MOST_ROWS:,} at most")
    if own is not None:
        expect["unique"] = _unique(profile, own, common)
    of_columns = {
        "not_null": _not_null(profile, common),
        "values": dict(_values(profile, common)),
        "references": dict(_references(profile, references, common)),
    }
    expect |= {kind: found for kind, found in of_columns.items() if found}
    more += _unread_codes(profile)
    return TableGuess(
        name=subject.name, columns=subject.columns, about=_about(profile, common), expect=expect, notes=tuple(more)
    )


def _about(profile: Profile, common: Calculated) -> str:
    if not profile.periods:
        return f"{profile.rows:,} rows"
    newest, oldest = profile.periods[0].start, profile.periods[-1].start
    if newest is None:
        return f"{profile.rows:,} rows, judged as a whole: what is wrong with them now is taken for normal"
    unit = "hours" if common.grain == "hour" else "dates"
    without = f", {profile.undated:,} of them without a date" if profile.undated else ""
    span = f"from {_said(oldest, common.zone)} to {_said(newest, common.zone)}"
    return f"{profile.rows:,} rows{without}, {len(profile.periods):,} {unit} {span}"


def _known(profile: Profile, common: Calculated) -> str:
    """Say what a guess was learned from."""
    before = profile.before
    if before and before[0].start is None:
        return f"{profile.rows:,} rows"
    unit = "hour" if common.grain == "hour" else "date"
    if len(profile.periods) == 1:
        return f"the one {unit} that there is"
    return f"{len(before):,} {unit}{'s' if len(before) != 1 else ''} before the newest"


# --- freshness


def _freshness(profile: Profile, common: Calculated) -> Guess | None:
    """The largest gap between loads that no longer one stands alone beside, and what is sensible above it."""
    timeline = common.timeline
    loads = sorted({load for period in profile.before for load in period.loads})
    if profile.before is profile.periods or len(loads) < FEWEST_WEEKS:
        return None

    def is_off(interval: Any) -> bool:
        return not timeline.has_run(interval)

    gaps = sorted(
        ((age_of(one, other, timeline, is_off), one) for one, other in pairwise(loads)),
        reverse=True,
    )
    alone = [each for each in gaps[: allowed(len(gaps))] if each[0] > 1.5 * gaps[len(gaps) // 2][0] + _HOUR]
    if len(alone) < len(gaps) and alone and gaps[len(alone)][0] * 1.5 >= alone[-1][0]:
        alone = []  # one of many: those of every weekend are usual
    usual = gaps[len(alone)][0] if len(alone) < len(gaps) else gaps[0][0]
    limit = sensible(usual)
    but = "".join(f", but for {_span(gap)} from {_said(at, common.zone)}" for gap, at in alone)
    return Guess(_span(limit), f"{_span(usual)} was the longest time between two loads{but}")


def sensible(gap: timedelta) -> timedelta:
    """Return how old the newest row may be where loads are at most so far apart: they are seen by the hour, and some
    come a little later."""
    if gap < timedelta(hours=6):
        return _HOUR * ceil(gap * 1.5 / _HOUR + 0.01)
    if gap < timedelta(days=7):
        return _HOUR * (ceil(gap / _HOUR) + 2)
    return _DAY * (ceil(gap / _DAY) + 1)


def _span(span: timedelta) -> str:
    return f"{span // _DAY}d" if span >= timedelta(days=7) and not span % _DAY else f"{ceil(span / _HOUR)}h"


# --- volume


def _volume(profile: Profile, common: Calculated, *, has_key: bool) -> Guess | str:
    """Return how many rows there must be, or why that cannot be told."""
    before = profile.before
    unit = "hour" if common.grain == "hour" else "date"
    a = "an" if common.grain == "hour" else "a"
    counts = [period.rows for period in before]
    alike, irregular = None, _irregular(profile, common)
    if irregular is not None:
        if not _weekly(profile, common):
            return irregular
        alike = "weekday"
    seen = f"{min(counts):,} to {max(counts):,} rows {a} {unit} in {_known(profile, common)}"
    tried = [(form, _unusual(profile, common, form)) for form in _forms(profile, common, alike)]
    # First the forms that call least of the past unusual, of these the strictest; a floor is for where none will do.
    tried.sort(key=lambda each: ("floor" in each[0], _alarms(each[1]), -_strictness(profile, common, each[0])))
    for form, judged in tried:
        if judged is None or (found := exceptions(judged)) is None:
            continue
        sides = {}
        if not has_key:
            above = _unusual(profile, common, form, above=True)
            sides = {"both_sides": True} if above is not None and exceptions(above) is not None else {}
        few = f", too few on {' and '.join(_said(start, common.zone) for start, _ in found)}" if found else ""
        return Guess({**form, **sides}, seen + few)
    least = sorted(counts)[min(allowed(len(counts)), len(counts) - 1)]
    few = "too few to learn from" if len(before) < FEWEST_USED else "too uneven to learn from"
    return Guess({"at_least": max(1, least // 2), "learned": "none"}, f"half of the fewest: {seen}, {few}")


def _forms(profile: Profile, common: Calculated, alike: str | None) -> Iterator[Mapping[str, Any]]:
    """Yield ways to learn what is usual; each floor is for where none before it is."""
    hourly = common.grain == "hour"
    history = f"{HISTORY[common.cadence.value.kind]}d" if common.is_seldom else "28d"
    if alike is None:
        yield {"history": history}
        if hourly:
            yield {"history": "28d", "alike": "any"}
    if not hourly and _weekly(profile, common):
        yield {"history": "112d", "alike": "weekday"}
    if alike is None:
        for floor in (30, 40, 50, 60, 70, 80):
            yield {"history": history, **({"alike": "any"} if hourly else {}), "floor": f"{floor} %"}


def _weekly(profile: Profile, common: Calculated) -> bool:
    """Whether each day of the week that has rows has enough of them to be compared with its like."""
    if common.grain == "hour" or common.is_seldom:
        return False
    starts = [_day(period.start) for period in profile.before]
    by_day = [sum(day.weekday() == index for day in starts[:112]) for index in range(7)]
    return sum(1 for each in by_day if each) > 0 and all(each == 0 or each >= FEWEST_USED for each in by_day)


@dataclass(frozen=True, slots=True)
class _Form:
    """A way to learn what is usual: how many days back, from which of them, and how far from the median always is."""

    days: int
    like: Callable[[Any], int]
    floor: float

    def limits(self, near: Sequence[Period]) -> UsualRange | None:
        return limits_of([float(each.rows) for each in near], z=3.5, floor=self.floor, margin=2)


def _form_of(form: Mapping[str, Any], common: Calculated) -> _Form:
    alike = form.get("alike") or ("hour" if common.grain == "hour" else "any")
    floor = float(form["floor"].removesuffix(" %")) / 100 if "floor" in form else 0.2
    return _Form(int(form["history"].removesuffix("d")), _ALIKE[alike], floor)


def _by_like(before: Sequence[Period], like: Callable[[Any], int]) -> Mapping[int, Sequence[Period]]:
    found: dict[int, list[Period]] = {}
    for each in before:
        found.setdefault(like(each.start), []).append(each)
    return found


def _strictness(profile: Profile, common: Calculated, form: Mapping[str, Any]) -> float:
    """Return which part of the median is still usual for what comes next, the mean of what is alike."""
    how, before = _form_of(form, common), profile.before
    newest = before[0].start
    parts = []
    for alike in _by_like(before, how.like).values():
        near = [each for each in alike if newest - each.start <= timedelta(days=how.days)]  # type: ignore[operator]
        limits = how.limits(near)
        parts.append(limits.low / limits.median if limits is not None and limits.median > 0 else 0.0)
    return sum(parts) / len(parts)


def _unusual(
    profile: Profile, common: Calculated, form: Mapping[str, Any], *, above: bool = False
) -> Sequence[tuple[Any, int]] | None:
    """Judge each past interval by the others as a validation would; None where there are too few to judge any."""
    how, before = _form_of(form, common), profile.before
    span = timedelta(days=how.days)
    judged: list[tuple[Any, int]] = []
    by_like = _by_like(before, how.like)
    for one in before[:MOST_JUDGED]:
        near = [
            other
            for other in by_like[how.like(one.start)]
            if other is not one and abs(other.start - one.start) <= span  # type: ignore[operator]
        ]
        limits = how.limits(near)
        if limits is not None:
            judged.append((one.start, int(one.rows < limits.low or (above and one.rows > limits.high))))
    return judged if len(judged) >= min(FEWEST_USED, len(before)) and judged else None


def _alarms(judged: Sequence[tuple[Any, int]] | None) -> int:
    return sum(count for _, count in judged or ())


_ALIKE: Mapping[str, Callable[[Any], int]] = {
    "any": lambda _: 0,
    "weekday": lambda start: start.weekday(),
    "hour": lambda start: start.hour,
}


def is_sparse(profile: Profile, common: Calculated) -> bool:
    """Whether too few intervals have rows to judge each by its own."""
    return len(profile.periods) <= 1 or _irregular(profile, common) is not None


def _irregular(profile: Profile, common: Calculated) -> str | None:
    """Say that rows do not come in each interval, where it is so."""
    timeline = common.timeline
    starts = {interval_of(period.start, timeline) for period in profile.periods if period.start is not None}
    each, last, expected, there = min(starts), max(starts), 0, 0
    while each.start <= last.start:
        if timeline.has_run(each):
            expected += 1
            there += each in starts
        each = timeline.next(each)
    if there >= REGULAR * expected:
        return None
    units = {"hourly": "hours", "weekly": "weeks", "monthly": "months"}
    unit = units.get(common.cadence.value.kind, "dates with a run")
    return f"no volume is expected: it has rows on {there:,} of {expected:,} {unit} from its first to its newest"


# --- keys


def own_key(profile: Profile) -> tuple[str, ...] | None:
    """Return the columns that tell rows apart, the table's own key first."""
    keys = [
        key
        for key in profile.subject.keys
        if _copies(profile, key) is not None
        and all(_is_full(profile, column) for column in key)
        and any(each.rows > 1 for each in profile.before)
    ]
    table = profile.subject.name

    def rank(key: tuple[str, ...]) -> tuple[int, bool, bool, bool]:
        first, mine = words_in(key[0]), _is_own(table, key)
        by_place = bool({"line", "no", "nr", "seq", "sequence", "position", "number"} & set(words_in(key[-1])))
        return len(key), not mine, not (len(key) > 1 and by_place), first[-1] not in ("id", "key", "uuid", "guid")

    return min(keys, key=rank, default=None)


def _is_own(table: str, key: tuple[str, ...]) -> bool:
    return key[0].lower() in ("id", "uuid", "guid", "key") or is_about(table, words_in(key[0])[:-1])


def _copies(profile: Profile, key: tuple[str, ...]) -> Sequence[tuple[Any, int]] | None:
    """Return the few intervals in which a key repeats; None where it is none. A table without dates has no interval
    before the newest: there a key by its name may repeat in a few rows, which are to be found."""
    figures = [(each.start, each.copies[key]) for each in profile.before]
    few = all(each.start is None and each.copies[key] <= FEW_COPIES * each.rows for each in profile.before)
    own = len(key) == 1 and _is_own(profile.subject.name, key)
    return [each for each in figures if each[1]] if few and own else exceptions(figures)


def _is_full(profile: Profile, column: str) -> bool:
    return exceptions([(each.start, each.nulls.get(column, 0)) for each in profile.before]) is not None


def _unique(profile: Profile, key: tuple[str, ...], common: Calculated) -> Guess:
    found = _copies(profile, key) or ()
    return Guess(list(key), f"no two rows the same in {_known(profile, common)}{but_for(found, common.zone)}")


# --- values


def _not_null(profile: Profile, common: Calculated) -> Guess | Mapping[str, Guess]:
    known, guesses = _known(profile, common), {}
    plain = True
    for name in profile.subject.judged:
        if name == profile.subject.date:
            continue
        counts = [(each.start, each.nulls[name]) for each in profile.before]
        found = exceptions(counts)
        if found is not None:
            guesses[name] = Guess(0, f"never NULL in {known}{but_for(found, common.zone)}")
            plain = plain and not found
        elif (share := _share([each.nulls[name] / each.rows for each in profile.before])) is not None:
            most, limit = share
            guesses[name] = Guess(f"{limit * 100:g} %", f"NULL in at most {most * 100:.2g} % of the rows in {known}")
            plain = False
    if plain and guesses:
        return Guess(list(guesses), f"never NULL in {known}")
    return guesses


def _share(shares: Sequence[float]) -> tuple[float, float] | None:
    """Return the largest share that is usual, and the limit above it; None where it says nothing."""
    ordered = sorted(shares, reverse=True)
    outliers = sum(each > 3 * ordered[len(ordered) // 2] for each in ordered[: allowed(len(ordered))])
    most = ordered[outliers] if outliers < len(ordered) else ordered[0]
    limit = next((each for each in SHARES if each >= most * 1.5), 1.0)
    return (most, limit) if most <= MOST_SHARE and limit < 1 else None


def _values(profile: Profile, common: Calculated) -> Iterator[tuple[str, Guess]]:
    known = _known(profile, common)
    for name, kind in profile.subject.columns.items():
        if any(name in each.values for each in profile.before) and (listed := _listed(profile, name)) is not None:
            values, found = listed
            yield name, Guess(sorted(values), f"no other in {known}{but_for(found, common.zone, 'others')}")
        elif kind in NUMBERS and not is_key(name) and not is_personal(name) and name in profile.subject.judged:
            bad = exceptions([(each.start, each.negatives.get(name, 0)) for each in profile.before])
            lowest = [each.lowest[name] for each in profile.before if name in each.lowest]
            if bad is not None and lowest:
                least = f"{max(0.0, min(lowest)):g}" if not bad else "0"
                yield name, Guess({"at_least": 0}, f"never below {least} in {known}{but_for(bad, common.zone)}")


def _listed(profile: Profile, name: str) -> tuple[frozenset[str], Sequence[tuple[Any, int]]] | None:
    """Return the codes of a column, and the intervals that had others; None where it has too many or no codes."""
    before = profile.before
    if any(len(each.values.get(name, ())) < each.distinct.get(name, 0) for each in before):
        return None  # some are longer, or more, than codes are
    seen: dict[str, int] = {}
    for each in before:
        for value in each.values.get(name, ()):
            seen[value] = seen.get(value, 0) + 1
    rare = {value for value, count in seen.items() if count == 1} if len(before) >= FEWEST_ALLOWED else set()
    found = exceptions([(each.start, len(rare & each.values.get(name, frozenset()))) for each in before])
    values = frozenset(seen) - rare
    if found is None or not 0 < len(values) <= MOST_VALUES or not are_codes(values):
        return None
    rows = sum(each.rows for each in before)
    return (values, found) if rows >= 2 * len(values) else None


def _unread_codes(profile: Profile) -> Iterator[str]:
    names = [
        name
        for name, kind in profile.subject.columns.items()
        if kind == "STRING"
        and not is_key(name)
        and not any(name in each.values for each in profile.before)
        and 0 < max((each.distinct.get(name, 0) for each in profile.before), default=0) <= MOST_VALUES // 2
        and sum(each.rows for each in profile.before) > LONGEST_CODE * 2
    ]
    if names:
        yield f"few texts each: {', '.join(names)}; where they are codes, list them under 'values'"


# --- references


def candidates(profile: Profile, others: Sequence[Profile]) -> Sequence[KeyReference]:
    """Return what the columns of a table may refer to: keys of other tables, by name and type."""
    subject = profile.subject
    own = own_key(profile)
    found: dict[str, KeyReference] = {}
    for other in others:
        key = own_key(other)
        if other is profile or key is None or len(key) != 1 or other.subject.filter_required:
            continue
        for name, kind in subject.columns.items():
            if (
                name in subject.judged
                and kind == other.subject.columns[key[0]]
                and kind in ("STRING", "INT64")
                and refers_to(name, subject.name, other.subject.name, key[0])
            ):
                better = is_about(other.subject.name, words_in(name)[:-1] or words_in(name))
                if (name not in found and (name,) != own) or better:
                    found[name] = KeyReference(column=name, table=other.subject.name, key=key[0])
    return tuple(found.values())


def _references(
    profile: Profile, references: Sequence[KeyReference], common: Calculated
) -> Iterator[tuple[str, Guess]]:
    for each in references:
        counts = [(period, each.unmatched.get(period.start, 0)) for period in profile.before]
        if all(period.nulls.get(each.column, 0) == period.rows for period, _ in counts):
            continue  # it never has a value
        found = exceptions([(period.start, number) for period, number in counts])
        known = _known(profile, common)
        if found is not None:
            yield each.column, Guess(each.to, f"every value is there in {known}{but_for(found, common.zone)}")
        elif (share := _share([number / period.rows for period, number in counts])) is not None and share[
            1
        ] <= MOST_UNMATCHED:
            most = f"at most {share[0] * 100:.2g} % of the rows have one that is not there in {known}"
            yield each.column, Guess({"to": each.to, "at_most": f"{share[1] * 100:g} %"}, most)
