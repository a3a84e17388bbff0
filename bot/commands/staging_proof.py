"""``reveille staging prove``: production before and after."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.exits import FAILED, FINE, CannotGoOnError
from bot.commands.output import complain, say
from bot.commands.staging_shell import common_options, staging_shell
from bot.private_files import write_private
from bot.staging.environment import StagingEnvironment
from bot.staging.proof import ProductionChange, Snapshot, from_json, to_json

STATE_FILE = "reveille-staging-{prefix}.json"
"""Where ``prove start`` keeps what it saw, in the current folder: the steps of a build share it."""


@click.group()
def prove() -> None:
    """Prove that production stayed untouched: every table's rows and last change, every document's last write."""


def _state_option(command: Callable[..., int]) -> Callable[..., int]:
    return click.option(
        "--state",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Where the first record is kept; by default reveille-staging-PREFIX.json in the current folder.",
    )(command)


@prove.command()
@_state_option
@common_options
def start(state: Path | None, pipeline_file: Path | None, prefix: str | None) -> int:
    """Record the state of production."""
    with staging_shell(pipeline_file, prefix) as staging:
        before = staging.look(datetime.now(UTC))
        path = _write(before, state or _state_path(staging))
        say(f"Remembered {before.size} in {path}.")
        return FINE


@prove.command()
@_state_option
@common_options
def check(state: Path | None, pipeline_file: Path | None, prefix: str | None) -> int:
    """Check again; exit with 1, and name it, when anything has changed since ``prove start``."""
    with staging_shell(pipeline_file, prefix) as staging:
        before = _read(state or _state_path(staging))
        return _compared(staging, before)


@prove.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
@common_options
def run(command: tuple[str, ...], pipeline_file: Path | None, prefix: str | None) -> int:
    """Record, run COMMAND, check again: reveille staging prove run -- ./try-it.sh

    Exits with 1 when production has changed, else with the exit code of COMMAND.
    """
    with staging_shell(pipeline_file, prefix) as staging:
        before = staging.look(datetime.now(UTC))
        sys.stdout.flush()
        try:
            ran = subprocess.run(command, check=False)  # noqa: S603 - running it is what was asked for
        except OSError as error:
            message = f"'{command[0]}' cannot be run: {error.strerror}."
            raise CannotGoOnError(message) from error
        return _compared(staging, before) or ran.returncode


def _compared(staging: StagingEnvironment, before: Snapshot) -> int:
    after, changed = staging.changed_since(before, datetime.now(UTC))
    for change in changed:
        say(f"✗ {change.subject}: {change.detail}")
    between = f"between {before.at:%H:%M:%S} and {after.at:%H:%M:%S} UTC"
    if not changed:
        say(f"Production is untouched: {after.size} are the same as {before.at:%Y-%m-%d %H:%M:%S} UTC.")
        return FINE
    complain(f"production has changed in {_places(changed)} {between}.")
    say("If the pipeline itself ran at that time, prove again in a quiet hour.", err=True)
    return FAILED


def _places(changed: Sequence[ProductionChange]) -> str:
    return "1 place" if len(changed) == 1 else f"{len(changed)} places"


def _state_path(staging: StagingEnvironment) -> Path:
    return Path(STATE_FILE.format(prefix=staging.prefix.label))


def _write(before: Snapshot, path: Path) -> Path:
    try:
        write_private(path, to_json(before))
    except OSError as error:
        message = f"The file {path} cannot be written: {error.strerror}."
        raise CannotGoOnError(message) from error
    return path


def _read(path: Path) -> Snapshot:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"There is no first record in {path}: run 'reveille staging prove start' before what is to be proved."
        raise CannotGoOnError(message) from error
    except OSError as error:
        message = f"The file {path} cannot be read: {error.strerror}."
        raise CannotGoOnError(message) from error
