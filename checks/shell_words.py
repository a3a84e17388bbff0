"""Words that others chose, in commands that somebody copies: each stays one word, or nothing is suggested."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

WITHHELD = "# No command is suggested: a name in it would be read as an option, or as more than a name."
"""Stands where a command would: whoever copies it all the same runs nothing."""

WITHOUT_VALUE = "# No command is suggested: a value that it names is NULL."
"""Likewise."""


def command_line(program: str, names: Iterable[str], flags: Iterable[str] = ()) -> str:
    """Return a command, quoted for the shell. ``names`` stand by themselves; ``flags`` are ``--name=value``.

    A name that begins with a hyphen would be an option, and one with control characters cannot be copied: then there
    is no command.
    """
    alone, all_flags = tuple(names), tuple(flags)
    if any(name.startswith("-") for name in alone) or not all(each.isprintable() for each in (*alone, *all_flags)):
        return WITHHELD
    return " ".join([program, *map(shlex.quote, (*alone, *all_flags))])
