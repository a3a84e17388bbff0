"""Lets days pass: instances of the bot do their rounds on one store while worlds break, sources and Slack fail, and
processes are killed and started again. In the middle the store is one of another version."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.playground.clock import PlayClock
from bot.playground.slack import server as fake
from bot.playground.slack.server import SlackServer
from bot.scenarios.scenario import instant_of
from bot.store.model import StateStore
from tests.faults.killable import Nursery
from tests.faults.soak.inhabited import HISTORY_DAYS, Inhabited, inhabited
from tests.faults.soak.instances import Instance
from tests.faults.soak.ledger import Broken, Findings, Look, Passed, Span, judge, threads_of
from tests.faults.soak.plan import Turn, Weather, digests_due, incidents_of, spans, turns_of
from tests.faults.soak.sights import sights_of
from tests.faults.soak.versions import FirestoreKept, Kept, SqliteKept
from tests.faults.story import CHANNEL
from tests.faults.workspace import shown

Failing = Mapping[str, Sequence[str]]
"""What is broken, by pipeline: the keys of faults."""

AGAIN = timedelta(minutes=6)
"""The next round after one in which somebody died or something stayed unsent."""

USUAL = 0.5
"""Seconds within which an instance is killed that is to die."""

MAYBE_TWICE = "This may be here twice"

HALF = 0.5

SETTLED = timedelta(days=HISTORY_DAYS + 1)
"""From then on as much is deleted each night as a day has brought."""

WARM = timedelta(days=1)
"""So old is a process when its memory is looked at first."""

MORE_MEMORY = 24
"""MB by which an old process may be larger than it was when it was warm."""

MORE_RECORDS = 1.5
"""How many times as much as at first a store may hold in the end: days differ."""

SILENCES: Sequence[Callable[[SlackServer], object]] = (
    lambda slack: setattr(slack, "down", True),
    lambda slack: slack.tell(fake.EVERY_METHOD, fake.rate_limited(30, times=None)),
    lambda slack: slack.tell("chat.postMessage", fake.broken(times=None)),
    lambda slack: slack.tell("chat.postMessage", fake.dropped_after_accepting(times=2)),
    lambda slack: slack.tell("conversations.history", fake.broken(times=None)),
)
"""What may be wrong with Slack for a while."""


@dataclass
class Soak:
    """What came of it. ``memory`` and ``records`` are a former figure and the last, None where nothing was measured."""

    days: float = 0
    turns: int = 0
    incidents: int = 0
    threads: int = 0
    digests: int = 0
    messages: int = 0
    deaths: int = 0
    restarts: int = 0
    outages: int = 0
    silences: int = 0
    announced: int = 0
    """Messages that said that they may be there twice."""
    refused: str = ""
    memory: tuple[int, int] | None = None
    records: tuple[int, int] | None = None
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a soak is about. With ``minutes`` it ends after so many, whatever day it is then."""

    pipelines: Sequence[str]
    days: float
    weather: Weather
    seed: int = 1
    faults: int = 14
    minutes: float | None = None
    logs: Path | None = None
    """The folder to which every process logs."""


