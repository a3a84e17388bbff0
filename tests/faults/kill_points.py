"""Kills the bot at random points of random stories, starts it again each time, and looks at what Slack shows.

A story goes on until it is told, however often the one who tells it dies on the way.
"""

from __future__ import annotations

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
from typing import Any

from bot.playground.slack.server import SlackServer
from bot.sinks.slack.format import formatted
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from tests.faults.deaths import NEVER, POINTS, SECONDS, STATEMENTS, Death, Teller, Told
from tests.faults.digest_ledger import compare_digests, slots_on
from tests.faults.killable import Killable, Nursery
from tests.faults.ledger import Difference, compare
from tests.faults.life import Life
from tests.faults.page_ledger import compare_pages
from tests.faults.points import Killed, Points
from tests.faults.story import CHANNEL, PIPELINE, START, Fact, Story, story
from tests.faults.workspace import Clock, shown
from tests.servers.webhook import WebhookServer

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
"""Somebody starts the bot again, and the leases of the dead run out."""

DEATHS_A_STEP = 4
"""So that the time that deaths take never decides whether an incident is a new one."""


class InProcess:
    """Dies by an exception that nothing may catch."""

    def __init__(self, store: Callable[[], StateStore], slack_url: str, pager_url: str, clock: Clock) -> None:
        self._store, self._slack_url, self._pager_url, self._clock = store, slack_url, pager_url, clock
        self._lives = 0
        self._life = self._born()

    def _born(self) -> Life:
        self._lives += 1
        return Life(self._store(), self._slack_url, self._pager_url, f"life-{self._lives}", self._clock, Points())

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


@dataclass
class Outcome:
    """What all stories together came to."""

    stories: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    digests: int = 0
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


def judge(told: Story, slack: SlackServer, pager: WebhookServer, store: StateStore) -> Difference:
    """Compare Slack and the pager with the story, and every parent with the last edit that the store wanted."""
    messages = shown(slack)
    alerts = [message for message in messages if message.key.startswith("alert:")]
    latest = {message.key: _wanted(message.key, store) for message in alerts if message.parent}
    difference = compare(told.expected(), alerts, latest)
    difference.add(compare_digests([START.astimezone(PIPELINE.zone).date()], messages, store))
    taken = [(each.document["id"], each.document["key"]) for each in pager.taken]
    difference.add(compare_pages(taken, store, START))
    difference.lost += [f"{delivery.key} still waits: {delivery.error}" for delivery in store.pending()]
    return difference


def _wanted(thread: str, store: StateStore) -> Any:
    """Return the blocks of the newest edit of a message, or those it was posted with."""
    post = store.delivery(thread)
    assert post is not None, f"{thread} is in Slack, but the store knows nothing of it"
    newest = formatted(post.body)["blocks"]
    for version in range(1, 60):
        edit = store.delivery(f"{thread}:v{version}")
        if edit is not None:
            newest = formatted(edit.body)["blocks"]
    return list(newest)


@contextmanager
def _in_process(
    seed: int, folder: Path, slack: SlackServer, pager: WebhookServer, clock: Clock
) -> Iterator[tuple[Teller, StateStore]]:
    stores: list[SqliteStore] = []

    def opened() -> StateStore:
        stores.append(SqliteStore(folder / f"{seed}.db"))
        return stores[-1]

    try:
        yield InProcess(opened, slack.api_url, pager.url, clock), opened()
    finally:
        for store in stores:
            store.close()


@contextmanager
def _killable(
    nursery: Nursery, where: str, store: StateStore, slack: SlackServer, pager: WebhookServer
) -> Iterator[tuple[Teller, StateStore]]:
    try:
        with Killable(nursery, where, slack.api_url, pager.url) as teller:
            yield teller, store
    finally:
        store.close()


Stage = Callable[[int, SlackServer, WebhookServer, Clock], AbstractContextManager[tuple[Teller, StateStore]]]
"""Returns who tells the story of a seed, and the store to look at when it is told."""


@contextmanager
def _stages(mode: str, address: str) -> Iterator[Stage]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if mode == "in-process":
            yield lambda seed, slack, pager, clock: _in_process(seed, folder, slack, pager, clock)
            return
        with Nursery(mode, {"FIRESTORE_EMULATOR_HOST": address} if address else {}) as nursery:
            if mode == "sqlite":
                yield lambda seed, slack, pager, _: _killable(
                    nursery, f"sqlite:{folder / str(seed)}.db", SqliteStore(folder / f"{seed}.db"), slack, pager
                )
                return
            from tests.faults.emulated import firestore_store  # noqa: PLC0415 - Google's client takes a second

            yield lambda seed, slack, pager, _: _killable(
                nursery, f"firestore:kill_{seed}_", firestore_store(address, f"kill_{seed}_"), slack, pager
            )


def run(mode: str, count: int, first_seed: int, firestore: str | None = None) -> Outcome:
    """Tell stories until so many deaths have been died. ``firestore`` is the emulator's address."""
    outcome = Outcome()
    with _stages(mode, firestore or "") as stage:
        while outcome.deaths.total() < count:
            seed = first_seed + outcome.stories
            told, clock = story(seed), Clock()
            with (
                SlackServer((CHANNEL,), clock=clock) as slack,
                WebhookServer() as pager,
                stage(seed, slack, pager, clock) as (teller, store),
            ):
                tell_story(told, teller, clock, random.Random(seed), outcome.deaths, KINDS[mode])
                difference = judge(told, slack, pager, store)
                outcome.messages += len(shown(slack))
            outcome.digests += len(slots_on(START.date()))
            outcome.incidents += len(told.expected())
            outcome.stories += 1
            for wrong in difference.wrong:
                sys.stderr.write(f"{mode}, story {seed}: {wrong}\n")
            outcome.difference.add(difference)
    return outcome
