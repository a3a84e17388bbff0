"""What a kind of repair is: what it may change, what it would change, how it is written, verified and undone."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from bot.repairs.effects import Effect, EffectSeen
from bot.repairs.model import PlannedChange, RepairRefusal, RepairRefusedError
from bot.repairs.ports import Configuration, Platform, Write
from checks.control_plane import service_commands
from checks.facts.logs import GrantChange
from checks.pipeline import Pipeline
from checks.places import Place

State = TypeVar("State")
Wanted = Mapping[str, Any]
"""A state that a repair brings about: JSON that its kind alone reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would change. ``former`` is what undoing it brings back, None where it cannot be undone."""

    title: str
    changes: tuple[PlannedChange, ...]
    command: str
    wanted: Wanted
    former: Wanted | None = None
    warnings: tuple[str, ...] = ()


class RepairKind(ABC, Generic[State]):
    """One kind of repair, for one pipeline and platform. ``members`` narrows it to some of those whom it may change."""

    name: ClassVar[str]
    """Stands in keys, before the colon; permanent."""
    section: ClassVar[str]
    """Where the pipeline file lists its targets, under ``repairs``."""
    thing: ClassVar[str] = "service"
    """What its targets are."""
    permission: ClassVar[str]
    """What its write needs."""
    button: ClassVar[tuple[str, str]]
    """What a button says that makes one, and several; ``{}`` is how many."""
    checks: ClassVar[tuple[str, ...]] = ()
    """The checks that judge its effect; without any, the thing itself does."""
    immediate: ClassVar[bool] = True
    """Whether what was written can be read back at once."""
    commutes: ClassVar[bool] = False
    """Whether it may be written onto whatever somebody else has made of the same thing in the meantime."""
    lasts: ClassVar[bool] = True
    """Whether it should not be needed again: a deploy that makes it so is named."""
    note: ClassVar[str] = ""
    """What to know once it is written."""
    writes: ClassVar[type[Write]]
    """What it writes to the platform."""

    def __init__(self, pipeline: Pipeline, platform: Platform, members: tuple[str, ...] = ()) -> None:
        self.pipeline = pipeline
        self.platform = platform
        self.members = members

    @classmethod
    def targets(cls, pipeline: Pipeline) -> Iterable[str]:
        """Return what the pipeline file lets it repair: what its section lists."""
        return tuple(getattr(pipeline.repairs, cls.section, ()))

    @classmethod
    def forbidden(cls, pipeline: Pipeline, write: Any) -> str:
        """Return what of a write to a target the pipeline file does not allow, in words; empty where it allows all."""
        del pipeline, write
        return ""

    @abstractmethod
    def read(self, target: str) -> State:
        """Read what is there. Raises RepairRefusedError (vanished) and SourceError."""

    @abstractmethod
    def fingerprint(self, state: State) -> str:
        """Return a text that is equal as long as what a plan rests on is."""

    @abstractmethod
    def plan(self, target: str, state: State) -> Proposal:
        """Work out what to do. Raises RepairRefusedError for what cannot be done."""

    @abstractmethod
    def undo(self, target: str, state: State, former: Wanted) -> Proposal:
        """Work out how to bring ``former`` back. Raises RepairRefusedError for what is no longer as we left it."""

    @abstractmethod
    def write(self, target: str, state: State, wanted: Wanted) -> None:
        """Bring it about, from the state just read. Raises ConflictError, RepairRefusedError, SourceError."""

    @abstractmethod
    def holds(self, state: State, wanted: Wanted) -> bool:
        """Whether it is so."""

    @classmethod
    def changed(cls, target: str, wanted: Wanted) -> tuple[Place, tuple[GrantChange, ...]] | None:
        """Return the place that a write has changed and what it granted or took; None for what deploys tell."""
        del target, wanted
        return None

    def verify(self, state: State, *, held: bool) -> EffectSeen:
        """Judge the effect by the thing itself; ``held`` says whether it is as it was to be."""
        del state
        return (
            EffectSeen(Effect.THERE, "Everything is as it was before.")
            if held
            else EffectSeen(Effect.NOT_YET, "Not yet.")
        )


def configuration_of(pipeline: Pipeline, platform: Platform, service: str) -> Configuration:
    """Read a service. Raises RepairRefusedError for one that is not there, and SourceError."""
    found = platform.configuration(service)
    if found is None:
        raise vanished(pipeline, service)
    return found


def vanished(pipeline: Pipeline, service: str) -> RepairRefusedError:
    """Return the refusal for a service that is not there."""
    return RepairRefusedError(
        RepairRefusal.VANISHED,
        f"There is no service {service} in {pipeline.project}, {pipeline.region}.",
        advice="Deploy it first; nothing was written.",
        command=str(service_commands.command(pipeline, "list")),
    )


def digest(value: Any) -> str:
    """Return a short hash of something that JSON can say; equal for equal things, and it tells nothing of them."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
