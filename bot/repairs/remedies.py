"""What every kind of repair answers: what is there, what it would change, how it is written, whether it is so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.repairs.model import Change

State = TypeVar("State")
Wanted = Mapping[str, Any]
"""A state that a repair brings about: JSON that its kind alone reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would change. ``former`` is what undoing it brings back, None where it cannot be undone."""

    title: str
    changes: tuple[Change, ...]
    command: str
    wanted: Wanted
    former: Wanted | None = None
    warnings: tuple[str, ...] = ()


class Remedy(Protocol[State]):
    """One kind of repair.

    ``permission`` is what its write needs. ``checks`` judge its effect; without any the thing itself does.
    ``immediate`` says whether what was written can be read back at once, ``commutes`` whether it may be written onto
    whatever somebody else has made of the same thing in the meantime.
    """

    @property
    def permission(self) -> str: ...
    @property
    def checks(self) -> tuple[str, ...]: ...
    @property
    def immediate(self) -> bool: ...
    @property
    def commutes(self) -> bool: ...

    def look(self, target: str) -> State:
        """Read what is there. Raises RepairRefusedError (vanished) and SourceError."""
        ...

    def fingerprint(self, state: State) -> str:
        """Return a text that is equal as long as what a plan rests on is."""
        ...

    def propose(self, target: str, state: State) -> Proposal:
        """Work out what to do. Raises RepairRefusedError for what cannot be done."""
        ...

    def take_back(self, target: str, state: State, former: Wanted) -> Proposal:
        """Work out how to bring ``former`` back. Raises RepairRefusedError for what is no longer as we left it."""
        ...

    def write(self, target: str, state: State, wanted: Wanted) -> None:
        """Bring it about, from the state just read. Raises ConflictError, RepairRefusedError, SourceError."""
        ...

    def holds(self, state: State, wanted: Wanted) -> bool:
        """Whether it is so."""
        ...


def digest(value: Any) -> str:
    """Return a short hash of something that JSON can say; equal for equal things, and it tells nothing of them."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
