"""Fixes as a unified difference: coloured on a terminal, byte for byte in a pipe, so that it can be applied.

A file with characters that would steer a terminal is shown to a pipe as git's binary difference, in plain ASCII:
``git apply`` takes it, and a log that it ends in stays readable.
"""

from __future__ import annotations

import zlib
from base64 import b85encode
from collections.abc import Iterable, Iterator
from hashlib import sha1
from typing import IO

from rich.text import Text

from bot.audit.fixes import FileFix, difference, quoted_name
from bot.render.terminal import console_for
from bot.render.visible import one_line, steers

MOST_IN_LINE = 52
"""Bytes in a line of git's binary difference; the letter before them tells how many."""

_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

STYLES = {"+++": "bold", "---": "bold", "+": "green", "-": "red", "@": "cyan"}


def print_difference(fixes: Iterable[FileFix], stream: IO[str]) -> None:
    if not stream.isatty():
        for file_fix in fixes:
            stream.writelines(applicable(file_fix))
        stream.flush()  # before anything on the other stream
        return
    console = console_for(stream)
    for file_fix in fixes:
        for line in difference(file_fix):
            console.print(Text(_shown(line), style=_style(line)), soft_wrap=True)


def applicable(file_fix: FileFix) -> Iterator[str]:
    """Yield a difference as ``git apply`` reads it, with nothing in it that would steer a terminal."""
    lines = list(difference(file_fix))
    steering = any(steers(line.removesuffix("\n").removesuffix("\r")) for line in lines)
    yield from _binary(file_fix) if steering else lines


def _binary(file_fix: FileFix) -> Iterator[str]:
    before, after = (quoted_name(f"{side}/{file_fix.path}").rstrip("\t") for side in "ab")
    yield f"diff --git {before} {after}\n"
    yield f"index {_git_id(file_fix.before)}..{_git_id(file_fix.after)}\nGIT binary patch\n"
    for content in (file_fix.after, file_fix.before):
        yield f"literal {len(content)}\n"
        packed = zlib.compress(content)
        for start in range(0, len(packed), MOST_IN_LINE):
            piece = packed[start : start + MOST_IN_LINE]
            yield f"{_LENGTHS[len(piece) - 1]}{b85encode(piece, pad=True).decode()}\n"
        yield "\n"


def _git_id(content: bytes) -> str:
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _style(line: str) -> str:
    return next((style for start, style in STYLES.items() if line.startswith(start)), "")


def _shown(line: str) -> str:
    return one_line(line.rstrip("\r\n").expandtabs(4))
