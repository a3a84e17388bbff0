"""Printing on standard output: what every command that shows something ends with."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.render.message import Message, Part
    from bot.render.reading import Reading


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

            click.echo(report_json(reading))
        case "blocks":
            from bot.render.blocks import messages_json  # noqa: PLC0415 - likewise
            from bot.render.report import message_of  # noqa: PLC0415 - likewise

            click.echo(messages_json(message_of(reading)))
        case _:
            from bot.render.report import message_of  # noqa: PLC0415 - likewise
            from bot.render.terminal import console_for, print_message  # noqa: PLC0415 - likewise

            print_message(message_of(reading), console_for(sys.stdout))
