"""Secrets that stand in a script: an excerpt of it may end in a build's log, where more people read it."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.redaction import spans_of

_NAME = re.compile(r"(?<![\w-])[\w-]+=['\"]?")
_TELLING = re.compile("api_?key|access_?key|private_?key|token|secret|passw|credential|webhook", re.IGNORECASE)
_REFERENCE = re.compile(r"[^\s,;'\"]*:(?:latest|\d+)\b")
"""What ``--update-secrets`` takes: the name of a secret and its version, which are no secret."""

_VALUE = re.compile(r"[^\s,;'\"$\\]+")


@lru_cache(maxsize=4)
def masked(line: str) -> str:
    """Return a line with asterisks for what has the form of a secret, and for values whose names say that they are
    secret; every column stays where it is.

    All deploys of a script may stand on one long line, so the lines just masked are kept.
    """
    letters = list(line)
    for start, end in (*spans_of(line), *_named(line)):
        letters[start:end] = "*" * (end - start)
    return "".join(letters)


def _named(line: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = 0
    while (name := _NAME.search(line, at)) is not None:
        at = name.end()
        if _TELLING.search(name[0]) and not _REFERENCE.match(line, at) and (value := _VALUE.match(line, at)):
            spans.append(value.span())
            at = value.end()
    return spans
