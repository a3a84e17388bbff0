"""Reads a Dockerfile: what ``RUN``, ``CMD`` and ``ENTRYPOINT`` give to a shell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile

from bot.audit.shell.calls import shell_text
from bot.audit.shell.commands import ShellStep
from bot.audit.source_text import Text

_INSTRUCTION = re.compile(r"^[ \t]*(RUN|CMD|ENTRYPOINT|SHELL)[ \t]+(?:--\w+\S*[ \t]+)*", re.IGNORECASE)
_HERE = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?\s*$")


def steps_of(text: str) -> list[ShellStep]:
    """Return the shell texts in order, without the comments between the lines of one instruction."""
    steps: list[ShellStep] = []
    pipefail = False
    for name, parts in _instructions(text):
        if name == "SHELL":
            pipefail = "pipefail" in parts[0][1]
        elif (given := _given(parts)) is not None:
            characters = "\n".join(line for _, line in given)
            offsets = [start + index for start, line in given for index in range(len(line) + 1)]
            read = Text(characters, offsets[: len(characters)])
            steps.append(ShellStep(text=read, pipefail=pipefail, before=frozenset(range(len(steps)))))
    return steps


def _instructions(text: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield each instruction that starts a program, with its lines and where they begin."""
    lines: list[tuple[int, str]] = []
    at = 0
    for line in text.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    rest = iter(lines)
    for start, line in rest:
        found = _INSTRUCTION.match(line)
        if found is None:
            continue
        parts = [(start + found.end(), line[found.end() :])]
        here = _HERE.search(line)
        if here:
            body = list(takewhile(lambda one, end=here[1]: one[1].strip() != end, rest))  # type: ignore[misc]
            if parts[0][1].lstrip().startswith("<<"):
                yield found[1].upper(), body
            continue
        for behind in rest if parts[-1][1].endswith("\\") else ():
            if behind[1].lstrip().startswith("#"):
                continue
            parts.append(behind)
            if not behind[1].endswith("\\"):
                break
        yield found[1].upper(), parts


def _given(parts: list[tuple[int, str]]) -> list[tuple[int, str]] | None:
    """Return the shell text of an instruction; None for a list of words that starts another program."""
    start, line = parts[0]
    if not line.lstrip().startswith("["):
        return parts
    try:
        words = json.loads("".join(text.removesuffix("\\") for _, text in parts))
    except ValueError:
        return parts
    if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        return None  # Docker refuses it.
    asked = shell_text(words)
    if asked is not None and len(parts) == 1:
        written = json.dumps(words[asked.index], ensure_ascii=False)[1:-1]
        place = line.find(written)
        return [(start + place, written)] if place >= 0 and "\\" not in written else [(start, "")]
    return [(start, " ".join(words))] if words[0] == "gcloud" else None
