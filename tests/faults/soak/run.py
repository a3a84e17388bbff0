"""Lets days pass: instances of the bot do their rounds on one store while worlds break, sources and Slack fail, and
processes are killed and started again. In the middle the version before goes on, and the store is one of another
version."""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.playground.clock import PlayClock
from bot.playground.slack import server as fake
from bot.playground.slack.server import SlackServer
from bot.scenarios.scenario import instant_of
from tests.faults.killable import Nursery
from tests.faults.soak.days import Days, Setting, Soak
from tests.faults.soak.inhabited import Inhabited, inhabited
from tests.faults.soak.instances import Instance
from tests.faults.soak.ledger import Passed, Span, judge, threads_of
from tests.faults.soak.plan import Failing, digests_due, is_in, plan_of
from tests.faults.soak.sights import sights_of
from tests.faults.soak.versions import FirestoreKept, Kept, SqliteKept
from tests.faults.story import CHANNEL
from tests.faults.workspace import shown

MAYBE_TWICE = "This may be here twice"

Change = Callable[[Days, Sequence[Instance]], None]

FORMER: Sequence[tuple[float, Change]] = (
    (0.25, lambda days, instances: days.become_former(instances[1:])),
    (0.4, lambda days, instances: days.become_former(instances[:1])),
    (0.55, lambda days, instances: days.become_present(instances)),
)
"""After which share of the days the version before stands beside this one, alone, and not any more."""

OTHERS: Sequence[tuple[float, Change]] = ((0.6, Days.change_version),)
"""When the store is one of another version."""

SILENCES: Sequence[Callable[[SlackServer], object]] = (
    lambda slack: setattr(slack, "down", True),
    lambda slack: slack.tell(fake.EVERY_METHOD, fake.rate_limited(30, times=None)),
    lambda slack: slack.tell("chat.postMessage", fake.broken(times=None)),
    lambda slack: slack.tell("chat.postMessage", fake.dropped_after_accepting(times=2)),
    lambda slack: slack.tell("conversations.history", fake.broken(times=None)),
)
"""What may be wrong with Slack for a while."""


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
        count = 1 if firestore is None else 2
        nurseries = [stack.enter_context(Nursery("soak", environment)) for _ in range(count)]
        former: list[Nursery | None] = [None] * count
        if setting.former is not None:
            former = [stack.enter_context(Nursery("soak", environment, setting.former)) for _ in range(count)]
        birth: dict[str, Any] = {"pipelines": list(setting.pipelines), "store": kept.where, "slack": slack.api_url}
        if setting.logs is not None:
            birth["logs"] = str(setting.logs)
        if setting.without is not None:
            birth["without"] = setting.without
        store = stack.enter_context(closing(kept.opened()))
        days = Days(setting, kept, slack, clock, store)
        instances = [Instance(each, birth, other) for each, other in zip(nurseries, former, strict=True)]
        return _through(days, instances, pipelines, start)


def _through(days: Days, instances: Sequence[Instance], pipelines: Mapping[str, Inhabited], start: datetime) -> Soak:
    setting, chance = days.setting, random.Random(days.setting.seed)
    sights = {name: sights_of(each, setting.faults, setting.seed, setting.kinds) for name, each in pipelines.items()}
    plan = plan_of(pipelines, sights, start, setting.days, setting.weather, chance)
    for each in instances:
        each.start(days.clock())
    failing: Failing = {}
    began, seconds = time.monotonic(), (setting.minutes or 0) * 60
    changes = deque([*(FORMER if setting.former is not None else ()), *OTHERS])
    for number, turn in enumerate(plan.turns):
        share = (time.monotonic() - began) / seconds if seconds else number / len(plan.turns)
        if share >= 1:
            break
        _fall_silent(days.slack, plan.silences, turn.at, chance)
        unread = plan.unread(turn, chance)
        failing = plan.failing(turn, {})
        days.turn(turn, instances, plan.failing(turn, unread), unread)
        while changes and share >= changes[0][0]:
            _, change = changes.popleft()
            change(days, instances)
        days.restart(instances)
    now = days.clock()
    days.calm(instances, failing)
    for each in instances:
        each.leave()
    passed = Passed(
        broken=[each for each in plan.broken if each.begins < now],
        looks=days.looks,
        silences=plan.silences,
        digests={name: digests_due(each, start, days.clock()) for name, each in pipelines.items()},
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
    if is_in(silences, now):
        chance.choice(SILENCES)(slack)


def _judged(days: Days, passed: Passed, outages: Mapping[str, Sequence[Span]]) -> Soak:
    soak, messages = days.soak, shown(days.slack)
    judged = judge(passed, messages)
    for name, found in judged.everything.items():
        getattr(soak.findings, name).extend(found)
    soak.findings.lost += [f"{each.key} still waits: {each.error}" for each in days.store.pending()]
    days.measure()
    soak.uneven = judged.uneven
    soak.announced = len(passed.announced)
    soak.days = (passed.until - days.began) / timedelta(days=1)
    soak.incidents, soak.threads = len(passed.broken), len(threads_of(messages))
    soak.digests, soak.messages = sum(map(len, passed.digests.values())), len(messages)
    soak.outages = sum(begin < passed.until for found in outages.values() for begin, _ in found)
    soak.silences = sum(begin < passed.until for begin, _ in passed.silences)
    return soak
