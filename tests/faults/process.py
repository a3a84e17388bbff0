"""A life in a process of its own, which is killed with SIGKILL: ``python -m tests.faults.process``.

Reads one command a line and answers each with one line of JSON. ``arm`` makes it die at a numbered point, or
after so many seconds wherever it may be then. With ``statements`` every statement of SQLite is a point, too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from tests.bench.processes import reply
from tests.faults.life import Life
from tests.faults.points import Points
from tests.faults.story import Fact
from tests.faults.workspace import Clock


def die(place: str) -> None:
    """Tell where, and be gone before anything else can happen."""
    reply({"died_at": place})
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def open_store(where: str, at_statement: Callable[[str], None]) -> StateStore:
    """Open ``sqlite:PATH`` or ``firestore:PREFIX`` (on the emulator that the environment names)."""
    kind, _, name = where.partition(":")
    if kind == "sqlite":
        store = SqliteStore(Path(name))
        store._connection.set_trace_callback(at_statement)
        return store
    from tests.faults.emulated import firestore_store  # noqa: PLC0415 - Google's client takes a second to import

    return firestore_store(os.environ["FIRESTORE_EMULATOR_HOST"], name)


def facts_of(document: dict[str, int | str]) -> dict[str, Fact]:
    return {name: Severity(fact) if isinstance(fact, int) else fact for name, fact in document.items()}  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", required=True)
    parser.add_argument("--slack", required=True)
    parser.add_argument("--owner", required=True)
    options = parser.parse_args()
    points = Points(die)
    statements = False

    def at_statement(text: str) -> None:
        if statements:
            points(f"before SQL {text.split(maxsplit=1)[0]}")

    life = Life(open_store(options.store, at_statement), options.slack, options.owner, Clock(), points)
    reply({"ready": True})
    for line in sys.stdin:
        command = json.loads(line)
        life.clock.now = datetime.fromisoformat(command["now"])
        if command.get("seconds") is not None:
            timer = threading.Timer(command["seconds"], die, ("a moment of its own",))
            timer.daemon = True
            timer.start()
        statements = command["statements"]
        points.arm(command.get("after"))
        if "facts" in command:
            life.see(facts_of(command["facts"]))
        else:
            life.send()
        passed = list(points.passed)
        points.arm(None)
        reply({"done": True, "passed": len(passed), "now": life.clock.now.isoformat()})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
