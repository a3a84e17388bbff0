"""What may hold a secret and is shown all the same: a value that hides itself, addresses, lines, errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from bot.redaction.redactor import HIDDEN, Redactor, spans_of
from bot.redaction.shapes import ADDRESS, ERRORS, PEOPLE, REQUESTS, SCRIPTS, SECRET_NAME, TOKENS

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_of_services = Redactor(shapes=(*TOKENS, *REQUESTS, *ERRORS))
_of_logs = Redactor(shapes=(*TOKENS, *REQUESTS, *ERRORS, *PEOPLE))


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never prints; only ``reveal`` returns it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"


def shown_address(value: str) -> str:
    """Return an address without user, password and query, also when it is none."""
    scheme = _SCHEME.match(value)
    begin = "" if scheme is None else scheme[0]
    return begin + re.split("[?#]", value[len(begin) :].rpartition("@")[2])[0]


def shown_error(text: str) -> str:
    """Return what a service says of an error, without addresses, secrets, and whatever stands behind "key" or so."""
    return _of_services(ADDRESS.sub("[address]", text))


def shown_log(text: str) -> str:
    """Return what a service logged, without secrets and without the mailboxes of people; addresses of the web stay."""
    return _of_logs(text)


@lru_cache(maxsize=4)
def shown_line(line: str) -> str:
    """Return a line of a script with asterisks for what has the form of a secret, and for values whose names say that
    they are secret; every column stays where it is.

    All deploys of a script may stand on one long line, so the lines just shown are kept.
    """
    letters = list(line)
    for start, end in spans_of(line, (*TOKENS, *SCRIPTS)):
        letters[start:end] = "*" * (end - start)
    return "".join(letters)


def why_secret(name: str, value: str) -> str:
    """Return why a variable looks like a secret, empty when it does not."""
    if spans_of(value):
        return "its value has the form of one"
    return "by its name" if SECRET_NAME.fullmatch(name) else ""
