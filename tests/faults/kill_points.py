"""Kills the bot at random points of random stories, starts it anew each time, and looks at what Slack shows.

A story goes on until it is told, however often the one who tells it dies on the way.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from tests.bench.processes import Conversation
from tests.faults.ledger import Difference, compare
from tests.faults.life import Life
from tests.faults.points import Killed, Points
from tests.faults.story import CHANNEL, Fact, Story, story
from tests.faults.workspace import Clock, shown
from tests.servers.slack import SlackServer

POINTS, STATEMENTS, SECONDS = "points", "statements", "seconds"
KINDS = {
    "in-process": (POINTS,),
    "sqlite": (POINTS, POINTS, STATEMENTS, SECONDS),
    "firestore": (POINTS, POINTS, SECONDS),
}
"""What a life may be cut off at, by mode; what stands there twice is as likely again."""

FIRST_GUESSES = {POINTS: 60.0, STATEMENTS: 120.0, SECONDS: 0.05}
"""How much of each a step takes, before one is known."""

BEYOND = 1.25
"""So much further than the last step went may be where the next one is to die, so that some live."""

AFTER_DEATH = timedelta(seconds=75)
"""Somebody starts the bot anew, and the leases of the dead run out."""

DEATHS_A_STEP = 4
"""So that the time that deaths take never decides whether an incident is a new one."""

NEVER = 10**9


@dataclass(frozen=True, slots=True)
class Death:
    """When to die: after so many points, statements of SQLite counted or not, or seconds; without ``kind`` never."""

    kind: str | None = None
    after: float = 0

    @property
    def points(self) -> int | None:
        return int(self.after) if self.kind in (POINTS, STATEMENTS) else None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a step: where it died, None if it is done, and how many points it passed."""

    died_at: str | None
    passed: int
    now: datetime


class Teller(Protocol):
    """Lives one life after the other on the same store and the same Slack."""

    def tell(self, facts: Mapping[str, Fact] | None, now: datetime, death: Death) -> Told:
        """Process the facts, or with None only send what waits; a life that died is replaced by the next."""
        ...


class InProcess:
    """Dies by an exception that nothing may catch."""

    def __init__(self, store: Callable[[], StateStore], slack_url: str, clock: Clock) -> None:
        self._store, self._slack_url, self._clock = store, slack_url, clock
        self._lives = 0
        self._life = self._born()

    def _born(self) -> Life:
        self._lives += 1
        return Life(self._store(), self._slack_url, f"life-{self._lives}", self._clock, Points())

    def tell(self, facts: Mapping[str, Fact] | None, now: datetime, death: Death) -> Told:
        life = self._life
        life.points.arm(death.points if death.points is not None else NEVER)
        try:
            life.send() if facts is None else life.see(facts)
        except Killed as killed:
            self._life = self._born()
            return Told(str(killed), len(life.points.passed), self._clock.now)
        if life.points.died_at is not None:
            message = f"something swallowed a death at {life.points.died_at}"
            raise AssertionError(message)
        passed = len(life.points.passed)
        life.points.arm(None)
        return Told(None, passed, self._clock.now)


class Killable:
    """Real processes, killed with SIGKILL. The next one is started ahead of time, because it needs a second to."""

    def __init__(self, store: str, slack_url: str, environment: Mapping[str, str]) -> None:
        self._command = (sys.executable, "-m", "tests.faults.process", "--store", store, "--slack", slack_url)
        self._environment = environment
        self._lives = 0
        self._life = self._born()
        self._next = self._born()
        self._life.listen()

    def _born(self) -> Conversation:
        self._lives += 1
        return Conversation((*self._command, "--owner", f"process-{self._lives}"), self._environment)

    def tell(self, facts: Mapping[str, Fact] | None, now: datetime, death: Death) -> Told:
        command: dict[str, Any] = {
            "now": now.isoformat(),
            "after": NEVER if death.points is None else death.points,
            "seconds": death.after if death.kind == SECONDS else None,
            "statements": death.kind == STATEMENTS,
        }
        if facts is not None:
            command["facts"] = dict(facts)
        answer = self._life.ask(json.dumps(command))
        if "died_at" not in answer:
            return Told(None, answer["passed"], datetime.fromisoformat(answer["now"]))
        self._bury()
        return Told(answer["died_at"], 0, now)

    def _bury(self) -> None:
        self._life.__exit__(None, None, None)
        self._life, self._next = self._next, self._born()
        self._life.listen()

    def close(self) -> None:
        for process in (self._life, self._next):
            process.__exit__(None, None, None)


