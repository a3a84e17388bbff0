"""Exit codes, and the error that ends a command with a sentence."""

from __future__ import annotations

import click

from checks.model import Verdict

FINE, FAILED, UNKNOWN, WRONG_USE = 0, 1, 2, 3

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

BROKEN_PIPE = 141
"""128 and the number of SIGPIPE."""


class CannotGoOnError(click.ClickException):
    """What was asked for cannot be done; the message, one line or several, says why and what to do."""

    exit_code = WRONG_USE

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def exit_code(verdict: Verdict, *, strict: bool) -> int:
    """Return the exit code of a verdict. With ``strict`` a WATCH fails as well."""
    codes = {
        Verdict.ALL_CLEAR: FINE,
        Verdict.WATCH: FAILED if strict else FINE,
        Verdict.ACT: FAILED,
        Verdict.BLOCKED: FAILED,
        Verdict.UNKNOWN: UNKNOWN,
    }
    return codes[verdict]
