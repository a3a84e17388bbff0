"""``reveille backtest``: what limits would have said of the past, before they go live."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from bot.backtest import MOST_DAYS, Trial, past_intervals
from bot.backtest import backtest as tried
from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN
from bot.commands.options import DATA_OPTION, PIPELINE_OPTION, SCENARIO_OPTION, instant
from bot.commands.output import emit, progress
from bot.composition.validation import ready
from bot.render.message import Cell, Heading, Line, Part, SmallPrint, Table
from bot.render.words import number
from bot.request import Request
from checks.model import Interval

LISTED = 20
"""Alarms of a check that are listed; JSON has them all."""


@click.command()
@click.argument("checks", nargs=-1, metavar="[CHECK]...")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=60,
    show_default=True,
    help="How many days before now are tried.",
)
@PIPELINE_OPTION
@SCENARIO_OPTION
@DATA_OPTION
@click.option(
    "--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Text or JSON."
)
@click.option("--now", callback=instant, metavar="ISO", help="Judge as if it were this instant.")
def backtest(  # noqa: PLR0917 - one parameter an option
    checks: tuple[str, ...],
    days: int,
    pipeline_file: Path | None,
    scenario: str | None,
    data: Path | None,
    shape: str,
    now: datetime | None,
) -> int:
    """Try limits on the past: what each check would have said of every interval; exit with 1 if it had alarmed.

    Without CHECK all expectations on tables ('expect') are tried. An alarm is a failure of P2 or more. What the tables
    hold today is judged: rows that came late, or were repaired, are there.

    \b
    Examples:
      reveille backtest --days 60
      reveille backtest shop-orders --days 28 --format json
      reveille backtest --pipeline shop.yaml --data shop.duckdb
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), ready(pipeline_file, scenario, now, Request(checks=checks), data=data) as prepared:
        intervals = past_intervals(prepared.validation, days)
        trials = tried(prepared.validation, checks, days, lambda interval: progress(interval.name))
    if shape == "json":
        emit(json.dumps(_as_json(trials, intervals), indent=2, ensure_ascii=False))
    else:
        show_parts(_parts(trials, intervals))
    if any(trial.alarms for trial in trials):
        return FAILED
    return UNKNOWN if not any(trial.judged for trial in trials) else FINE


def _parts(trials: Sequence[Trial], intervals: Sequence[Interval]) -> Iterator[Part]:
    yield Heading(text=f"{number(len(intervals), 'interval')}: {intervals[0].name} to {intervals[-1].name}")
    rows = tuple(
        (
            Cell(text=trial.check),
            Cell(text=str(trial.judged)),
            Cell(text=str(trial.skipped)),
            Cell(text=str(trial.unknown)),
            Cell(text=str(len(trial.alarmed))),
        )
        for trial in trials
    )
    yield Table(columns=("Check", "Judged", "Not judged", "Could not check", "With an alarm"), rows=rows)
    for trial in trials:
        if trial.alarms:
            yield Heading(text=trial.check)
        for interval, finding in trial.alarms[:LISTED]:
            severity = finding.severity.name if finding.severity is not None else ""
            yield Line(label=f"{interval.name} {severity} {finding.code}", text=f"{finding.subject}: {finding.summary}")
        if len(trial.alarms) > LISTED:
            yield Line(text=f"{len(trial.alarms) - LISTED} more; --format json lists them.")
    yield SmallPrint(text="Not judged: nothing to do, no rows, or not enough history.")


def _as_json(trials: Sequence[Trial], intervals: Sequence[Interval]) -> dict[str, object]:
    return {
        "from": intervals[0].name,
        "to": intervals[-1].name,
        "intervals": len(intervals),
        "checks": [
            {
                "check": trial.check,
                "judged": trial.judged,
                "skipped": trial.skipped,
                "unknown": trial.unknown,
                "alarmed": list(trial.alarmed),
                "alarms": [
                    {
                        "interval": interval.name,
                        "severity": finding.severity.name if finding.severity is not None else None,
                        "code": finding.code,
                        "subject": finding.subject,
                        "summary": finding.summary,
                    }
                    for interval, finding in trial.alarms
                ],
            }
            for trial in trials
        ],
    }
