"""Exit codes, and the errors that a person can cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from checks.model import Verdict

FINE, FAILED, UNKNOWN, WRONG_USE = 0, 1, 2, 3

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

BROKEN_PIPE = 141
"""128 and the number of SIGPIPE."""


class CannotGoOnError(click.ClickException):
    """What was asked for cannot be done; the message, one line or several, says why and what to do."""

    exit_code = WRONG_USE

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def exit_code(verdict: Verdict, *, strict: bool) -> int:
    """Return the exit code of a verdict. With ``strict`` a WATCH fails as well."""
    from checks.model import Verdict  # noqa: PLC0415 - kept off the way to --help

    codes = {
        Verdict.ALL_CLEAR: FINE,
        Verdict.WATCH: FAILED if strict else FINE,
        Verdict.ACT: FAILED,
        Verdict.BLOCKED: FAILED,
        Verdict.UNKNOWN: UNKNOWN,
    }
    return codes[verdict]


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn each error that a person can cause into one that ``main`` prints; anything else is a bug."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception as error:
        if isinstance(error, _of_people()):
            raise CannotGoOnError(*_lines(error)) from error
        raise


def _lines(error: Exception) -> tuple[str, ...]:
    """Return the lines of an error: only a file has several problems; else a line end is part of some name."""
    from bot.definition.pipeline_file import PipelineFileError  # noqa: PLC0415 - only when something went wrong

    return tuple(map(str, error.problems)) if isinstance(error, PipelineFileError) else (str(error),)


def _of_people() -> tuple[type[Exception], ...]:
    from bot.definition.pipeline_file import PipelineFileError  # noqa: PLC0415 - likewise
    from bot.local.embedded import DemoExtraMissing  # noqa: PLC0415 - only when something went wrong
    from bot.local.scenario import UnknownScenario  # noqa: PLC0415 - likewise
    from bot.settings import SettingsError  # noqa: PLC0415 - likewise
    from bot.store.model import StoreError  # noqa: PLC0415 - likewise
    from bot.validation import RequestError  # noqa: PLC0415 - likewise

    return DemoExtraMissing, PipelineFileError, RequestError, SettingsError, StoreError, UnknownScenario
