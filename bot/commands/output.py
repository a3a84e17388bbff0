"""Lines and documents on the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bot.commands.exits import CannotGoOnError
from bot.private_files import write_private
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.render.visible import one_line


def say(text: str, *, err: bool = False) -> None:
    """Print one line for people, on standard error with ``err``; nothing in it steers the terminal."""
    click.echo(one_line(text), err=err)


def complain(*lines: str) -> None:
    """Say on standard error what is wrong. What others said may be in it, so it goes through the redaction."""
    redacted = Redactor(known_secrets(os.environ))
    first, *others = map(redacted, lines)
    for line in (f"reveille: {first}", *others):
        try:
            say(line, err=True)
        except BrokenPipeError:
            raise
        except OSError:
            return  # nobody can hear it, and the exit code says it


def progress(text: str, *, last: bool = False) -> None:
    """Say on a terminal's standard error how far something is, over what stood there before; elsewhere nothing."""
    if sys.stderr.isatty():
        click.echo(f"\r{one_line(text)} ", err=True, nl=last)


def emit(document: str) -> None:
    """Print what a program reads, exactly as it is; its format escapes what would steer a terminal."""
    click.echo(document)


def write_output(file: Path, text: str) -> None:
    """Write a file that only its owner reads. Raises CannotGoOnError."""
    try:
        write_private(file, text)
    except OSError as error:
        raise CannotGoOnError(f"{file} cannot be written: {error.strerror or error}. Check the path.") from error


def agreed(question: str, *, abort: bool = False) -> bool:
    """Ask on standard error whether to go on."""
    return click.confirm(one_line(question), abort=abort, err=True)


def answered(question: str) -> str:
    """Ask on standard error for a line of text."""
    return str(click.prompt(one_line(question), type=str, err=True))
