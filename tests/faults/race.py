"""Two instances race for the digests of many days on one Firestore, and for the alerts that come with them."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as hour
from zoneinfo import ZoneInfo

from checks.model import Severity
from tests.bench.processes import Conversation
from tests.faults.ledger import Difference, Shown, compare
from tests.faults.story import CHANNEL, PIPELINE, START, Expectation, Fact
from tests.faults.workspace import shown
from tests.servers.slack import SlackServer

ZONE = ZoneInfo("America/New_York")
POSTED = hour(8, 0, 1)
REFRESHED = hour(11, 30, 1)


FASTER = 20.0
"""The clock of a race runs so much faster than ours: Slack takes one message a second in a channel."""


class FastClock:
    """Runs on from an instant, many times as fast as ours."""

    def __init__(self) -> None:
        self.set(START)

    def set(self, now: datetime) -> None:
        self._from, self._began = now, time.monotonic()

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=(time.monotonic() - self._began) * FASTER)


def days_facts(now: datetime) -> Mapping[str, Fact]:
    """Return what is true on a local day: one service fails every other day, one for three of each seven."""
    day = now.astimezone(ZONE).toordinal()
    return {
        "service-0": Severity.P0 if day % 2 else "passed",
        "service-1": Severity.P1 if day % 7 in (1, 2, 3) else "passed",
    }


@dataclass
class Race:
    """What came of a race. ``won`` counts the digests that each instance wrote."""

    digests: int
    slots: int = 0
    incidents: int = 0
    messages: int = 0
    won: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    difference: Difference = field(default_factory=Difference)


def run(digests: int, firestore: str, instances: int = 2, prefix: str = "race_") -> Race:
    """Let the instances start each digest and each refresh at the same moment. ``firestore`` is the emulator."""
    race = Race(digests)
    days = [START.astimezone(ZONE).date() + timedelta(days=number) for number in range(digests)]
    instants = [datetime.combine(day, at, ZONE) for day in days for at in (POSTED, REFRESHED)]
    clock = FastClock()
    with SlackServer((CHANNEL,), clock=clock, posts_a_second=1) as slack:
        racers = [
            Conversation(
                (
                    *(sys.executable, "-m", "tests.faults.racer", "--prefix", prefix, "--slack", slack.api_url),
                    *("--owner", f"instance-{number + 1}"),
                ),
                {"FIRESTORE_EMULATOR_HOST": firestore},
            )
            for number in range(instances)
        ]
        try:
            for racer in racers:
                racer.listen()
            for instant in instants:
                clock.set(instant)
                _start_together(race, racers, instant)
        finally:
            for racer in racers:
                racer.__exit__(None, None, None)
        messages = shown(slack)
    expectation = Expectation(flap=timedelta(0))
    for instant in instants:
        expectation.see(days_facts(instant), instant)
    race.incidents, race.messages = len(expectation.incidents), len(messages)
    race.difference = compare(expectation.incidents, [each for each in messages if each.key.startswith("alert:")], {})
    race.difference.add(_compare_digests([day.isoformat() for day in days], messages))
    return race


def _start_together(race: Race, racers: Sequence[Conversation], instant: datetime) -> None:
    for racer in racers:
        racer.tell(instant.isoformat())
    answers = [racer.listen() for racer in racers]
    race.slots += 1
    for number, answer in enumerate(answers, start=1):
        race.won[f"instance {number}"] += answer["done"] in ("posted", "refreshed")
        race.sent[f"instance {number}"] += answer["sent"]


def _compare_digests(days: Sequence[str], messages: Sequence[Shown]) -> Difference:
    """Hold the digests to one message a day, and nothing that belongs to them to more than once."""
    difference = Difference()
    count = Counter(message.key for message in messages if message.key.startswith("digest:"))
    posted = Counter({day: count.pop(f"digest:{PIPELINE.name}:{day}", 0) for day in days})
    difference.lost += [f"digest of {day}" for day in days if posted[day] == 0]
    difference.double += [f"digest of {day}" for day in days if posted[day] > 1]
    difference.double += [key for key, times in count.items() if times > 1]
    return difference
