"""A real ``reveille serve`` is killed again and again while services break, Slack fails, and people click and repair.

Slack, the platform and the store outlive every process. When the storm is over all of it is made well, and what
Slack shows is held against what was decided.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs

from bot.playground.slack import server as fake
from bot.playground.slack.requests import SignedRequest
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import PostedMessage
from bot.store.model import Alert, AlertState, AuditEntry, Delivery, DeliveryKind, StateStore
from bot.store.sqlite import SqliteStore
from handlers.replays import untold
from tests.bot.serving.served import Served, http_variables
from tests.faults.storm_ledger import Aftermath, Wrong, judge
from tests.faults.storm_world import PIPELINE, SERVICES, World, storm_world
from tests.faults.story import CHANNEL
from tests.faults.workspace import shown

LIVES = (3.0, 10.0, 40.0)
"""Seconds, after one of which a process is killed at the latest: while it starts, while it works, or once it has
posted."""

BETWEEN = 0.6
"""Seconds between two things that happen, on average."""

CALM = 180.0
"""Seconds within which everything must be settled once nothing fails any more: a few turns of the watch."""

FAULTS: Mapping[str, Callable[[], fake.SlackFault]] = {
    "limited": lambda: fake.rate_limited(2, times=2),
    "broken": lambda: fake.broken(times=3),
    "unreachable": lambda: fake.unreachable(times=3),
    "silent": fake.silent,
    "silent after accepting": fake.silent_after_accepting,
    "dropped after accepting": fake.dropped_after_accepting,
}
METHODS = ("chat.postMessage", "chat.update", "conversations.history", "views.open", fake.EVERY_METHOD)
REPAIR = "alert:repair"
BUTTONS = ("alert:acknowledge", "alert:recheck", "alert:details", REPAIR)

FORM_SECONDS = 2.0
"""So long a person waits for the form of a repair."""


@dataclass
class Storm:
    """What came of it."""

    deaths: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    incidents: int = 0
    repairs: int = 0
    messages: int = 0
    wrong: Wrong = field(default_factory=Wrong)


class Lives:
    """The process that serves, and the next one whenever it was killed."""

    def __init__(self, folder: Path, variables: Mapping[str, str], chance: random.Random) -> None:
        self._folder, self._variables, self._chance = folder, variables, chance
        self._over = threading.Event()
        self.deaths = 0
        self.served = self._born()
        self._killer = threading.Thread(target=self._kill_again_and_again, name="killer")

    def _born(self) -> Served:
        return Served(self._folder, self._variables).__enter__()

    def start(self) -> None:
        self._killer.start()

    def calm(self) -> None:
        """Kill nobody any more, and wait until somebody serves."""
        self._over.set()
        self._killer.join()
        self.served.wait_for(lambda: self.served.get("/health")[0] == 200, "to serve in the calm")

    def restart(self) -> None:
        """End in peace, and start again: a start validates at once."""
        self.served.__exit__()
        self.served = self._born()
        self.served.wait_for(lambda: self.served.get("/health")[0] == 200, "to serve again")

    def _kill_again_and_again(self) -> None:
        while not self._over.wait(self._chance.uniform(0.2, self._chance.choice(LIVES))):
            for pid in (self.served.process.pid, *self.served.workers()):
                _kill(pid)
            self.served.process.wait()
            self.deaths += 1
            self.served = self._born()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class People:
    """Click, confirm and ask, whether or not anybody serves."""

    def __init__(self, slack: SlackServer, lives: Lives, store: StateStore, chance: random.Random) -> None:
        self._slack, self._lives, self._store, self._chance = slack, lives, store, chance
        self._pressed = 0
        self.acknowledged: dict[str, str] = {}
        """Who pressed, by the trigger of every acknowledgement of an alert to which the process answered 200."""

    def press(self) -> str:
        """Press a button under some alert."""
        found = [(message, element) for message in self._slack.messages(CHANNEL) for element in _buttons(message)]
        if not found:
            return "nothing to press"
        message, element = self._chance.choice(found)
        action = str(element["action_id"])
        self._pressed += 1
        person = f"U0PRESSED{self._pressed}"  # each another one, so that answers tell which click they are to
        request = self._slack.requests.click(message, action, element.get("value", ""), user=person)
        wanted = action == "alert:acknowledge" and self._may_be_acknowledged(json.loads(element["value"]))
        if self._sent(request) and wanted:
            self.acknowledged[_trigger(request)] = person
        return action

    def repair(self) -> str:
        """Press Repair, and confirm what comes; or send a form again that came before."""
        found = [
            (message, element)
            for message in self._slack.messages(CHANNEL)
            for element in _buttons(message)
            if element["action_id"] == REPAIR
        ]
        if not found:
            return "nothing to repair"
        message, element = self._chance.choice(found)
        former = self._forms()
        self._sent(self._slack.requests.click(message, REPAIR, element.get("value", "")))
        until = time.monotonic() + FORM_SECONDS
        while len(self._forms()) == len(former) and time.monotonic() < until:
            time.sleep(0.05)
        forms = self._forms()
        if not forms:
            return "no form came"
        self._sent(self._slack.requests.submission(forms[-1], {}))
        return "repair confirmed" if len(forms) > len(former) else "former repair confirmed"

    def _forms(self) -> Sequence[Mapping[str, Any]]:
        views = list(self._slack.workspace.views.items())
        return [{**view, "id": name} for name, view in views if view.get("callback_id") == "repair:confirmed"]

    def _may_be_acknowledged(self, button: Mapping[str, Any]) -> bool:
        """Whether the button is of the alert as it is now; an older one is answered with a refusal."""
        alert = self._store.alert(button["key"])
        return alert is not None and alert.state is AlertState.FIRING and alert.version == button["version"]

    def ask(self) -> str:
        self._sent(self._slack.requests.command(self._chance.choice(("/validate-daily", "/alerts")), ""))
        return "command"

    def _sent(self, request: SignedRequest) -> bool:
        try:
            return request.send(self._lives.served.slack_url).status == 200
        except OSError:
            return False


def _buttons(message: PostedMessage) -> Iterator[Mapping[str, Any]]:
    for block in copy(message.blocks):
        for element in block.get("elements", ()):
            if isinstance(element, dict) and element.get("action_id") in BUTTONS:
                yield element


def _trigger(request: SignedRequest) -> str:
    return str(json.loads(parse_qs(request.body.decode())["payload"][0])["trigger_id"])


def run(minutes: float, seed: int = 1) -> Storm:
    """Let it storm for so many minutes on a store of SQLite; then judge."""
    chance = random.Random(seed)
    with TemporaryDirectory() as name, SlackServer((CHANNEL,)) as slack, storm_world() as world:
        folder = Path(name)
        (folder / "storm.yaml").write_text(PIPELINE, encoding="utf-8")
        variables = http_variables(
            slack,
            REVEILLE_PIPELINE=str(folder / "storm.yaml"),
            REVEILLE_STORE=str(folder / "storm.db"),
            **world.environment,
        )
        lives = Lives(folder, variables, random.Random(seed + 1))
        try:
            return _through(lives, slack, world, folder / "storm.db", minutes, chance)
        finally:
            lives._over.set()
            lives.served.__exit__()


def _through(
    lives: Lives, slack: SlackServer, world: World, database: Path, minutes: float, chance: random.Random
) -> Storm:
    store = SqliteStore(database)
    try:
        storm, people = Storm(), People(slack, lives, store, chance)
        lives.start()
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            storm.happened[_something(slack, world, people, chance)] += 1
            time.sleep(chance.expovariate(1 / BETWEEN))
        lives.calm()
        slack.recover()
        storm.deaths = lives.deaths
        storm.wrong.lost += _unseen(lives, world, store)
        for service in SERVICES:
            world.open(service)
        lives.restart()
        _wait(lambda: not store.pending() and all(each.state is AlertState.RESOLVED for each in _alerts(store)))
        audit = store.audit(datetime.now(UTC) - timedelta(days=1), 10_000)
        storm.wrong.lost += _unanswered(people, audit, slack)
        left = Aftermath(
            shown=shown(slack),
            alerts=_alerts(store),
            deliveries=_deliveries(database, store),
            audit=audit,
            granted=world.run.changed,
            again=world.run.again,
        )
    finally:
        store.close()
    judged = judge(left)
    storm.wrong.lost += judged.lost
    storm.wrong.double += judged.double
    storm.incidents = sum(each.kind is DeliveryKind.POST and each.key.startswith("alert:") for each in left.deliveries)
    storm.messages = len(left.shown)
    storm.repairs = sum(world.run.changed.values())
    return storm


def _something(slack: SlackServer, world: World, people: People, chance: random.Random) -> str:
    kind = chance.choices(("break", "heal", "slack", "press", "repair", "ask"), (5, 1, 3, 4, 4, 1))[0]
    if kind == "slack":
        fault = chance.choice(list(FAULTS))
        slack.tell(chance.choice(METHODS), FAULTS[fault]())
        return f"Slack {fault}"
    if kind in ("break", "heal"):
        (world.close if kind == "break" else world.open)(chance.choice(SERVICES))
        return kind
    return {"press": people.press, "repair": people.repair, "ask": people.ask}[kind]()


def _unseen(lives: Lives, world: World, store: StateStore) -> Sequence[str]:
    """Return the services that nobody can call and no alert is open for, once somebody had time to look."""
    lives.restart()
    broken = [name for name in SERVICES if not world.is_open(name)]

    def unseen() -> list[str]:
        shown = [each for alert in store.open_alerts("storm") for each in alert.details["findings"]]
        return [name for name in broken if not any(each["subject"] == name for each in shown)]

    _wait(lambda: not unseen() and not store.pending())
    return [f"{name} is closed, and nobody was told" for name in unseen()]


def _unanswered(people: People, audit: Sequence[AuditEntry], slack: SlackServer) -> Sequence[str]:
    """Return the clicks that had no effect and no answer: an alert that moved on meanwhile is told privately."""
    known = {each.key for each in audit}
    told = slack.told()
    return [
        f"acknowledgement {trigger} of {person}"
        for trigger, person in people.acknowledged.items()
        if f"click:acknowledge:{untold(trigger)}:acknowledged" not in known and person not in told
    ]


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + CALM
    while not condition() and time.monotonic() < until:
        time.sleep(0.5)


def _alerts(store: StateStore) -> Sequence[Alert]:
    return store.recent_alerts("storm", datetime.now(UTC) - timedelta(days=1))


def _deliveries(database: Path, store: StateStore) -> Sequence[Delivery]:
    with _read(database) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM deliveries")]
    return [found for key in keys if (found := store.delivery(key)) is not None]


@contextmanager
def _read(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        yield connection
    finally:
        connection.close()
