"""Instances race for the digests of many days and their refreshes on one Firestore, and for the alerts that come
with them. Their clocks differ and are stepped while they work, and instances are killed in the middle."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.playground.slack.server import SlackServer
from bot.store.model import StateStore
from bot.timetable.digest_deliveries import posting_key
from bot.timetable.slots import Slot
from tests.faults.digest_ledger import compare_digests, slots_on
from tests.faults.emulated import firestore_store
from tests.faults.killable import Killer, Nursery
from tests.faults.ledger import Difference, compare
from tests.faults.story import CHANNEL, PIPELINE, START, Expectation
from tests.faults.tournament import FastClock, days_facts
from tests.faults.workspace import shown

AFTER = timedelta(seconds=15)
"""An instance's clock may be behind, and the slot must be due all the same."""

CLOCKS_DIFFER = 10.0
"""Seconds by which an instance's clock may be off, ahead or behind."""

DEADLY = 2
"""In one of so many slots an instance is killed."""

USUAL = 0.25
"""Seconds within which it is killed."""

ROUND = timedelta(minutes=6)
"""By the next round the leases of the dead are over."""
ROUNDS = 12


@dataclass
class Race:
    """What came of a race. ``won`` counts the digests that each instance wrote."""

    digests: int
    slots: int = 0
    deaths: int = 0
    steps: int = 0
    incidents: int = 0
    messages: int = 0
    won: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    difference: Difference = field(default_factory=Difference)


class Racer:
    """An instance, and the next one when it was killed. Its clock is off by some seconds."""

    def __init__(self, name: str, nursery: Nursery, store: str, slack_url: str) -> None:
        self.name = name
        self._nursery = nursery.conversation
        self._birth = {"role": "racer", "store": store, "slack": slack_url}
        self._lives = 0
        self._off = 0.0
        self._killer: Killer | None = None
        self._process = self._born()

    def _born(self) -> int:
        self._lives += 1
        owner = f"{self.name}, life {self._lives}"
        return int(self._nursery.ask(json.dumps({**self._birth, "owner": owner}))["born"])

    def start(self, now: datetime, off: float, dies_after: float | None) -> None:
        """Begin a round; the clock is stepped in the middle of it, to where the next one finds it."""
        command = {"now": now.isoformat(), "off": self._off, "step": off - self._off}
        self._off = off
        self._nursery.tell(json.dumps(command))
        self._killer = Killer(self._process, dies_after)

    def finish(self) -> Any | None:
        """Return what it did; None when it was killed, and another one lives."""
        answer = self._nursery.listen()
        if self._killer is None or not self._killer.struck():
            return answer
        ended = answer if "ended" in answer else self._nursery.listen()
        assert ended["ended"] == -signal.SIGKILL
        self._process = self._born()
        return None

    def leave(self) -> None:
        self._nursery.ask(json.dumps({"over": True}))


def run(digests: int, firestore: str, instances: int = 2, prefix: str = "race_", seed: int = 1) -> Race:
    """Let the instances start each digest and each refresh at the same moment. ``firestore`` is the emulator."""
    race, clock = Race(digests), FastClock()
    days = [START.astimezone(PIPELINE.zone).date() + timedelta(days=number) for number in range(digests)]
    slots = [slot for day in days for slot in slots_on(day)]
    store = firestore_store(firestore, prefix)
    with ExitStack() as stack:
        stack.callback(store.close)
        slack = stack.enter_context(SlackServer((CHANNEL,), clock=clock, posts_a_second=1))
        environment = {"FIRESTORE_EMULATOR_HOST": firestore}
        nurseries = [stack.enter_context(Nursery("firestore", environment)) for _ in range(instances)]
        racers = [
            Racer(f"instance {number}", nursery, prefix, slack.api_url)
            for number, nursery in enumerate(nurseries, start=1)
        ]
        chance = random.Random(seed)
        for slot in slots:
            _race_for(slot, race, racers, store, clock, chance)
        for racer in racers:
            racer.leave()
        messages = shown(slack)
        race.difference.add(compare_digests(days, messages, store))
        race.difference.lost += [f"{delivery.key} still waits: {delivery.error}" for delivery in store.pending()]
    expectation = Expectation(flap=timedelta(0))
    for slot in slots:
        expectation.see(days_facts(slot.due), slot.due)
    race.slots, race.incidents, race.messages = len(slots), len(expectation.incidents), len(messages)
    alerts = [each for each in messages if each.key.startswith("alert:")]
    race.difference.add(compare(expectation.incidents, alerts, {}))
    return race


def _race_for(
    slot: Slot, race: Race, racers: Sequence[Racer], store: StateStore, clock: FastClock, chance: random.Random
) -> None:
    """Start everybody at once, and go on until the slot is written and nothing waits. The first round is deadly."""
    report = f"{posting_key(PIPELINE.name, slot.of.name)}:{slot.name}"
    victim = chance.choice(racers) if chance.randrange(DEADLY) == 0 else None
    for number in range(ROUNDS):
        now = slot.due + AFTER + number * ROUND
        clock.set(now)
        for racer in racers:
            dies_after = chance.uniform(0, USUAL) if racer is victim and number == 0 else None
            racer.start(now, chance.uniform(-CLOCKS_DIFFER, CLOCKS_DIFFER), dies_after)
            race.steps += 1
        for racer in racers:
            answer = racer.finish()
            race.deaths += answer is None
            if answer is not None:
                race.won[racer.name] += answer["done"] in ("posted", "refreshed")
                race.sent[racer.name] += answer["sent"]
        if store.report(report) is not None and not store.pending():
            return
