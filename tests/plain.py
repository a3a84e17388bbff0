"""A message as a terminal without colours shows it."""

from __future__ import annotations

import io

from rich.console import Console

from bot.render.message import Message
from bot.render.terminal import PLAIN_WIDTH, print_message


def terminal_text(message: Message, width: int = PLAIN_WIDTH) -> str:
    """Return a message as plain text, without any escape code, whatever the environment says."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        color_system=None,
        force_terminal=False,
        highlight=False,
        emoji=False,
        markup=False,
        _environ={},
    )
    print_message(message, console)
    return stream.getvalue()
