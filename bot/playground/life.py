"""The bot of the playground, whose timetable turns when its clock is put forward."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.drain import Drain
from bot.playground.clock import PlayClock
from bot.serving.process import Serving
from bot.serving.slack_endpoint import PATH
from bot.serving.web_server import WebServer
from bot.store.model import Alert, StateStore

STOP_SECONDS = 2.0
ROUND = "round"
"""The job that catches up with everything that is due; each other job is followed by one."""


class Runnable(Protocol):
    """What does the jobs of a bot."""

    def run(self, job: str) -> str: ...

    def stop(self, seconds: float) -> bool: ...


class Turned(Runnable, Protocol):
    """The timetable of a bot, as far as somebody else turns it."""

    def due_between(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, str]]:
        """Return what is due in a span, but for rounds, in order."""
        ...


@dataclass(frozen=True)
class TurnedByHand:
    """A timetable whose jobs run when somebody says so, and never by themselves."""

    turned: Runnable
    running: bool = True

    def start(self) -> None:
        """Wait for the clock to be put forward."""

    def run(self, job: str) -> str:
        return self.turned.run(job)

    def stop(self, seconds: float = 0.0) -> bool:
        return self.turned.stop(seconds)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a life is made of. ``digest`` writes the digest now, ``settle`` waits until everything has left."""

    pipeline: str
    serving: Serving
    timetable: Turned
    store: StateStore
    clock: PlayClock
    digest: Callable[[], object]
    settle: Drain


class Life:
    """A bot that runs until it is stopped; another one may follow it on the same store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._bot = replace(parts.serving.bot, timetable=TurnedByHand(parts.timetable))
        (application,) = parts.serving.applications.values()
        listening = _loopback()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
        self._server = WebServer(parts.serving.refusals, parts.serving.limits)
        self._server.listen(application, listening)
        self._loop = threading.Thread(target=self._server.run, name="web", daemon=True)

    def alerts(self) -> Sequence[Alert]:
        """Return what is open. Raises StoreError."""
        return tuple(self._parts.store.open_alerts(self._parts.pipeline))

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
        clock = self._parts.clock
        for moment, job in self._parts.timetable.due_between(clock(), until):
            clock.put_forward(moment)
            passed()
            self.do(job)
            self.do(ROUND)
        clock.put_forward(until)
        self.do(ROUND)
        passed()

    def do(self, job: str) -> None:
        """Do a job of the timetable, and wait until Slack has what it says."""
        self._parts.timetable.run(job)
        self._parts.settle()

    def look_at_everything(self) -> None:
        """Write the digest now, as ``reveille digest`` does, or bring it up to date."""
        clock = self._parts.clock
        clock.put_forward(clock() + timedelta(minutes=1))
        self._parts.digest()
        self._parts.settle()


def _loopback() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening
