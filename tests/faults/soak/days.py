"""The days of a soak: a turn after the other, what each instance did in it, and what it took."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median_low

from bot.playground.clock import PlayClock
from bot.playground.slack.server import SlackServer
from bot.store.model import StateStore
from tests.faults.soak.inhabited import HISTORY_DAYS
from tests.faults.soak.instances import Instance
from tests.faults.soak.ledger import Findings, Look
from tests.faults.soak.plan import Failing, Turn, Weather
from tests.faults.soak.versions import Kept

AGAIN = timedelta(minutes=6)
"""The next round after one in which somebody died or something stayed unsent."""

CALM = timedelta(minutes=12)
"""Longer than a message waits for its next attempt."""

REFUSES = "it refuses this store: "

USUAL = 0.5
"""Seconds within which an instance is killed that is to die."""

SETTLED = timedelta(days=HISTORY_DAYS + 1)
"""From then on as much is deleted each night as a day has brought."""

WARM = timedelta(days=1)
"""So old is a process when its memory is looked at first, for so long; and so long before its end."""

MORE_MEMORY = 24
"""MB by which an old process may be larger than it was when it was warm."""

MORE_RECORDS = 1.5
"""How many times as much as at first a store may hold in the end: days differ."""


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
    former: str = ""
    """When a former version took part, or why it would not."""
    memory: tuple[int, int] | None = None
    records: tuple[int, int] | None = None
    uneven: Sequence[str] = ()
    """Why there are not as many threads as incidents."""
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a soak is about. With ``minutes`` it ends after so many, whatever day it is then."""

    pipelines: Sequence[str]
    days: float
    weather: Weather
    seed: int = 1
    faults: int = 18
    minutes: float | None = None
    logs: Path | None = None
    """The folder to which every process logs."""
    without: str | None = None
    """What is taken away from the product, to see that it is noticed."""
    former: Path | None = None
    """The tree of the version before, which goes on in the middle; None for none."""
    kinds: Collection[str] | None = None
    """The faults that break, such as ``jobs deleted``; by default every one that lasts."""


def usual_memory(sizes: Sequence[tuple[datetime, int]]) -> tuple[int, int] | None:
    """Return what a process had in use in the middle of its second day and of its last, in MB: what one round takes is
    given back. None for one that was not warm long enough."""
    born, last = sizes[0][0], sizes[-1][0]
    warm = [size for at, size in sizes if WARM <= at - born < 2 * WARM]
    end = [size for at, size in sizes if at - born >= WARM and last - at < WARM]
    return (median_low(warm), median_low(end)) if warm and len(end) > 1 else None


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

    def calm(self, instances: Sequence[Instance], failing: Failing) -> None:
        """Let Slack take everything, until what waits has had its time; what is broken stays so."""
        self.slack.recover()
        for _ in range(2):
            self._round(self.clock() + CALM, instances, failing, ["round"], deadly=False)

    def restart(self, instances: Sequence[Instance]) -> None:
        """End one in peace, now and then, and start it again."""
        for each in instances[:1]:
            if self._chance.random() < self.setting.weather.restarted:
                each.leave()
                each.start(self.clock())
                self.soak.restarts += 1

    def become_former(self, instances: Sequence[Instance]) -> None:
        """Let the version before go on, on the store as it is. One that refuses it is not asked again."""
        now = self.clock()
        for each in instances:
            if not self.soak.former.startswith(REFUSES):
                refused = each.become_former(now)
                self.soak.former += f"{REFUSES}{refused}" if refused else f"from {now:%d %H:%M} "
                self.soak.restarts += 1

    def become_present(self, instances: Sequence[Instance]) -> None:
        """Let this version go on, on the store as the former one leaves it."""
        if self.soak.former.startswith(REFUSES):
            return
        for each in instances:
            each.become_present(self.clock())
            self.soak.restarts += 1
        self.soak.former += f"until {self.clock():%d %H:%M}"

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
        findings = self.soak.findings
        self.soak.memory = usual_memory(longest)
        if self.soak.memory is not None and self.soak.memory[1] - self.soak.memory[0] > MORE_MEMORY:
            findings.wrong.append("memory grew from {} MB to {} MB".format(*self.soak.memory))
        if len(self._sizes) > 1:
            self.soak.records = (self._sizes[0], self._sizes[-1])
            if self._sizes[-1] > self._sizes[0] * MORE_RECORDS:
                findings.wrong.append(f"the store grew from {self._sizes[0]} to {self._sizes[-1]} records")
