"""``reveille validate``: run the checks, show the report, exit with its exit code."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from bot.commands.display import show
from bot.commands.errors import said_plainly
from bot.commands.exits import exit_code
from bot.commands.options import DATA_OPTION, INTERVAL_ARGUMENT, PIPELINE_OPTION, instant
from bot.commands.output import say
from bot.commands.run_progress import run_progress
from bot.composition.validation import ready
from bot.render.reading import Reading
from bot.request import Request
from checks.model import Interval


@click.command()
@INTERVAL_ARGUMENT
@click.option("--check", "checks", multiple=True, metavar="ID", help="Run only this check; may be repeated.")
@click.option("--phase", "phases", multiple=True, metavar="PHASE", help="Check only this phase; may be repeated.")
@click.option("--quick", is_flag=True, help="Run only the checks that answer at once.")
@click.option("--full", is_flag=True, help="Show the expected state and all that passed, too.")
@PIPELINE_OPTION
@click.option("--scenario", metavar="NAME|FILE", help="Validate a scenario, on this machine; no account is needed.")
@DATA_OPTION
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "blocks"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs (docs/report-json.md), or Slack's Block Kit.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 on WATCH, too.")
@click.option(
    "--now",
    callback=instant,
    metavar="ISO",
    help="Judge as if it were this instant, local to the pipeline unless it has an offset.",
)
def validate(  # noqa: PLR0913, PLR0917 - one parameter an option
    interval: str | None,
    checks: tuple[str, ...],
    phases: tuple[str, ...],
    quick: bool,
    full: bool,
    pipeline_file: Path | None,
    scenario: str | None,
    data: Path | None,
    shape: str,
    strict: bool,
    now: datetime | None,
) -> int:
    """Validate the pipeline: the verdict, its cause, and what to do.

    DATE is the interval that is judged, by default the newest that should be complete; with a scenario, the scenario's.
    It is written as people do: 10 feb, monday (the last one), yesterday, tomorrow, 2026-02-10.
    For an hourly pipeline it is an hour (2026-02-10T14), for a weekly one a week (2026-W07), for a monthly one a month.

    \b
    Examples:
      reveille validate
      reveille validate 10 feb --full
      reveille validate --check invoker --check trigger
      reveille validate today --phase phase5 --format json
      reveille validate --scenario healthy-morning
      reveille validate --pipeline shop.yaml --data shop.duckdb
    """  # noqa: D301 - click reads the backspace
    if quick and full:
        message = "--quick and --full exclude each other."
        raise click.UsageError(message)
    with said_plainly():
        asked = Request(
            interval=interval or "previous",
            checks=checks,
            phases=phases,
            depth="quick" if quick else "full" if full else "normal",
        )
        with ready(pipeline_file, scenario, now, asked, data=data) as prepared:
            validation = prepared.validation
            planned = validation.plan(asked if interval else replace(asked, interval=prepared.interval))
            with run_progress(planned) as observe:
                report = validation.run(planned, observe)
            if data is not None and interval is None and now is None and validation.pipeline.cadence.has_dates:
                _say_how_old(prepared.newest(), report.previous, data)
        again = f"reveille validate {report.previous}"
        again += f" --scenario {shlex.quote(scenario)}" if scenario is not None else ""
        again += f" --data {shlex.quote(str(data))}" if data is not None else ""
        again += f" --pipeline {shlex.quote(str(pipeline_file))}" if pipeline_file is not None else ""
        reading = Reading(
            report=report, pipeline=validation.pipeline, checks=validation.checks, full=full, again=f"{again} --full"
        )
    show(reading, shape)
    return exit_code(report.verdict, strict=strict)


def _say_how_old(newest: date | None, judged: Interval, data: Path) -> None:
    """Data of long ago are judged as if they were of today: say how to judge them at their own time."""
    if newest is not None and newest < judged.start.date():
        at = f"{newest + timedelta(days=1)}T08:00"
        say(f"The newest row of {data} is of {newest}. To judge that date, add --now {at}.", err=True)
