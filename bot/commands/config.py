"""``reveille config``: is the pipeline file right, what may stand in it, and files of an earlier version."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from functools import partial
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, UNKNOWN, WRONG_USE, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import complain, emit, say
from bot.composition.google import google_ports
from bot.composition.validation import sources_of
from bot.definition.config_check import check_config, pipeline_schema
from bot.definition.files import PipelineFileError, read_text
from bot.definition.pipeline_file import load_pipeline, read_pipeline, read_pipelines
from bot.definition.upgrade import upgraded
from bot.private_files import write_private
from bot.settings import Settings
from bot.sinks.table import must_be_there
from bot.sinks.webhook.endpoints import endpoints_of
from bot.yaml_tree import FileProblem, YamlError


@click.group()
def config() -> None:
    """Check the pipeline file, print its schema for editors, or upgrade files of an earlier version."""


@config.command()
@PIPELINE_OPTION
@click.option("--live", is_flag=True, help="Ask Google Cloud, too: every query (without running it) and service.")
def check(pipeline_file: Path | None, live: bool) -> int:
    """Check the pipeline file: each problem with its file, line and key, and what was expected.

    Of several pipelines every file is checked, and that their names differ. Exits with 3 when something is wrong, with
    2 when a source did not answer.

    \b
    Examples:
      reveille config check
      reveille config check --pipeline our-pipeline.yaml --live
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        settings = Settings.from_environment()
        paths = sources_of(pipeline_file, settings)
        found = {path: _problems(path, settings, live=live) for path in paths}
        if not any(found.values()):
            read_pipelines(paths)
    asked = "; every query, service and collection in it answers" if live else ""
    for path, problems in found.items():
        for problem in problems:
            complain(str(problem))
        if not problems:
            say(f"{path.name if len(paths) == 1 else path} is valid{asked}{_taken(path)}.")
    return _exit_code([each for problems in found.values() for each in problems])


def _taken(path: Path) -> str:
    """Say what holds where the file says nothing: a value that nobody wrote is not to surprise anybody."""
    pipeline_file = read_pipeline(path)
    taken = (key for key in ("version", "name", "timezone") if key not in pipeline_file.root.value)
    said = ", ".join(f"{key}: {getattr(pipeline_file.content, key)}" for key in taken)
    return f"; not stated, so assumed: {said}" if said else ""


def _problems(path: Path, settings: Settings, *, live: bool) -> Sequence[FileProblem]:
    problems = check_config(path, partial(google_ports, settings=settings) if live else None, datetime.now(UTC))
    if live and not problems and (notifications := load_pipeline(path).notifications) is not None:
        must_be_there(notifications)
        endpoints_of(notifications.webhooks, os.environ)
    return problems


def _exit_code(problems: Sequence[FileProblem]) -> int:
    if not problems:
        return FINE
    return UNKNOWN if all(problem.undecided for problem in problems) else WRONG_USE


@config.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the difference, and write nothing.")
def upgrade(files: tuple[Path, ...], dry_run: bool) -> int:
    """Turn pipeline files and scenarios of an earlier version into those of this one; comments stay.

    Shows the difference of each. Exits with 3 when a file cannot be read as YAML.

    \b
    Examples:
      reveille config upgrade our-pipeline.yaml scenarios/*.yaml
      reveille config upgrade our-pipeline.yaml --dry-run
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        texts = {path: read_text(path) for path in files}
        try:
            changed = {path: upgraded(text, str(path)) for path, text in texts.items()}
        except YamlError as error:
            raise PipelineFileError(error.problems) from None
    for path, text in texts.items():
        if changed[path] == text:
            say(f"{path} is up to date.")
            continue
        before, after = (each.splitlines(keepends=True) for each in (text, changed[path]))
        for line in unified_diff(before, after, f"{path} (before)", f"{path} (after)"):
            say(line.rstrip("\r\n"))
        if not dry_run:
            _replace(path.resolve(), changed[path])
    return FINE


def _replace(path: Path, text: str) -> None:
    mode = path.stat().st_mode
    try:
        write_private(path, text)
        path.chmod(mode)
    except OSError as error:
        raise CannotGoOnError(f"{path} cannot be written: {error.strerror or error}.") from error


@config.command()
def schema() -> None:
    """Print the JSON Schema of pipeline files, which editors use to complete and check them."""
    emit(json.dumps(pipeline_schema(), indent=2))
