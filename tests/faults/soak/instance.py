"""An instance of the bot, as a life of the nursery: composed as ``serve`` does it, on worlds that pass by.

Reads a command a line: the instant, what is broken in each pipeline, the jobs to do. It does them, waits until Slack
has what they say, and answers with a line of JSON. A store that it may not open it refuses, and ends.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from bot.composition.notifier import MadeWorld, Notifier, Prepared
from bot.composition.serve import assembled
from bot.delivery.drain import Drain
from bot.playground.life import Runnable, TurnedByHand
from bot.playground.slack.server import SIGNING_SECRET, TOKEN
from bot.redaction.redactor import Redactor
from bot.redaction.shown import Secret
from bot.serving.bot_process import Bot
from bot.serving.logs import CloudFormatter
from bot.serving.process import _share_memory
from bot.serving.serving_settings import FIRESTORE, ServingSettings, SlackSettings, StoreDatabase
from bot.settings import Settings, SettingsError
from bot.store.model import StateStore, StoreError
from tests.bench.processes import reply
from tests.faults.emulated import PROJECT
from tests.faults.lines import read_line
from tests.faults.soak.inhabited import Inhabited, inhabited
from tests.faults.soak.passing_world import PassingWorld
from tests.faults.soak.undone import take_away

SETTLE_SECONDS = 1.0
STOP_SECONDS = 5.0

LET_GO_SECONDS = 15.0
"""Longer than a call of Slack takes until its time-out."""
BETWEEN_LOOKS = 0.02


def live(birth: Mapping[str, Any]) -> None:
    """Do what each line says until one says that it is over, and then end in peace."""
    take_away(birth)
    _share_memory()
    worlds = {name: (each, each.world()) for name, each in inhabited(birth["pipelines"]).items()}
    for _, world in worlds.values():
        world.clock.put_forward(datetime.fromisoformat(birth["now"]))
    _log_to(birth.get("logs"), next(iter(worlds.values()))[1])
    try:
        bot, timetable, told = _composed(list(worlds.values()), birth)
    except (SettingsError, StoreError) as error:
        reply({"refused": str(error)})
        return
    bot.start()
    reply({"born": os.getpid()})
    settle = Drain(told.store, told.outbox.wake, told.clock, told.outbox.holds, seconds=SETTLE_SECONDS)
    while (command := read_line()) is not None and not command.get("over"):
        for name, (_, world) in worlds.items():
            world.live_on(datetime.fromisoformat(command["now"]), frozenset(command["broken"].get(name, ())))
        done = _done(timetable, command["jobs"], settle)
        _let_go(told.store)
        for _, world in worlds.values():
            world.settle()
        reply({"done": done, "resident": resident(os.getpid())})
    bot.stop(STOP_SECONDS)


def _log_to(folder: str | None, world: PassingWorld) -> None:
    """Log at the time of the world, to a file of this process where somebody wants to read it."""
    handler = logging.NullHandler() if folder is None else logging.FileHandler(Path(folder, f"{os.getpid()}.log"))
    handler.setFormatter(CloudFormatter(Redactor(())))

    def at_its_time(record: logging.LogRecord) -> bool:
        record.created = world.clock().timestamp()
        return True

    handler.addFilter(at_its_time)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def _let_go(store: StateStore) -> None:
    """Wait until this process holds no message any more: time makes leaps, and nothing is on its way for so long."""
    until = time.monotonic() + LET_GO_SECONDS
    mine = f"-{os.getpid()}-"
    while time.monotonic() < until:
        with suppress(StoreError):
            if not any(mine in (each.lease_owner or "") for each in store.pending()):
                return
        time.sleep(BETWEEN_LOOKS)


def _done(timetable: TurnedByHand, jobs: Sequence[str], settle: Drain) -> Sequence[str]:
    found = []
    for job in jobs:
        try:
            found.append(timetable.run(job))
            settle()
        except StoreError as error:
            found.append(str(error))
    return found


def _composed(
    worlds: Sequence[tuple[Inhabited, PassingWorld]], birth: Mapping[str, Any]
) -> tuple[Bot, TurnedByHand, Notifier]:
    slack = SlackSettings(bot_token=Secret(TOKEN), signing_secret=Secret(SIGNING_SECRET), api_url=birth["slack"])
    kind, _, name = birth["store"].partition(":")
    settings = Settings(firestore_emulator=os.environ.get("FIRESTORE_EMULATOR_HOST"))
    store = Path(name) if kind == "sqlite" else StoreDatabase(name=name, chosen=True, kind=FIRESTORE, project=PROJECT)
    serving, told, _ = assembled(
        [
            Prepared(
                settings=settings,
                serving=ServingSettings(store=store),
                slack=slack,
                pipeline=each.pipeline,
                notifications=each.notifications,
                scenario=None,
                world=MadeWorld(ports=world.stage, clock=world.clock, requested=each.scenario.file.requested),
            )
            for each, world in worlds
        ]
    )
    timetable = TurnedByHand(cast("Runnable", serving.bot.timetable))
    return replace(serving.bot, timetable=timetable), timetable, told


def resident(process: int) -> int:
    """Return the memory that a process has in use, in MB."""
    with Path(f"/proc/{process}/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
