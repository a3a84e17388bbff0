"""Another process at the same store: ``python -m tests.bot.store.client WHAT PLACE OWNER``.

It opens the store, says ``ready`` and begins when its standard input says so. What it has done, it says, a line each.
"""

from __future__ import annotations

import itertools
import sys

from bot.store.model import Changes, StateStore
from tests.bot.store.places import open_store
from tests.bot.store.records import NOW, a_post, an_alert, later


def claim(store: StateStore, owner: str) -> None:
    """Claim until nothing is left."""
    while claimed := store.claim(owner, NOW, later(seconds=30), 2):
        for each in claimed:
            _say(each.key)
    # Who was overtaken each time may have stopped too early; the test claims the rest.


def write(store: StateStore, owner: str) -> None:
    """Commit one alert with its message after the other, for ever."""
    for number in itertools.count():
        alert = an_alert(f"{owner}-{number}")
        store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread)]))
        _say(alert.key)


def lead(store: StateStore, owner: str) -> None:
    """Try to get each of fifty leases."""
    for number in range(50):
        if store.acquire(f"slot-{number}", owner, NOW, later(seconds=30)):
            _say(f"slot-{number}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _main(what: str, place: str, owner: str) -> None:
    store = open_store(place)
    _say("ready")
    sys.stdin.readline()
    {"claim": claim, "write": write, "lead": lead}[what](store, owner)
    _say("done")
    sys.stdin.readline()


if __name__ == "__main__":
    _main(*sys.argv[1:])
