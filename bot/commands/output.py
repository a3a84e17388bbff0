"""Printing on standard output: what every command that shows something ends with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from bot.render.visible import one_line

if TYPE_CHECKING:
    from bot.render.message import Message, Part
    from bot.render.reading import Reading


def say(text: str, *, err: bool = False) -> None:
    """Print one line for people, on standard error with ``err``; nothing in it steers the terminal."""
    click.echo(one_line(text), err=err)


def complain(*lines: str) -> None:
    """Say on standard error what is wrong. What others said may be in it, so it goes through the redaction."""
    from bot.redaction import Redactor  # noqa: PLC0415 - only when something is wrong
    from bot.secret_settings import known_secrets  # noqa: PLC0415 - likewise

    redacted = Redactor(known_secrets(os.environ))
    first, *others = map(redacted, lines)
    for line in (f"reveille: {first}", *others):
        say(line, err=True)


def emit(document: str) -> None:
    """Print what a program reads, exactly as it is; its format escapes what would steer a terminal."""
    click.echo(document)


def agreed(question: str, *, abort: bool = False) -> bool:
    """Ask on standard error whether to go on."""
    return click.confirm(one_line(question), abort=abort, err=True)


def show_parts(parts: Iterable[Part]) -> None:
    """Print parts on standard output."""
    from bot.render.terminal import console_for, print_parts  # noqa: PLC0415 - kept off the way to --help

    print_parts(parts, console_for(sys.stdout))


def show_message(message: Message) -> None:
    """Print a message on standard output."""
    from bot.render.terminal import console_for, print_message  # noqa: PLC0415 - kept off the way to --help

    print_message(message, console_for(sys.stdout))


def show(reading: Reading, shape: str) -> None:
    """Print a report in one of the formats."""
    match shape:
        case "json":
            from bot.render.json import report_json  # noqa: PLC0415 - kept off the way to --help

            emit(report_json(reading))
        case "blocks":
            from bot.render.blocks import messages_json  # noqa: PLC0415 - likewise
            from bot.render.report import message_of  # noqa: PLC0415 - likewise

            emit(messages_json(message_of(reading)))
        case _:
            from bot.render.report import message_of  # noqa: PLC0415 - likewise
            from bot.render.terminal import console_for, print_message  # noqa: PLC0415 - likewise

            print_message(message_of(reading), console_for(sys.stdout))
