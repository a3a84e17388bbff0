"""What runs in a process that serves: its threads, how they start, whether they work, how they end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.store.model import StoreError

STOP_SECONDS = 6.5
"""What runs may take so long to end after SIGTERM; the rest of eight seconds is for the web server."""

LAST_SENDING_SECONDS = 2.0
"""Of these, what the outbox keeps for the message that is under way. What the last work has stored waits for
whoever serves next."""

_logger = logging.getLogger(__name__)


class Stoppable(Protocol):
    """Something that takes no more work when told, and says whether everything ended in time."""

    def stop(self, seconds: float) -> bool: ...


class Timetable(Stoppable, Protocol):
    """The scheduled jobs."""

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...


class Pinged(Protocol):
    """A store, as far as its end and its health are concerned."""

    def ping(self) -> None: ...

    def close(self) -> None: ...


class Socket(Protocol):
    """Socket Mode: connects again and again until it is closed."""

    @property
    def connected(self) -> bool: ...

    def start(self) -> None: ...

    def close(self) -> None: ...


@dataclass(kw_only=True)
class Bot:
    """Everything that runs beside the web server.

    ``send`` sends messages until its event is set, then comes back; so does ``follow``, which looks after repairs.
    ``recover`` ends at the start what a former process has left standing; it comes back when its event is set.
    ``access`` asks Slack now and then whether it lets the bot in, ``homes`` draws home tabs again, ``wake_ups`` has
    somebody outside call when a message may go, all until their event is set. ``store_problem`` says why the store
    cannot be written; by default it is asked again. ``troubles`` name further parts that do not work. ``close`` lets go
    of what the validation asks.
    """

    store: Pinged
    timetable: Timetable
    workers: Sequence[Stoppable]
    send: Callable[[threading.Event], None]
    follow: Callable[[threading.Event], None] | None = None
    recover: Callable[[threading.Event], None] | None = None
    access: Callable[[threading.Event], None] | None = None
    homes: Callable[[threading.Event], None] | None = None
    wake_ups: Callable[[threading.Event], None] | None = None
    store_problem: Callable[[], str | None] | None = None
    troubles: Sequence[Callable[[], Mapping[str, str]]] = ()
    socket: Socket | None = None
    close: Callable[[], None] = lambda: None
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _sending_over: threading.Event = field(default_factory=threading.Event, init=False)
    _sender: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Start everything; nothing here waits for Slack or for the store."""
        self._sender = threading.Thread(target=self._send, name="outbox", daemon=True)
        self._sender.start()
        beside = {"repairs": self.follow, "recovery": self.recover, "access": self.access, "homes": self.homes}
        beside["wake-ups"] = self.wake_ups
        for name, part in beside.items():
            if part is not None:
                threading.Thread(target=part, args=(self._stopping,), name=name, daemon=True).start()
        self.timetable.start()
        if self.socket is not None:
            self.socket.start()

    def problems(self) -> Mapping[str, str]:
        """Return what does not work, each with its reason; empty when everything does. Slack is not asked: that it
        is down is no reason to take this process out of service. That it refuses us somebody has to repair."""
        found: dict[str, str] = {}
        if self._stopping.is_set():
            found["process"] = "is stopping"
        if not self.timetable.running:
            found["scheduler"] = "does not run"
        if self._sender is None or not self._sender.is_alive():
            found["outbox"] = "does not run"
        problem = (self.store_problem or self._store_problem)()
        if problem is not None:
            # The rest stands in the log; this answer is for whoever asks.
            found["store"] = problem
        for trouble in self.troubles:
            found |= trouble()
        if self.socket is not None and not self.socket.connected:
            found["socket"] = "is not connected to Slack"
        return found

    def _store_problem(self) -> str | None:
        try:
            self.store.ping()
        except StoreError as error:
            return str(error.problem)
        return None

    def announce_stop(self) -> None:
        """Be no longer ready: somebody has asked this process to end."""
        self._stopping.set()

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Take no more work, let what runs end or be handed back, then the outbox, then close the store.

        Comes back within ``seconds``; whether everything ended. What did not is a lease that runs out, and is
        taken over by whoever comes next.
        """
        deadline = time.monotonic() + seconds
        self.announce_stop()
        if self.socket is not None:
            _quietly(self.socket.close)
        ended = self._end_work(deadline - min(LAST_SENDING_SECONDS, seconds / 2))
        self._sending_over.set()
        if self._sender is not None:
            self._sender.join(max(0.0, deadline - time.monotonic()))
            ended = ended and not self._sender.is_alive()
        if ended:
            # A store that somebody still writes to is left to the end of the process.
            _quietly(self.store.close)
            _quietly(self.close)
        return ended

    def _end_work(self, deadline: float) -> bool:
        """Stop the timetable and the workers side by side, because they share the time."""
        results: list[bool] = []

        def end(part: Stoppable) -> None:
            try:
                results.append(part.stop(max(0.0, deadline - time.monotonic())))
            except Exception:
                _logger.exception("a part could not be stopped")

        parts = (self.timetable, *self.workers)
        threads = [threading.Thread(target=end, args=(part,), daemon=True) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()) + 0.2)
        return len(results) == len(parts) and all(results)

    def _send(self) -> None:
        """A thread that dies would be silence: whatever breaks is logged, and sending goes on."""
        while not self._sending_over.is_set():
            try:
                self.send(self._sending_over)
            except Exception:
                _logger.exception("sending broke; it starts again")
                self._sending_over.wait(1.0)


def together(parts: Sequence[Callable[[threading.Event], None]], name: str) -> Callable[[threading.Event], None]:
    """Return what runs several parts at once, each on a thread of its own, until their event is set."""

    def run(stopping: threading.Event) -> None:
        threads = [threading.Thread(target=each, args=(stopping,), name=name, daemon=True) for each in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def _quietly(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception:
        _logger.exception("a part could not be closed")
