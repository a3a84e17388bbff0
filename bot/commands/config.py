"""``reveille config``: is the pipeline file right, and what may stand in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.app import google_ports_of
from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, UNKNOWN, WRONG_USE
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import complain, emit, say
from bot.definition.config_check import check_config, pipeline_schema
from bot.settings import Settings
from bot.yaml_tree import FileProblem


@click.group()
def config() -> None:
    """Check the pipeline file, or print its schema for editors."""


@config.command()
@PIPELINE_OPTION
@click.option("--live", is_flag=True, help="Ask Google Cloud, too: every query (without running it) and service.")
def check(pipeline_file: Path | None, live: bool) -> int:
    """Check the pipeline file: each problem with its file, line and key, and what was expected.

    Leaves with 3 when something is wrong, with 2 when a source did not answer.

    \b
    Examples:
      reveille config check
      reveille config check --pipeline our-pipeline.yaml --live
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        settings = Settings.from_environment()
        path = pipeline_file or settings.pipeline
        problems = check_config(path, google_ports_of(settings) if live else None, datetime.now(UTC))
    for problem in problems:
        complain(str(problem))
    if not problems:
        asked = "; every query, service and collection in it answers" if live else ""
        say(f"{path.name} is in order{asked}.")
    return _exit_code(problems)


def _exit_code(problems: Sequence[FileProblem]) -> int:
    if not problems:
        return FINE
    return UNKNOWN if all(problem.undecided for problem in problems) else WRONG_USE


@config.command()
def schema() -> None:
    """Print the JSON Schema of pipeline files, which editors use to complete and check them."""
    emit(json.dumps(pipeline_schema(), indent=2))
