"""Let days pass at high speed, and count what is lost, double, late and wrong: ``python -m tests.faults.soak``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.faults.soak.days import Setting, Soak
from tests.faults.soak.former import FormerError, former_commit, former_tree
from tests.faults.soak.inhabited import PIPELINES
from tests.faults.soak.plan import CHAOS, SOAK, Weather
from tests.faults.soak.run import run
from tests.servers.emulator import EmulatorUnavailable
from tests.servers.firestore_emulator import firestore_emulator

FAR = 400.0
"""Days that no chaos reaches in its minutes."""

CHAOS_MINUTES = 3.0

SHOWN = 40

NONE = "none"

SHORT = 12
"""Letters of a commit."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    soaking = commands.add_parser("soak", help="many days; now and then something fails or is restarted")
    soaking.add_argument("--days", type=float, default=14, help="how many days (default: 14)")
    soaking.add_argument("--minutes", type=float, help="end after so many minutes, whatever day it is then")
    soaking.set_defaults(weather=SOAK, pipelines=["nba", "shop"], former="")
    storming = commands.add_parser("chaos", help="so many minutes in which everything fails all the time")
    storming.add_argument("--days", type=float, default=FAR, help="end after so many days, too")
    storming.add_argument("--minutes", type=float, default=CHAOS_MINUTES, help="how long (default: 3)")
    storming.set_defaults(weather=CHAOS, pipelines=["shop", "books"], former=NONE)
    for command in (soaking, storming):
        command.add_argument("--seed", type=int, default=1, help="what happens (default: 1)")
        command.add_argument("--pipelines", nargs="+", choices=PIPELINES, help="which ones")
        command.add_argument("--store", choices=("firestore", "sqlite"), help="default: Firestore where it can run")
        command.add_argument("--logs", type=Path, metavar="FOLDER", help="keep what every process logs")
        command.add_argument(
            "--former", metavar="COMMIT", help="the version that goes on in the middle: a commit, or 'none'"
        )
        command.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    return parser.parse_args()


@contextmanager
def _firestore(wanted: str | None) -> Iterator[str | None]:
    """Yield the address of the emulator; None where SQLite is wanted, or where there is none and nobody wants it."""
    if wanted == "sqlite":
        yield None
        return
    emulator = firestore_emulator()
    try:
        address = emulator.__enter__()
    except EmulatorUnavailable as reason:
        if wanted is not None:
            raise
        sys.stderr.write(f"{reason}: one instance on SQLite instead of two on Firestore\n")
        yield None
        return
    try:
        yield address
    finally:
        emulator.__exit__(None, None, None)


@contextmanager
def _former(wanted: str) -> Iterator[tuple[str, Path | None]]:
    """Yield the commit of the version before and its tree. Where nobody names one and none can take part, it says why.

    Raises FormerError for one that is named.
    """
    if wanted == NONE:
        yield "", None
        return
    with ExitStack() as stack:
        try:
            commit = wanted or former_commit()
            tree = stack.enter_context(former_tree(commit))
        except FormerError as reason:
            if wanted:
                raise
            sys.stderr.write(f"{reason} No former version takes part.\n")
            yield "", None
        else:
            yield commit, tree


def figures_of(soak: Soak) -> Mapping[str, Any]:
    """Return what is written as JSON: every figure, and how much is wrong."""
    found = asdict(soak)
    del found["findings"]
    return {**found, **{name: len(each) for name, each in soak.findings.everything.items()}}


def _say(command: str, soak: Soak, seconds: float) -> None:
    for name, found in soak.findings.everything.items():
        for each in found[:SHOWN]:
            sys.stderr.write(f"{name}: {each}\n")
    wrong = ", ".join(f"{len(found)} {name}" for name, found in soak.findings.everything.items())
    sys.stdout.write(
        f"{command}: {soak.days:.1f} days in {seconds:.0f} s: {soak.incidents} incidents, {soak.threads} threads,"
        f" {soak.digests} digests, {soak.messages} messages: {wrong}\n"
        f"  {soak.deaths} deaths, {soak.restarts} restarts, {soak.outages} source outages,"
        f" {soak.silences} Slack faults, {soak.announced} messages that say that they may be there twice\n"
    )
    for each in soak.uneven:
        sys.stdout.write(f"  {each}\n")
    if soak.memory is not None:
        sys.stdout.write("  memory of a process: {} MB on its second day, {} MB on its last\n".format(*soak.memory))
    if soak.records is not None:
        sys.stdout.write("  records in the store: {} at first, {} in the end\n".format(*soak.records))
    if soak.former:
        sys.stdout.write(f"  the version before, on the same store: {soak.former}\n")
    if soak.refused:
        sys.stdout.write(f"  a store of a newer program: {soak.refused}\n  one of the program before: continued\n")


def main() -> int:
    """Run and print. Returns 1 when anything is lost, double, late or wrong, 2 without the emulator that is wanted."""
    options = _options()
    weather: Weather = options.weather
    setting = Setting(
        pipelines=options.pipelines,
        days=options.days,
        weather=weather,
        seed=options.seed,
        minutes=options.minutes,
        logs=options.logs,
    )
    try:
        with _firestore(options.store) as firestore, _former(options.former) as (commit, tree):
            began = time.monotonic()
            soak = run(replace(setting, former=tree), firestore)
            seconds = time.monotonic() - began
    except EmulatorUnavailable as reason:
        sys.stderr.write(f"{reason}; try --store sqlite\n")
        return 2
    except FormerError as reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    if commit:
        soak.former = f"{commit[:SHORT]} {soak.former or 'had no turn'}"
    _say(options.command, soak, seconds)
    if options.json is not None:
        figures = {"mode": options.command, "seed": options.seed, "seconds": seconds, **figures_of(soak)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return int(any(soak.findings.everything.values()))


if __name__ == "__main__":
    sys.exit(main())