class Days:
    """A soak under way."""

    def __init__(self, setting: Setting, kept: Kept, slack: SlackServer, clock: PlayClock, store: StateStore) -> None:
        self.setting, self.kept, self.slack, self.clock, self.store = setting, kept, slack, clock, store
        self.soak = Soak()
        self.looks: list[Look] = []
        self._chance = random.Random(setting.seed)
        self._owed: dict[str, datetime] = {}
        self._memory: dict[datetime, list[tuple[datetime, int]]] = {}
        self._sizes: list[int] = []
        self.began = self._pruned = clock()

    def turn(self, turn: Turn, instances: Sequence[Instance], failing: Failing, unread: Collection[str]) -> None:
        """Let everybody do a round, and another one where something is left over."""
        is_night = turn.at.date() != self._pruned.date()
        deaths = self._round(turn.at, instances, failing, ["prune", "round"] if is_night else ["round"], deadly=True)
        self._note(turn, unread, died=deaths > 0)
        if is_night:
            self._pruned = turn.at
            if turn.at - self.began > SETTLED:
                self._sizes.append(self.kept.size())
        if deaths or self.store.pending():
            self._round(turn.at + AGAIN, instances, failing, ["round"], deadly=False)
        self.soak.turns += 1

    def _round(
        self, now: datetime, instances: Sequence[Instance], failing: Failing, jobs: Sequence[str], *, deadly: bool
    ) -> int:
        """Return how many died."""
        self.clock.put_forward(now)
        weather, died = self.setting.weather, []
        for each in instances:
            spared = weather.spares_last and len(instances) > 1 and each is instances[-1]
            dies = deadly and not spared and self._chance.random() < weather.killed
            command = {"now": now.isoformat(), "broken": failing, "jobs": jobs}
            each.begin(command, self._chance.uniform(0, USUAL) if dies else None)
        for each in instances:
            answer = each.end()
            if answer is None or each.alive_since is None:
                died.append(each)
            else:
                self._memory.setdefault(each.alive_since, []).append((now, answer["resident"]))
        for each in died:
            each.start(now)
        self.soak.deaths += len(died)
        return len(died)

    def _note(self, turn: Turn, unread: Collection[str], *, died: bool) -> None:
        """Note who had to look. A digest that somebody died over is made up for at the next turn."""
        for name in {*turn.slots, *turn.digests, *self._owed}:
            owed = self._owed.pop(name, None) if not died else None
            good = not died and name not in unread
            if name in turn.digests or owed is not None:
                since = None if name in turn.digests else owed
                self.looks.append(Look(pipeline=name, at=turn.at, full=True, undisturbed=good, makes_up_for=since))
            elif name in turn.slots:
                self.looks.append(Look(pipeline=name, at=turn.at, undisturbed=good))
            if name in turn.digests and died:
                self._owed[name] = turn.at

    def restart(self, instances: Sequence[Instance]) -> None:
        """End one in peace, now and then, and start it again."""
        for each in instances[:1]:
            if self._chance.random() < self.setting.weather.restarted:
                each.leave()
                each.start(self.clock())
                self.soak.restarts += 1

    def change_version(self, instances: Sequence[Instance]) -> None:
        """Meet a store that a newer program has written to, then go on with one of the program before."""
        for each in instances:
            each.leave()
        self.kept.be_newer()
        self.soak.refused = instances[0].start(self.clock())
        self.kept.be_former()
        for each in instances:
            each.start(self.clock())
        self.soak.restarts += len(instances)
        if "newer" not in self.soak.refused:
            self.soak.findings.wrong.append(f"a store of a newer program was not refused: {self.soak.refused!r}")

    def measure(self) -> None:
        """Say how memory and store have grown."""
        longest = max(self._memory.values(), key=lambda each: each[-1][0] - each[0][0])
        warm = [size for at, size in longest if at - longest[0][0] >= WARM]
        findings = self.soak.findings
        if len(warm) > 1:
            self.soak.memory = (warm[0], warm[-1])
            if warm[-1] - warm[0] > MORE_MEMORY:
                findings.wrong.append(f"memory grew from {warm[0]} MB to {warm[-1]} MB")
        if len(self._sizes) > 1:
            self.soak.records = (self._sizes[0], self._sizes[-1])
            if self._sizes[-1] > self._sizes[0] * MORE_RECORDS:
                findings.wrong.append(f"the store grew from {self._sizes[0]} to {self._sizes[-1]} records")


def run(setting: Setting, firestore: str | None) -> Soak:
    """Let the days pass, with two instances on the emulator at ``firestore``, else with one on SQLite; then judge."""
    pipelines = inhabited(setting.pipelines)
    start = max(_first_midnight(each) for each in pipelines.values())
    clock = PlayClock(start)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        slack = stack.enter_context(SlackServer((CHANNEL,), clock=clock))
        kept: Kept = SqliteKept(folder / "soak.db")
        if firestore is not None:
            kept = FirestoreKept(firestore, f"soak-{time.time_ns()}")
        environment = {} if firestore is None else {"FIRESTORE_EMULATOR_HOST": firestore}
        nurseries = [stack.enter_context(Nursery("soak", environment)) for _ in range(1 if firestore is None else 2)]
        birth: dict[str, Any] = {"pipelines": list(setting.pipelines), "store": kept.where, "slack": slack.api_url}
        if setting.logs is not None:
            birth["logs"] = str(setting.logs)
        store = stack.enter_context(closing(kept.opened()))
        days = Days(setting, kept, slack, clock, store)
        return _through(days, [Instance(each, birth) for each in nurseries], pipelines, start)


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
        failing = [name for name, found in self.outages.items() if _is_in(found, turn.at)]
        return {name: chance.choice(self.sources[name]) for name in failing}


