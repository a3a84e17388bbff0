"""The bot of the playground: the real one, composed as ``serve`` composes it, whose timetable somebody else turns."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.composition.notifier import MadeWorld, Prepared
from bot.composition.serve import assembled
from bot.delivery.drain import Drain
from bot.playground.hours import ROUND, due_between
from bot.playground.slack.server import SlackServer
from bot.playground.world import PlayWorld
from bot.redaction.shown import Secret
from bot.serving.bot_process import Bot
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.serving.slack_endpoint import PATH
from bot.serving.web_server import WebServer
from bot.settings import Settings
from bot.store.model import StateStore
from bot.timetable.digest import Digests
from bot.timetable.schedules import Schedules

STOP_SECONDS = 2.0
SETTLE_SECONDS = 5.0


@dataclass(frozen=True)
class TurnedByHand:
    """The timetable of a bot whose jobs run when the playground's clock is put forward, and never by themselves."""

    schedules: Schedules
    running: bool = True

    def start(self) -> None:
        """Wait for the clock to be put forward."""

    def stop(self, seconds: float) -> bool:
        return self.schedules.stop(seconds)


class Life:
    """A bot that runs until it is ended; another one may follow it on the same store."""

    def __init__(self, world: PlayWorld, slack: SlackServer, store: Path) -> None:
        prepared = prepared_for(world, slack, store)
        serving, told, schedules = assembled(prepared)
        self._world = world
        self._notifications = prepared.notifications
        self.digests: Digests = told.digests
        self.store: StateStore = told.store
        self._schedules = schedules
        self._settle = Drain(told.store, told.outbox.wake, told.clock, told.outbox.holds, seconds=SETTLE_SECONDS)
        self._bot: Bot = replace(serving.bot, timetable=TurnedByHand(schedules))
        (application,) = serving.applications.values()
        listening = _loopback()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
        self._server = WebServer(serving.refusals, serving.limits)
        self._server.listen(application, listening)
        self._loop = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        self._bot.start()
        self._loop.start()

    def stop(self) -> bool:
        """End everything; whether it ended in time."""
        self._server.close()
        ended = self._bot.stop(STOP_SECONDS)
        self._loop.join(STOP_SECONDS)
        return ended

    def pass_time(self, until: datetime, passed: Callable[[], object]) -> None:
        """Let it become later: what is due is done at its time; ``passed`` hears of each step."""
        clock, zone = self._world.clock, self._world.pipeline.zone
        for each in due_between(self._notifications, zone, clock(), until):
            clock.put_forward(each.at)
            passed()
            self.do(each.job)
        clock.put_forward(until)
        self.do(ROUND)
        passed()

    def do(self, job: str) -> None:
        """Do a job of the timetable, and wait until Slack has what it says."""
        self._schedules.run(job)
        self._settle()

    def look_at_everything(self) -> None:
        """Write the digest now, as ``reveille digest`` does, or bring it up to date."""
        self._world.clock.put_forward(self._world.clock() + timedelta(minutes=1))
        self.digests.run_now()
        self._settle()


def prepared_for(world: PlayWorld, slack: SlackServer, store: Path) -> Prepared:
    """Return what the bot of a world is composed of. Nothing of it comes from the environment, and nothing leads to a
    project, a pager or another Slack."""
    notifications = world.pipeline.notifications
    assert notifications is not None  # noqa: S101 - whoever makes a world gives it some
    return Prepared(
        settings=Settings(),
        serving=ServingSettings(store=store),
        slack=SlackSettings(
            bot_token=Secret(slack.token), signing_secret=Secret(slack.signing_secret), api_url=slack.api_url
        ),
        pipeline=world.pipeline,
        notifications=notifications,
        scenario=None,
        world=MadeWorld(ports=world.stage, clock=world.clock, requested=world.scenario.file.requested),
    )


def _loopback() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening
