"""What every ``reveille staging`` command begins and ends with: the staging, the steps, the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import complain, say
from bot.composition.google import google_staging
from bot.composition.validation import pipeline_of
from bot.settings import Settings
from bot.staging.environment import StagingEnvironment
from bot.staging.prefix import StagingError
from bot.staging.steps import StagingStep
from checks.source import SourceError

PREFIX_OPTION = click.option(
    "--prefix", metavar="PREFIX", help="What staging's names begin with; by default that of the pipeline file."
)

SIGNS = {"done": "✓", "same": "=", "would": "+", "left": "·", "failed": "✗"}


class CouldNotLookError(click.ClickException):
    """A source did not answer, so that nothing is known."""

    exit_code = UNKNOWN


def common_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that every one of these commands has."""
    return PIPELINE_OPTION(PREFIX_OPTION(command))


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what staging refuses, and what a source does not answer, into one sentence."""
    try:
        with said_plainly():
            yield
    except StagingError as error:
        raise CannotGoOnError(str(error)) from error
    except SourceError as error:
        raise CouldNotLookError(error.sentence) from error


@contextmanager
def staging_shell(pipeline_file: Path | None, prefix: str | None) -> Iterator[StagingEnvironment]:
    """Yield the staging of a pipeline on Google Cloud."""
    with plainly():
        settings = Settings.from_environment()
        with google_staging(pipeline_of(pipeline_file, settings), settings, prefix) as staging:
            yield staging


def tell(step: StagingStep) -> None:
    """Print a step."""
    say(f"{SIGNS[step.mark]} {step.subject}: {step.detail}")


def counted(total: int) -> Callable[[StagingStep], None]:
    """Return what prints and numbers the steps as they end: their lines are the progress."""
    done = iter(range(1, total + 1))
    width = len(str(total))

    def tell_numbered(step: StagingStep) -> None:
        say(f"{next(done):>{width}}/{total} {SIGNS[step.mark]} {step.subject}: {step.detail}")

    return tell_numbered


def exit_code(steps: Sequence[StagingStep], what: str) -> int:
    """Return the exit code of a command, ``what`` as it was typed; say how to go on where something failed."""
    broken = [step for step in steps if step.mark == "failed"]
    if not broken:
        return FINE
    again = f"run 'reveille staging {what}' again: what is done is not done twice"
    hint = again if all(step.passing for step in broken) else f"repair that, then {again}"
    complain(f"{len(broken)} of {len(steps)} did not succeed; {hint}.")
    return FAILED
