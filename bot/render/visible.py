r"""What would steer a terminal, or a program that reads its output, written so that it can be seen: ``\x1b``.

File names, keys of files and answers of services may hold anything: escape codes, marks that turn the direction of
writing, line ends, commands to the machine that builds. Every text of the shell goes through here.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""They belong to words of some languages and to emoji, and do nothing to what stands beside them."""

_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

_BUILD_COMMAND = re.compile(r"^(?P<before>\s*)(?P<sign>:)(?=:)|(?P<other>#)(?=#(?:vso)?\[)")
"""``::error::`` at the beginning of a line, and ``##[error]`` anywhere: GitHub Actions and Azure Pipelines obey."""


def one_line(text: str) -> str:
    """Return a text as one line that steers nothing; blanks and tabs stay."""
    if not text.replace("\t", "").isprintable():
        text = "".join(map(_seen, text))
    if "::" not in text and "##" not in text:
        return text
    return _BUILD_COMMAND.sub(_disarmed, text)


def steers(text: str) -> bool:
    """Whether a text holds a character that ``one_line`` would write otherwise."""
    return not text.replace("\t", "").isprintable() and any(_seen(char) != char for char in text)


def _seen(char: str) -> str:
    if char == "\t" or char in _JOINERS or unicodedata.category(char) not in _STEERING:
        return char
    if char == "\n":
        return "\\n"
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - as Python escapes


def _disarmed(found: re.Match[str]) -> str:
    return f"{found['before'] or ''}\\x{ord(found['sign'] or found['other']):02x}"
