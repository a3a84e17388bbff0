"""Options and values that several commands share."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from checks.values import EARLIEST_YEAR, LATEST_YEAR

PIPELINE_OPTION = click.option(
    "--pipeline",
    "pipeline_file",
    type=click.Path(path_type=Path),
    metavar="FILE|nba",
    help="The pipeline file, or 'nba' for the example; by default the scenario's, else $REVEILLE_PIPELINE.",
)
SCENARIO_OPTION = click.option(
    "--scenario", metavar="NAME|FILE", help="Work on a scenario, on this machine; no account is needed."
)
DATA_OPTION = click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Judge tables of this machine: a DuckDB file, or Parquet and CSV files; no account is needed.",
)


def instant(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Read an instant, with or without an offset."""
    del context, option
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value)
    except ValueError:
        message = f"'{value}' is not an instant: use for example 2026-02-11T08:00."
        raise click.BadParameter(message) from None
    if not EARLIEST_YEAR <= given.year <= LATEST_YEAR:
        message = f"'{value}' is out of reach: use a year from {EARLIEST_YEAR} to {LATEST_YEAR}."
        raise click.BadParameter(message)
    return given


def day_of(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """Read a date."""
    del context, parameter
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = f"'{value}' is not a date: use YYYY-MM-DD."
        raise click.BadParameter(message) from None
