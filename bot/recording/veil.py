"""What a copy must not tell: names in personal columns, who did what, and the values of variables.

A name becomes a keyed hash. The key is made for one recording and kept nowhere, so that joins still work and nobody can
try names out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.scenarios.template import as_it_stands
from checks.control_plane.spelling import laid_bare
from checks.ports.services import SECRET

_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_SERVICE_ACCOUNT = "gserviceaccount.com"
_PEOPLE = ("user:", "group:", "domain:", "principal:", "principalSet:")
_RUN_ADDRESS = re.compile(r"https://[a-z0-9.-]+\.run\.app(/[\w./-]{0,80})?")
VALUE_LETTERS = 16
"""That stand for the value of a variable; their case says in 32,000 ways that it is written otherwise."""

_LARGEST = 2**53
"""Every reader of numbers keeps those below."""


@dataclass(eq=False)
class Veil:
    """Hides what must not leave. ``columns`` are hashed wherever they are, ``variables`` are those declared harmless.

    ``hidden`` says afterwards what was hidden, and ``names`` which hash stands for which value: it is never written.
    """

    columns: frozenset[str] = frozenset()
    people: bool = True
    variables: frozenset[str] = frozenset()
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    hidden: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._redacted = lru_cache(maxsize=10_000)(Redactor(known_secrets(os.environ)))

    def cell(self, column: str, value: Any) -> Any:
        """Return a value of a column or a field, hashed where it is personal."""
        if column.lower() not in self.columns or value is None:
            return self.value(value)
        self._count(f"column {column}")
        match value:
            case bool() | float() | date():
                return None  # too few values to hide among
            case int():
                return int.from_bytes(self._digest(str(value))[:8]) % _LARGEST
            case list() | tuple():
                return [self.cell(column, each) for each in value]
            case Mapping():
                return {name: self.cell(column, each) for name, each in value.items()}
        return self._named(str(value), "p")

    def value(self, value: Any) -> Any:
        """Return a value with personal fields hashed and every text in it without secrets."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(name)): self.cell(str(name), each) for name, each in value.items()}
            case list() | tuple():
                return [self.value(each) for each in value]
        return value

    def text(self, text: str) -> str:
        """Return a text without secrets and without e-mail addresses of people."""
        shown = self._redacted(text)
        if shown != text:
            self._count("secrets in texts")
        return _ADDRESS.sub(lambda match: self.person(match[0]), shown) if self.people and "@" in shown else shown

    def person(self, account: str) -> str:
        """Return who did something: a service account as it is, a person hashed."""
        if not account or not self.people or account.endswith(_SERVICE_ACCOUNT):
            return account
        self._count("people")
        return self._named(account, "person")

    def member(self, member: str) -> str:
        """Return a member of a policy."""
        deleted, rest = ("deleted:", member.removeprefix("deleted:")) if member.startswith("deleted:") else ("", member)
        kind = next((each for each in _PEOPLE if rest.startswith(each)), None)
        return member if kind is None else f"{deleted}{kind}{self.person(rest.removeprefix(kind))}"

    def variable(self, name: str, value: str) -> str:
        """Return the value of an environment variable: hardly any is told, and what was empty, equal or hardly
        different stays so."""
        before, told, behind = laid_bare(value)
        is_address = before.strip() and _RUN_ADDRESS.fullmatch(f"https://{told}") is not None
        if value == SECRET or not value.strip() or is_address or name in self.variables:
            return value
        self._count("values of variables")
        return f"{before}{self._value(told) if told else ''}{behind}"

    def _value(self, value: str) -> str:
        """Return letters for a value; of values that differ by their case alone they do, too."""
        folded = value.casefold()
        letters = "".join(chr(ord("a") + each % 26) for each in self._digest(folded)[:VALUE_LETTERS])
        if folded != value:
            raised = [each % 2 == 0 for each in self._digest(value)[1:VALUE_LETTERS]]
            pairs = zip(letters[1:], raised, strict=True)
            letters = letters[0].upper() + "".join(each.upper() if is_raised else each for each, is_raised in pairs)
        return f"digest-{letters}"

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a service, SECRET as it is."""
        shown = {name: self.variable(name, value) for name, value in sorted(variables.items())}
        return {name: value if value == SECRET else as_it_stands(value) for name, value in shown.items()}

    def line(self, line: str) -> str:
        """Return what a report says, with the hash of each name that was hidden."""
        for name in sorted(self.names, key=len, reverse=True):
            line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", self.names[name], line)
        return line

    def _named(self, name: str, kind: str) -> str:
        if not name:
            return name
        self.names[name] = f"{kind}-{self._digest(name).hex()[:12]}"
        return self.names[name]

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self.key, text.encode(errors="surrogatepass"), hashlib.sha256)

    def _count(self, what: str) -> None:
        self.hidden[what] = self.hidden.get(what, 0) + 1


def stated(value: Any) -> Any:
    """Return a value as a scenario states it: every text stays what it is."""
    match value:
        case str():
            return as_it_stands(value)
        case Mapping():
            return {as_it_stands(str(name)): stated(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [stated(each) for each in value]
    return value
