"""Repairs as a unified difference: coloured on a terminal, byte for byte in a pipe, so that it can be applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from rich.text import Text

from bot.audit.fixing import Repair, difference
from bot.render.terminal import console_for

STYLES = {"+++": "bold", "---": "bold", "+": "green", "-": "red", "@": "cyan"}


def print_difference(repairs: Iterable[Repair], stream: IO[str]) -> None:
    """Print the difference that repairs make."""
    if not stream.isatty():
        for repair in repairs:
            stream.writelines(difference(repair))
        stream.flush()  # before anything on the other stream
        return
    console = console_for(stream)
    for repair in repairs:
        for line in difference(repair):
            console.print(Text(_shown(line), style=_style(line)), soft_wrap=True)


def _style(line: str) -> str:
    return next((style for start, style in STYLES.items() if line.startswith(start)), "")


def _shown(line: str) -> str:
    return "".join(char for char in line.rstrip("\r\n").expandtabs(4) if char.isprintable() or char == "\n")
