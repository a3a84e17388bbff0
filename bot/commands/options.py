"""Options and values that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from checks.values import EARLIEST_YEAR, LATEST_YEAR

PIPELINE_OPTION = click.option(
    "--pipeline",
    "pipeline_file",
    type=click.Path(path_type=Path),
    metavar="FILE|NAME",
    help="The pipeline file, 'nba' for the example, or the name of one of several; by default the scenario's, else "
    "$REVEILLE_PIPELINE.",
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


def words_joined(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Read a date that may have several words; None for none."""
    del context, parameter
    return " ".join(value) or None


INTERVAL_ARGUMENT = click.argument("interval", nargs=-1, metavar="[DATE]", callback=words_joined)
"""The interval that is meant, in as many words as people write it in: ``10 feb``, ``yesterday``, ``2026-02-10``."""
