"""What happens in a soak, and when: drawn from a seed before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.timetable.slots import DigestCalendar, watch_slot
from tests.faults.soak.inhabited import Inhabited
from tests.faults.soak.ledger import Broken, Span
from tests.faults.soak.sights import Sight, Sights

FIRST_DIGEST = timedelta(hours=16)
"""By then there was one in every zone: what is missed compared with the one before is known."""

LONG, LONGER = 0.25, timedelta(days=3)
"""How many of those that a digest sees last longer than what is news, and by how much."""

GONE = "jobs deleted"
"""The first of these in a pipeline lasts long: a job that is gone is missed until it is back, and not for a day."""

Failing = Mapping[str, Sequence[str]]
"""What is broken, by pipeline: the keys of faults."""

SOON = timedelta(minutes=1)

SETTLES = timedelta(hours=3)
"""After it a fault is told as it stays told: an hourly job that is gone is missed an hour after it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How rough it is. ``pause`` and ``lasting`` count watch intervals: on average between two incidents of a pipeline,
    and how long each lasts at least and at most. The rest are chances, at each turn, that a process is killed in the
    middle, is restarted in peace, that a source fails for a turn or two, and that Slack does."""

    pause: float
    lasting: tuple[float, float]
    killed: float
    restarted: float
    outage: float
    slack: float
    spares_last: bool = False
    """Whether the last of several instances lives on, so that its memory can be looked at."""


SOAK = Weather(pause=4, lasting=(2.2, 8), killed=0.03, restarted=0.02, outage=0.03, slack=0.04, spares_last=True)
CHAOS = Weather(pause=5, lasting=(3.2, 10), killed=0.25, restarted=0.05, outage=0.08, slack=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A time at which the instances do their rounds. ``slots`` are the pipelines whose watch is due."""

    at: datetime
    slots: frozenset[str]
    digests: frozenset[str]


def turns_of(pipelines: Mapping[str, Inhabited], start: datetime, days: float) -> Sequence[Turn]:
    """Return when something is due, a minute later: watches of every pipeline, and digests with their refreshes."""
    until = start + timedelta(days=days)
    slots = {name: set(_watches(each, start, until)) for name, each in pipelines.items()}
    digests = {name: set(_digests(each, start, until)) for name, each in pipelines.items()}
    moments = sorted(set().union(*slots.values(), *digests.values()))
    return [
        Turn(
            at=moment + SOON,
            slots=frozenset(name for name, found in slots.items() if moment in found),
            digests=frozenset(name for name, found in digests.items() if moment in found),
        )
        for moment in moments
    ]


def digests_due(each: Inhabited, start: datetime, until: datetime) -> Mapping[date, datetime]:
    """Return when the digest of each date is due, within a span."""
    calendar, zone = DigestCalendar(each.pipeline), each.pipeline.zone
    days = [start.astimezone(zone).date() + timedelta(days=number) for number in range((until - start).days + 2)]
    of_day = {day: calendar.slots(calendar.on(day)) for day in days}
    return {day: slots[0].due for day, slots in of_day.items() if slots and start < slots[0].due <= until}


def _watches(each: Inhabited, start: datetime, until: datetime) -> Iterator[datetime]:
    minutes = each.notifications.watch_minutes
    moment = watch_slot(minutes, start) + timedelta(minutes=minutes)
    while moment < until:
        yield moment
        moment += timedelta(minutes=minutes)


def _digests(each: Inhabited, start: datetime, until: datetime) -> Iterator[datetime]:
    calendar = DigestCalendar(each.pipeline)
    for day in digests_due(each, start, until):
        yield from (slot.due for slot in calendar.slots(calendar.on(day)) if slot.due < until)


