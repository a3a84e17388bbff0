"""Show that nothing is lost and nothing comes twice: ``python -m tests.faults kill-points``, ``race`` and ``storm``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.faults import kill_points, race, storm
from tests.faults.ledger import Difference
from tests.servers.emulator import EmulatorUnavailable

MODES = ("in-process", "sqlite", "firestore")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    killing = commands.add_parser("kill-points", help="die at random points, again and again")
    killing.add_argument("--count", type=int, default=200, help="deaths in each mode (default: 200)")
    killing.add_argument("--mode", choices=MODES, action="append", help="default: all of them")
    killing.add_argument("--seed", type=int, default=1, help="the first story (default: 1)")
    racing = commands.add_parser("race", help="two instances, one Firestore")
    racing.add_argument("--digests", type=int, default=100, help="days to race for (default: 100)")
    storming = commands.add_parser("storm", help="kill a process that serves while Slack fails and people repair")
    storming.add_argument("--minutes", type=float, default=10, help="how long it storms (default: 10)")
    storming.add_argument("--seed", type=int, default=1, help="what happens (default: 1)")
    for command in (killing, racing, storming):
        command.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    return parser.parse_args()


def _figures(difference: Difference) -> Mapping[str, int]:
    return {
        "lost": len(difference.lost),
        "double": len(difference.double),
        "stale": len(difference.stale),
        "misplaced": len(difference.misplaced),
    }


def _words(figures: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in figures.items())


def _kill_points(options: argparse.Namespace, firestore: str | None) -> Iterable[Mapping[str, Any]]:
    for mode in options.mode or MODES:
        began = time.monotonic()
        outcome = kill_points.run(mode, options.count, options.seed, firestore)
        figures = _figures(outcome.difference)
        deaths, places = outcome.deaths.total(), len(outcome.deaths)
        seconds = time.monotonic() - began
        sys.stdout.write(
            f"{mode}: {deaths} deaths at {places} different places, {outcome.stories} stories with {outcome.digests}"
            f" digests and refreshes, {outcome.incidents} incidents and {outcome.messages} messages:"
            f" {_words(figures)} ({seconds:.0f} s)\n"
        )
        for place, count in outcome.deaths.most_common():
            sys.stdout.write(f"  {count:4}  {place}\n")
        sys.stdout.flush()
        yield {
            "mode": mode,
            "deaths": deaths,
            "places": dict(outcome.deaths),
            "stories": outcome.stories,
            "digests": outcome.digests,
            "incidents": outcome.incidents,
            "messages": outcome.messages,
            "seconds": seconds,
            **figures,
        }


def _race(options: argparse.Namespace, firestore: str) -> Iterable[Mapping[str, Any]]:
    began = time.monotonic()
    outcome = race.run(options.digests, firestore)
    figures, seconds = _figures(outcome.difference), time.monotonic() - began
    won = ", ".join(f"{name} {count}" for name, count in sorted(outcome.won.items()))
    sent = ", ".join(f"{name} {count}" for name, count in sorted(outcome.sent.items()))
    for wrong in outcome.difference.wrong:
        sys.stderr.write(f"{wrong}\n")
    sys.stdout.write(
        f"race: {outcome.digests} digests and {outcome.slots - outcome.digests} refreshes with {outcome.incidents}"
        f" incidents and {outcome.messages} messages, {outcome.deaths} deaths and {outcome.steps} steps of clocks:"
        f" {_words(figures)} ({seconds:.0f} s)\n  written: {won}\n  sent: {sent}\n"
    )
    yield {
        "mode": "race",
        "digests": outcome.digests,
        "slots": outcome.slots,
        "deaths": outcome.deaths,
        "steps": outcome.steps,
        "incidents": outcome.incidents,
        "messages": outcome.messages,
        "written": dict(outcome.won),
        "sent": dict(outcome.sent),
        "seconds": seconds,
        **figures,
    }


def _storm(options: argparse.Namespace) -> Iterable[Mapping[str, Any]]:
    began = time.monotonic()
    outcome = storm.run(options.minutes, options.seed)
    seconds = time.monotonic() - began
    for name, wrong in (("lost", outcome.wrong.lost), ("double", outcome.wrong.double)):
        for each in wrong:
            sys.stderr.write(f"{name}: {each}\n")
    figures = {"lost": len(outcome.wrong.lost), "double": len(outcome.wrong.double)}
    sys.stdout.write(
        f"storm: {outcome.deaths} deaths, {outcome.incidents} incidents, {outcome.repairs} repairs and"
        f" {outcome.messages} messages: {_words(figures)} ({seconds:.0f} s)\n"
    )
    for what, count in outcome.happened.most_common():
        sys.stdout.write(f"  {count:4}  {what}\n")
    yield {
        "mode": "storm",
        "deaths": outcome.deaths,
        "happened": dict(outcome.happened),
        "incidents": outcome.incidents,
        "repairs": outcome.repairs,
        "messages": outcome.messages,
        "seconds": seconds,
        **figures,
    }


def main() -> int:
    """Run and print. Returns 1 when anything is lost, double, stale or misplaced, 2 without the emulator."""
    options = _options()
    try:
        if options.command == "storm":
            figures = list(_storm(options))
        elif options.command == "kill-points" and "firestore" not in (options.mode or MODES):
            figures = list(_kill_points(options, None))
        else:
            from tests.servers.firestore_emulator import firestore_emulator  # noqa: PLC0415 - heavy, for two modes

            with firestore_emulator() as address:
                run = _race if options.command == "race" else _kill_points
                figures = list(run(options, address))
    except EmulatorUnavailable as reason:
        sys.stderr.write(f"{reason}; try --mode in-process or --mode sqlite\n")
        return 2
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return int(any(each.get(name) for each in figures for name in ("lost", "double", "stale", "misplaced")))


if __name__ == "__main__":
    sys.exit(main())