def _plan(pipelines: Mapping[str, Inhabited], start: datetime, setting: Setting, chance: random.Random) -> Plan:
    sights = {name: sights_of(each, setting.faults, setting.seed) for name, each in pipelines.items()}
    turns, weather = turns_of(pipelines, start, setting.days), setting.weather
    return Plan(
        turns=turns,
        broken=[
            broken
            for name, each in pipelines.items()
            for broken in incidents_of(each, sights[name].told, start, setting.days, weather, chance)
        ],
        outages={name: spans(turns, weather.outage, 2, chance) for name in pipelines},
        silences=spans(turns, weather.slack, 4, chance),
        sources={name: sights[name].outages for name in pipelines},
    )


def _through(days: Days, instances: Sequence[Instance], pipelines: Mapping[str, Inhabited], start: datetime) -> Soak:
    setting, chance = days.setting, random.Random(days.setting.seed)
    plan = _plan(pipelines, start, setting, chance)
    for each in instances:
        each.start(days.clock())
    began, seconds, changed = time.monotonic(), (setting.minutes or 0) * 60, False
    for number, turn in enumerate(plan.turns):
        share = (time.monotonic() - began) / seconds if seconds else number / len(plan.turns)
        if share >= 1:
            break
        _fall_silent(days.slack, plan.silences, turn.at, chance)
        unread = plan.unread(turn, chance)
        days.turn(turn, instances, plan.failing(turn, unread), unread)
        if share >= HALF and not changed:
            changed = True
            days.change_version(instances)
        days.restart(instances)
    for each in instances:
        each.leave()
    now = days.clock()
    passed = Passed(
        broken=[each for each in plan.broken if each.begins < now],
        looks=days.looks,
        silences=plan.silences,
        digests={name: digests_due(each, start, now) for name, each in pipelines.items()},
        until=now,
        announced=_announced(days.slack),
    )
    return _judged(days, passed, plan.outages)


def _announced(slack: SlackServer) -> frozenset[str]:
    """Return the keys of the messages that said that they may be there twice."""
    posts = (each.arguments for each in slack.called("chat.postMessage"))
    said = (each["metadata"] for each in posts if MAYBE_TWICE in str(each.get("blocks")))
    read = (json.loads(each) if isinstance(each, str) else each for each in said)
    return frozenset(each["event_payload"]["key"] for each in read)


def _first_midnight(each: Inhabited) -> datetime:
    """Return the first midnight of a pipeline at which its world has begun."""
    zone = each.pipeline.zone
    began = instant_of(each.scenario, each.pipeline).astimezone(zone)
    return datetime.combine(began.date() + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)


def _fall_silent(slack: SlackServer, silences: Sequence[Span], now: datetime, chance: random.Random) -> None:
    """Let Slack fail in another way at each turn of a silence, and work outside of them."""
    slack.recover()
    if _is_in(silences, now):
        chance.choice(SILENCES)(slack)


def _is_in(spans: Sequence[Span], now: datetime) -> bool:
    return any(begin <= now < end for begin, end in spans)


def _judged(days: Days, passed: Passed, outages: Mapping[str, Sequence[Span]]) -> Soak:
    soak, messages = days.soak, shown(days.slack)
    judged = judge(passed, messages)
    for name, found in judged.everything.items():
        getattr(soak.findings, name).extend(found)
    soak.findings.lost += [f"{each.key} still waits: {each.error}" for each in days.store.pending()]
    days.measure()
    soak.announced = len(passed.announced)
    soak.days = (passed.until - days.began) / timedelta(days=1)
    soak.incidents, soak.threads = len(passed.broken), len(threads_of(messages))
    soak.digests, soak.messages = sum(map(len, passed.digests.values())), len(messages)
    soak.outages = sum(begin < passed.until for found in outages.values() for begin, _ in found)
    soak.silences = sum(begin < passed.until for begin, _ in passed.silences)
    return soak
