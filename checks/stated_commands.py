"""What the commands that a pipeline file states are about. Only they are read: all others say it themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from checks.actions import NAMELESS, THINGS, Named, Shell, Thing

_TWO_VERBS = ("logs",)
"""``gcloud run services logs read NAME``: what follows is a verb as well."""

_KINDS = ("http", "pubsub", "app-engine", "github", "cloud-source-repositories", "manual", "webhook")
"""``gcloud scheduler jobs update http NAME``: the kind stands before the name."""

_LABELS = (
    (re.compile(r'\bresource\.labels\.service_name=(\([^)]*\)|"[^"]+")'), Thing.SERVICE),
    (re.compile(r'\bresource\.labels\.job_id=(\([^)]*\)|"[^"]+")'), Thing.JOB),
)
"""How a command that reads the log names what it is about: one, or several as ``("a" OR "b")``."""
_QUOTED = re.compile(r'"([^"]+)"')

_END_OF_COMMAND = re.compile(r"(?<!\\)\n")
"""Several commands stand on a line each; a backslash carries one on to the next line."""


def stated(text: str | None) -> tuple[Shell, ...]:
    """Return the commands of a text, each with what it is about."""
    return tuple(Shell(each, named_by(each)) for each in _END_OF_COMMAND.split(text)) if text else ()


def named_by(command: str) -> tuple[Named, ...]:
    """Return everything that a command is about: one that reads the log may ask for several at once."""
    for label, thing in _LABELS:
        match = label.search(command)
        if match is not None:
            return tuple(Named(thing, name) for name in _QUOTED.findall(match[1]))
    try:
        words = shlex.split(command.replace("\\\n", " "))
    except ValueError:
        return ()
    thing_named = THINGS.get(" ".join(words[1:3])) if words[:1] == ["gcloud"] else None
    if thing_named is None or len(words) < 4 or words[3] in NAMELESS:  # noqa: PLR2004 - the verb is the fourth word
        return ()
    operands = words[5:] if words[3] in _TWO_VERBS or (words[4:5] and words[4] in _KINDS) else words[4:]
    name = _first_operand(operands)
    return (Named(thing_named, name.rpartition("/")[2]),) if name else ()


def _first_operand(words: Sequence[str]) -> str | None:
    """Return the first word that is no flag; None after a flag whose value may be the word that follows it."""
    for word in words:
        if not word.startswith("-"):
            return word
        if "=" not in word:
            return None
    return None
