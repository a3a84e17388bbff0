"""The outboxes of all sinks as one: each sends by itself, so that a sink that fails holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.delivery.outbox import Outbox
from bot.store.model import Delivery


class Outboxes:
    """``by_sink`` has the outbox of each sink that is set up; ``main`` is the one that people are told by."""

    def __init__(self, by_sink: Mapping[str, Outbox], main: str) -> None:
        self._by_sink = by_sink
        self._main = by_sink[main]
        self._others = {name: each for name, each in by_sink.items() if name != main}

    def also_tell(self, listener: Callable[[Delivery], object]) -> None:
        """Have somebody told of each message that people got. Before anything is sent."""
        self._main.also_tell(listener)

    def ask_to_be_woken(self, at: Callable[[datetime], object]) -> None:
        """Have somebody told until when a message waits. Before anything is sent."""
        for each in self._by_sink.values():
            each.ask_to_be_woken(at)

    def wake(self) -> None:
        for each in self._by_sink.values():
            each.wake()

    def say_without_store(self, delivery: Delivery) -> None:
        """Send what cannot be stored straight to its sink, once for each key."""
        if (outbox := self._by_sink.get(delivery.sink)) is not None:
            outbox.say_without_store(delivery)

    def holds(self, delivery: Delivery) -> bool:
        """Whether a delivery waits for its sink or for a person; for one that is not set up any more it does."""
        outbox = self._by_sink.get(delivery.sink)
        return outbox is None or outbox.holds(delivery)

    def problems(self) -> Mapping[str, str]:
        """Return why people are told nothing, where only a person can repair that."""
        return self._main.problems()

    def warnings(self) -> Mapping[str, str]:
        """Return what else only a person can repair: no reason to take the process out of service."""
        return {name: sentence for each in self._others.values() for name, sentence in each.problems().items()}

    def pump(self) -> int:
        """Send what may go now through all sinks; return how many went."""
        return sum(each.pump() for each in self._by_sink.values())

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop, each sink on a thread of its own."""
        threads = [
            threading.Thread(target=each.run, args=(stop,), name=f"outbox-{name}", daemon=True)
            for name, each in self._others.items()
        ]
        for thread in threads:
            thread.start()
        self._main.run(stop)
        for thread in threads:
            thread.join()
