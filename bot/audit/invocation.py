"""What `bash -ceu 'text'` is asked to run, and with which options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

SHELLS = frozenset(("bash", "sh", "dash", "zsh", "ash"))
_LETTERS = re.compile(r"[-+][A-Za-z]+")
_WITH_A_NAME = frozenset("oO")


@dataclass(frozen=True, slots=True)
class ShellText:
    """Which of the words is the text that a shell runs, and which options of `set` it starts with."""

    index: int
    errexit: bool = False
    pipefail: bool = False


def shell_text(texts: Sequence[str]) -> ShellText | None:
    """Find the text behind `-c` in the words of a shell's call, the program first; None when it is given none.

    The letters may stand together and in any order (`-ceu`, `-euo pipefail -c`): the text is the first word behind
    all options.
    """
    given: set[str] = set()
    at = 1
    while at < len(texts) and texts[at].startswith(("-", "+")) and texts[at] not in {"-", "--"}:
        text = texts[at]
        at += 1
        if not _LETTERS.fullmatch(text):
            continue
        names = [letter for letter in text[1:] if letter in _WITH_A_NAME]
        if text[0] == "-":
            given.update(text[1:])
            given.update(texts[at : at + len(names)])
        at += len(names)
    if at < len(texts) and texts[at] in {"-", "--"}:
        at += 1
    if "c" not in given or at >= len(texts):
        return None
    return ShellText(at, errexit=bool(given & {"e", "errexit"}), pipefail="pipefail" in given)
