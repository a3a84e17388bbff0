import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from bot.serving.bot_process import Bot
from bot.store.model import StoreError


@dataclass
class Store:
    works: bool = True
    closed: bool = False

    def ping(self) -> None:
        if not self.works:
            raise StoreError("10.0.0.1 cannot be reached")

    def close(self) -> None:
        self.closed = True


@dataclass
class Work:
    """Something that runs; it takes so many seconds to end, or breaks when it is told to."""

    takes: float = 0.0
    breaks: bool = False
    given: float | None = None
    running: bool = False

    def start(self) -> None:
        self.running = True

    def stop(self, seconds: float) -> bool:
        self.given = seconds
        if self.breaks:
            raise RuntimeError("cannot be stopped")
        time.sleep(min(self.takes, seconds))
        self.running = False
        return self.takes <= seconds


@dataclass
class Socket:
    connected: bool = False
    closed: bool = False

    def start(self) -> None:
        self.connected = True

    def close(self) -> None:
        self.closed, self.connected = True, False


@dataclass
class Sender:
    """Sends until its event is set; ``slow`` goes on a while after that."""

    slow: float = 0.0
    began: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self, over: threading.Event) -> None:
        self.began.set()
        over.wait()
        time.sleep(self.slow)
        self.ended.set()


def bot(
    *,
    store: Store | None = None,
    timetable: Work | None = None,
    workers: tuple[Work, ...] = (),
    send: Callable[[threading.Event], None] | None = None,
    socket: Socket | None = None,
) -> Bot:
    return Bot(
        store=store or Store(), timetable=timetable or Work(), workers=workers, send=send or Sender(), socket=socket
    )


def test_a_bot_that_runs_has_no_problems() -> None:
    running = bot(socket=Socket())

    running.start()

    assert running.problems() == {}
    running.stop(1)


def test_what_has_not_started_is_named() -> None:
    assert set(bot(socket=Socket()).problems()) == {"scheduler", "outbox", "socket"}


def test_a_store_that_is_down_is_named_without_its_address() -> None:
    running = bot(store=Store(works=False))
    running.start()

    assert running.problems() == {"store": "does not answer"}
    running.stop(1)


def test_what_keeps_messages_from_slack_is_named_with_its_reason() -> None:
    refused = {"slack": "refuses the bot (invalid_auth)."}
    running = replace(bot(), troubles=(lambda: refused,))
    running.start()

    assert running.problems() == refused
    running.stop(1)


def test_a_bot_that_was_told_to_end_is_no_longer_ready() -> None:
    running = bot()
    running.start()

    running.announce_stop()

    assert running.problems() == {"process": "is stopping"}
    running.stop(1)


def test_at_the_end_work_ends_before_the_outbox_does_and_the_store_last() -> None:
    store, sender, worker, socket = Store(), Sender(), Work(takes=0.1), Socket()
    running = bot(store=store, send=sender, workers=(worker,), socket=socket)
    running.start()

    ended = running.stop(2)

    assert ended
    assert socket.closed
    assert sender.ended.is_set()
    assert store.closed


def test_work_that_does_not_end_is_left_and_the_store_stays_open_for_it() -> None:
    store, sender = Store(), Sender()
    running = bot(store=store, send=sender, workers=(Work(takes=30),))
    running.start()

    began = time.monotonic()
    ended = running.stop(0.6)

    assert not ended
    assert time.monotonic() - began < 1.5
    assert sender.ended.is_set()
    assert not store.closed


def test_the_timetable_and_the_workers_share_the_time() -> None:
    running = bot(timetable=Work(takes=0.4), workers=(Work(takes=0.4), Work(takes=0.4)))
    running.start()

    began = time.monotonic()

    assert running.stop(1.6)
    assert time.monotonic() - began < 1.0


def test_an_outbox_that_does_not_end_is_left() -> None:
    store = Store()
    running = bot(store=store, send=Sender(slow=30))
    running.start()

    assert not running.stop(0.4)
    assert not store.closed


def test_a_part_that_cannot_be_stopped_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    sender, worker = Sender(), Work()
    running = bot(send=sender, workers=(Work(breaks=True), worker))
    running.start()

    ended = running.stop(1)

    assert not ended
    assert worker.given is not None
    assert sender.ended.is_set()
    assert "could not be stopped" in caplog.text


def test_sending_that_breaks_starts_again(caplog: pytest.LogCaptureFixture) -> None:
    sender = Sender()
    failures = iter([True, False])

    def send(over: threading.Event) -> None:
        if next(failures):
            raise RuntimeError("broke once")
        sender(over)

    running = bot(send=send)
    running.start()

    assert sender.began.wait(5)
    assert running.problems() == {}
    assert "sending broke" in caplog.text
    running.stop(1)
