"""``reveille checks`` and ``reveille explain``: what is looked at, and why."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.composition.validation import pipeline_of
from bot.render.checks import check_list, explanation
from bot.validation import suggest
from checks.catalog import checks_of


@click.command()
@PIPELINE_OPTION
def checks(pipeline_file: Path | None) -> None:
    """List the checks by phase: id, the worst they can say, whether they are quick, what they ask."""
    with said_plainly():
        pipeline = pipeline_of(pipeline_file)
        known = checks_of(pipeline)
    show_parts(check_list(pipeline, known))


@click.command()
@click.argument("check_id", metavar="ID")
@PIPELINE_OPTION
def explain(check_id: str, pipeline_file: Path | None) -> None:
    """Explain a check: why it exists, what should be, its thresholds, its query, where to read on.

    \b
    Examples:
      reveille explain trigger
      reveille explain predictions-exist
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        pipeline = pipeline_of(pipeline_file)
        known = {check.id: check for check in checks_of(pipeline)}
        if check_id not in known:
            raise CannotGoOnError(suggest("check", check_id, known))
    show_parts(explanation(known[check_id], pipeline))
