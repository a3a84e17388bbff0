"""Texts that came out of files, each character with its place in the file that it was read from."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.audit.model import SourceFile

LARGEST_FILE = 1_000_000
"""Bytes. No deploy script is a hundredth of that; what is larger was not written by hand."""


class UnreadableSourceError(Exception):
    """A file, or a place in it, that cannot be read; the text says why. ``start`` is an offset in its text."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(text)
        self.start = start
        self.end = start if end is None else end


@dataclass(frozen=True, slots=True)
class Text:
    """A text to parse. ``offsets`` holds each character's place in the file; None when it is the file itself."""

    text: str
    offsets: Sequence[int] | None = None
    path: str = ""
    """The file that it stands in, where that is one that the audited file sources."""

    def origin(self, index: int) -> int:
        """Return the offset in the file of a character, or of the end of the text."""
        if self.offsets is None:
            return index
        if index < len(self.offsets):
            return self.offsets[index]
        return self.offsets[-1] + 1 if self.offsets else 0

    def end(self, index: int) -> int:
        """Return the offset in the file behind the character before ``index``."""
        return self.origin(index - 1) + 1 if index else self.origin(0)

    def replaced(self, pattern: re.Pattern[str], piece: Callable[[re.Match[str]], str | None]) -> Text:
        """Return the text with other pieces for what matches, each where the match begins; None leaves it as it is."""
        characters: list[str] = []
        offsets: list[int] = []
        at = 0
        for found in pattern.finditer(self.text):
            given = piece(found)
            if given is None:
                continue
            characters += (self.text[at : found.start()], given)
            offsets += [self.origin(index) for index in range(at, found.start())]
            offsets += [self.origin(found.start())] * len(given)
            at = found.end()
        characters.append(self.text[at:])
        offsets += [self.origin(index) for index in range(at, len(self.text))]
        return Text("".join(characters), offsets, self.path)

    def straight(self, start: int, end: int) -> bool:
        """Whether this stretch stands in the file as such, character for character."""
        if self.offsets is None:
            return True
        return self.origin(end - 1) - self.origin(start) == end - 1 - start


def read_source(file: Path, path: str) -> SourceFile:
    """Read a file that is to be audited. Raises UnreadableSourceError, with a sentence, for whatever is no text."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableSourceError("this is not a file; only files can be audited")
        if status.st_size > LARGEST_FILE:
            raise UnreadableSourceError(
                f"the file has {status.st_size:,} bytes, and more than {LARGEST_FILE:,} are not read; split the file"
            )
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableSourceError(f"the file cannot be read: {error.strerror or type(error).__name__}") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableSourceError("the file is UTF-16 text, which no shell reads; save it as UTF-8")
    if b"\0" in content:
        raise UnreadableSourceError("the file is binary, not text; remove it, or give it another name")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableSourceError(
            f"the file is not UTF-8 text: line {line} holds other bytes; save the file as UTF-8"
        ) from None
    return SourceFile(path, text.replace("\r\n", "\n"))
