"""Messages and reports on standard output: what a command that shows something ends with."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from bot.commands.output import emit
from bot.render.blocks import messages_json
from bot.render.brief import brief_message
from bot.render.json import report_json
from bot.render.message import Message, Part
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.render.terminal import console_for, print_message, print_parts


def show_parts(parts: Iterable[Part]) -> None:
    """Print parts on standard output."""
    print_parts(parts, console_for(sys.stdout))


def show_message(message: Message) -> None:
    """Print a message on standard output."""
    print_message(message, console_for(sys.stdout))


def show(reading: Reading, shape: str) -> None:
    """Print a report in one of the formats."""
    match shape:
        case "json":
            emit(report_json(reading))
        case "blocks":
            emit(messages_json(message_of(reading)))
        case _:
            show_message(message_of(reading) if reading.full or reading.report.partial else brief_message(reading))
