"""The facts of what services logged and of who changed what. Instants are aware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from checks.changes import Change
from checks.facts import Facts, Scalar, ServiceFacts
from checks.places import Place, PlaceKind

_KINDS = {PlaceKind.SERVICE: "deploy", PlaceKind.PERMISSION: "policy"}
"""What a change of a place is called; elsewhere as the place: "job", "subscription"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLine:
    """Equal lines: the newest of them without secrets, how many there were, the first and the last."""

    text: str
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsFacts(ServiceFacts):
    """What a service logged as errors.

    ``logged`` are the distinct lines, the newest first, ``count`` all lines; there were more where not ``complete``.
    ``window`` is when the time began that was looked at, ``since`` the first error in it, None where that is not known,
    ``last`` the newest; ``revision`` logged the newest. ``only_since_deploy`` says that there were none before the
    service's last deploy.
    """

    logged: tuple[LoggedLine, ...] = ()
    count: int = 0
    window: datetime | None = None
    since: datetime | None = None
    last: datetime | None = None
    revision: str = ""
    complete: bool = True
    only_since_deploy: bool = False

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        """Yield the deploy, the whole, then each distinct line with its count and times."""
        if self.deploy is not None:
            yield from self.deploy.lines()
        yield "errors", self.count
        yield "errors_since", self.since
        yield "errors_of", self.revision
        yield "looked_since", self.window
        for number, each in enumerate(self.logged, start=1):
            yield f"error_{number}", each.text
            yield f"error_{number}_count", each.count
            yield f"error_{number}_first", each.first
            yield f"error_{number}_last", each.last


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvidence:
    """What a service that a cause is about logged, and the deploy that the errors began with, None for none."""

    service: str
    errors: ErrorsFacts
    change: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChange:
    """One member that a change of a policy gave a role, or took it from."""

    added: bool
    role: str
    member: str

    def __str__(self) -> str:
        done, way = ("gave", "to") if self.added else ("took", "from")
        return f"{done} {self.role} {way} {self.member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A change that the audit log holds and that succeeded. ``verb`` says what was done: "deployed", "paused".

    A change of a policy has its ``grants``, as far as the entry names them.
    """

    place: Place
    at: datetime
    verb: str
    actor: str = ""
    grants: tuple[GrantChange, ...] = ()

    @property
    def change(self) -> Change:
        """The change as the causes know changes."""
        kind = "policy" if self.grants else _KINDS.get(self.place.kind, str(self.place.kind))
        return Change(place=self.place, at=self.at, kind=kind, actor=self.actor, what=str(self))

    def __str__(self) -> str:
        return "; ".join(map(str, self.grants)) or self.verb


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts(Facts):
    """What was changed of one place, the newest first. ``services`` are those that it starts, or that need it."""

    changes: tuple[LoggedChange, ...] = ()
    services: tuple[str, ...] = ()

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        for number, each in enumerate(self.changes, start=1):
            yield f"change_{number}", str(each)
            yield f"change_{number}_at", each.at
            yield f"change_{number}_by", each.actor