def incidents_of(
    each: Inhabited, sights: Sequence[Sight], start: datetime, days: float, weather: Weather, chance: random.Random
) -> Sequence[Broken]:
    """Draw what breaks, one after the other. What its alert may still remember does not break again."""
    watch = timedelta(minutes=each.notifications.watch_minutes)
    flap = timedelta(minutes=each.notifications.alerts.flap_minutes)
    until = start + timedelta(days=days)
    found: list[Broken] = []
    full = sorted(_digests(each, start, until))
    free = {sight.alert: start + (FIRST_DIGEST if sight.by_digest else timedelta(0)) for sight in sights}
    tired: dict[str, datetime] = {}
    now = start + watch
    while True:
        now += watch * chance.expovariate(1 / weather.pause)
        rested = [sight for sight in sights if max(free[sight.alert], tired.get(_subject(sight), start)) <= now]
        if not rested:
            continue
        sight = chance.choice(rested)
        if sight.by_digest and any(now <= look < now + SETTLES for look in full):
            continue
        lasts = watch * chance.uniform(*weather.lasting)
        if sight.by_digest:
            lasts += timedelta(hours=15)
            first = sight.fault.startswith(GONE) and not any(each.fault.startswith(GONE) for each in found)
            long = (first or chance.random() < LONG) and now + lasts + LONGER <= until
            lasts += LONGER if long else timedelta(0)
        if now + lasts > until:
            return found
        found.append(_broken(each, sight, now, lasts))
        now += lasts
        # What breaks in another way before anybody looked goes on in its thread.
        tired[_subject(sight)] = now + flap + 2 * watch
        free[sight.alert] = now + flap + timedelta(days=1 if sight.healed_by_digest else 0) + 2 * watch


def _subject(sight: Sight) -> str:
    """Return what an alert is about, such as a service."""
    return ":".join(sight.alert.split(":")[2:3])


def _broken(each: Inhabited, sight: Sight, begins: datetime, lasts: timedelta) -> Broken:
    return Broken(
        pipeline=each.pipeline.name,
        fault=sight.fault,
        alert=sight.alert,
        begins=begins,
        ends=begins + lasts,
        by_digest=sight.by_digest,
        healed_by_digest=sight.healed_by_digest,
    )


def spans(turns: Sequence[Turn], share: float, longest: int, chance: random.Random) -> Sequence[Span]:
    """Draw spans that begin before a turn and end with the one after it, or after one of the next; none touches
    another."""
    found: list[Span] = []
    number = 1
    while number < len(turns):
        if chance.random() < share:
            after = min(number + 1 + chance.randrange(longest), len(turns) - 1)
            found.append((turns[number].at - SOON, turns[after].at))
            number = after + 1
        number += 1
    return found


def is_in(spans: Sequence[Span], now: datetime) -> bool:
    """Whether an instant lies in one of some spans."""
    return any(begin <= now < end for begin, end in spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens, and when: by pipeline what breaks and which sources fail; and when Slack does."""

    turns: Sequence[Turn]
    broken: Sequence[Broken]
    outages: Mapping[str, Sequence[Span]]
    silences: Sequence[Span]
    sources: Mapping[str, Sequence[str]]

    def failing(self, turn: Turn, unread: Mapping[str, str]) -> Failing:
        """Return what is broken at a turn, by pipeline."""
        broken = [each for each in self.broken if each.begins <= turn.at < each.ends]
        return {
            name: [*(each.fault for each in broken if each.pipeline == name), *filter(None, [unread.get(name)])]
            for name in self.outages
        }

    def unread(self, turn: Turn, chance: random.Random) -> Mapping[str, str]:
        """Return a source that fails at a turn, by pipeline."""
        failing = [name for name, found in self.outages.items() if is_in(found, turn.at)]
        return {name: chance.choice(self.sources[name]) for name in failing}


def plan_of(
    pipelines: Mapping[str, Inhabited],
    sights: Mapping[str, Sights],
    start: datetime,
    days: float,
    weather: Weather,
    chance: random.Random,
) -> Plan:
    """Draw everything that happens."""
    turns = turns_of(pipelines, start, days)
    return Plan(
        turns=turns,
        broken=[
            broken
            for name, each in pipelines.items()
            for broken in incidents_of(each, sights[name].told, start, days, weather, chance)
        ],
        outages={name: spans(turns, weather.outage, 2, chance) for name in pipelines},
        silences=spans(turns, weather.slack, 4, chance),
        sources={name: sights[name].outages for name in pipelines},
    )
