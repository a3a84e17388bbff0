"""Lives in processes of their own, which are killed with SIGKILL: ``python -m tests.faults.process``.

The nursery reads one line for each life, forks a process for it, and says in the end what it died of. In between
the life reads one command a line and answers each with one line of JSON. ``after`` makes it kill itself at a
numbered point; with ``statements`` every statement of SQLite is a point, too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from tests.bench.processes import reply
from tests.faults.life import Life
from tests.faults.lines import read_line
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


def live(birth: Mapping[str, Any]) -> None:
    """Do what each line says until one says that it is over."""
    points = Points(die)
    statements = False

    def at_statement(text: str) -> None:
        if statements:
            points(f"before SQL {text.split(maxsplit=1)[0]}")

    life = Life(
        open_store(birth["store"], at_statement), birth["slack"], birth["pager"], birth["owner"], Clock(), points
    )
    reply({"born": os.getpid()})
    while (command := read_line()) is not None and not command.get("over"):
        life.clock.now = datetime.fromisoformat(command["now"])
        statements = command["statements"]
        points.arm(command.get("after"))
        if "facts" in command:
            life.see(facts_of(command["facts"]))
        else:
            life.send()
        passed = len(points.passed)
        points.arm(None)
        reply({"passed": passed, "now": life.clock.now.isoformat()})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=("sqlite", "firestore", "soak"), required=True)
    roles, kind = {"teller": live}, parser.parse_args().kind
    if kind == "soak":
        from tests.faults.soak import instance  # noqa: PLC0415 - all of the bot takes seconds to import

        roles["instance"] = instance.live
    if kind == "firestore":
        # Imported once for all lives; nothing is connected before a life is born.
        from tests.faults import racer  # noqa: PLC0415 - Google's client takes a second to import

        roles["racer"] = racer.live
    reply({"ready": True})
    while (birth := read_line()) is not None:
        if "owner" not in birth:
            # A command to a life that was killed before it could read it.
            continue
        child = os.fork()
        if child == 0:
            roles[birth.get("role", "teller")](birth)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        reply({"ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