@dataclass
class Outcome:
    """What all stories together came to."""

    stories: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    incidents: int = 0
    messages: int = 0
    difference: Difference = field(default_factory=Difference)


def tell_story(
    told: Story, teller: Teller, clock: Clock, chance: random.Random, deaths: Counter[str], kinds: Sequence[str]
) -> None:
    """Tell a story to its end, dying of random kinds at random points on the way. ``clock`` is Slack's."""
    usual = dict(FIRST_GUESSES)
    for number, facts in enumerate(told.steps):
        clock.now = told.at(number)
        for _ in range(DEATHS_A_STEP):
            kind = chance.choice(kinds)
            began = time.monotonic()
            step = teller.tell(facts, clock.now, Death(kind, chance.uniform(0, usual[kind] * BEYOND)))
            if step.died_at is None:
                usual[kind] = time.monotonic() - began if kind == SECONDS else max(step.passed, 8)
                break
            deaths[step.died_at] += 1
            clock.now = max(clock.now, step.now) + AFTER_DEATH
        else:
            teller.tell(facts, clock.now, Death())
    clock.now = told.at(len(told.steps))
    teller.tell(None, clock.now, Death())


def judge(told: Story, slack: SlackServer, store: StateStore) -> Difference:
    """Compare Slack with the story, and every thread's parent with the last edit that the store wanted."""
    messages = shown(slack)
    latest = {message.key: _wanted(message.key, store) for message in messages if message.parent}
    difference = compare(told.expected(), messages, latest)
    difference.lost += [f"{delivery.key} still waits: {delivery.error}" for delivery in store.pending()]
    return difference


def _wanted(thread: str, store: StateStore) -> Any:
    """Return the blocks of the newest edit of a message, or those it was posted with."""
    post = store.delivery(thread)
    assert post is not None, f"{thread} is in Slack, but the store knows nothing of it"
    newest = post.body["blocks"]
    for version in range(1, 60):
        edit = store.delivery(f"{thread}:v{version}")
        if edit is not None:
            newest = edit.body["blocks"]
    return list(newest)


@contextmanager
def _in_process(seed: int, folder: Path, slack: SlackServer, clock: Clock) -> Iterator[tuple[Teller, StateStore]]:
    stores: list[SqliteStore] = []

    def opened() -> StateStore:
        stores.append(SqliteStore(folder / f"{seed}.db"))
        return stores[-1]

    try:
        yield InProcess(opened, slack.api_url, clock), opened()
    finally:
        for store in stores:
            store.close()


@contextmanager
def _killable(where: str, store: StateStore, slack: SlackServer, address: str) -> Iterator[tuple[Teller, StateStore]]:
    teller = Killable(where, slack.api_url, {"FIRESTORE_EMULATOR_HOST": address} if address else {})
    try:
        yield teller, store
    finally:
        teller.close()
        store.close()


def _stage(
    mode: str, seed: int, folder: Path, slack: SlackServer, clock: Clock, firestore: str
) -> AbstractContextManager[tuple[Teller, StateStore]]:
    """Return who tells the story of a seed, and the store to look at when it is told."""
    if mode == "in-process":
        return _in_process(seed, folder, slack, clock)
    if mode == "sqlite":
        file = folder / f"{seed}.db"
        return _killable(f"sqlite:{file}", SqliteStore(file), slack, "")
    from tests.faults.emulated import firestore_store  # noqa: PLC0415 - Google's client takes a second to import

    prefix = f"kill_{seed}_"
    return _killable(f"firestore:{prefix}", firestore_store(firestore, prefix), slack, firestore)


def run(mode: str, count: int, first_seed: int, firestore: str | None = None) -> Outcome:
    """Tell stories until so many deaths have been died. ``firestore`` is the emulator's address."""
    outcome = Outcome()
    with TemporaryDirectory() as folder:
        while outcome.deaths.total() < count:
            seed = first_seed + outcome.stories
            told, clock = story(seed), Clock()
            with (
                SlackServer((CHANNEL,), clock=clock) as slack,
                _stage(mode, seed, Path(folder), slack, clock, firestore or "") as (teller, store),
            ):
                chance = random.Random(seed)
                tell_story(told, teller, clock, chance, outcome.deaths, KINDS[mode])
                difference = judge(told, slack, store)
                outcome.messages += len(shown(slack))
            outcome.incidents += len(told.expected())
            outcome.stories += 1
            for wrong in difference.wrong:
                sys.stderr.write(f"{mode}, story {seed}: {wrong}\n")
            outcome.difference.add(difference)
    return outcome
