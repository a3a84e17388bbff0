"""What the pipeline file allows to be repaired, and the platform as repairs get it: nothing else is written.

Kinds of repairs never see the platform itself, so that none can forget to ask. What is written is compared with what
was read last: only the difference counts, and it must be one that a kind, or its undo, can have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.repairs.kind import RepairKind
from bot.repairs.model import RepairRefusal, RepairRefusedError
from bot.repairs.ports import (
    Configuration,
    IamPolicy,
    JobRunWrite,
    Platform,
    PolicyWrite,
    TrafficTarget,
    TrafficWrite,
    Variable,
    VariablesWrite,
    Write,
    WriteConflictError,
)
from checks.actions import RepairKey
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob

Kinds = Sequence[type[RepairKind[Any]]]


def kind_of(key: RepairKey, kinds: Kinds) -> type[RepairKind[Any]]:
    """Return the kind of a key. Raises RepairRefusedError."""
    found = next((each for each in kinds if each.name == key.kind), None)
    if found is None:
        known = ", ".join(f"{each.name}:NAME" for each in kinds)
        raise RepairRefusedError(RepairRefusal.UNKNOWN_KEY, f"{str(key)!r} is not a repair: expected one of {known}.")
    return found


def key_of(text: str, kinds: Kinds) -> RepairKey:
    """Read a key of a known kind. Raises RepairRefusedError."""
    key = RepairKey.read(text)
    kind_of(key if key.target else RepairKey(text.strip(), ""), kinds)
    return key


def catalogue(pipeline: Pipeline, kinds: Kinds) -> tuple[RepairKey, ...]:
    """Return everything that may be repaired, kind by kind in the order of the pipeline file."""
    return tuple(RepairKey(kind.name, name) for kind in kinds for name in dict.fromkeys(kind.targets(pipeline)))


def offered(pipeline: Pipeline, keys: str, kinds: Kinds) -> tuple[RepairKey, ...]:
    """Return those of the keys, separated by blanks, that the pipeline file allows; what is no key is left out."""
    allowed = {str(each): each for each in catalogue(pipeline, kinds)}
    return tuple(allowed[word] for word in dict.fromkeys(keys.split()) if word in allowed)


def must_allow(pipeline: Pipeline, key: RepairKey, kinds: Kinds) -> None:
    """Raise RepairRefusedError for a repair that the pipeline file does not allow."""
    kind = kind_of(key, kinds)
    if key.target not in kind.targets(pipeline):
        raise RepairRefusedError(
            RepairRefusal.NOT_ALLOWED,
            f"The pipeline file does not allow {key}.",
            advice=f"To allow it, add {key.target!r} to '{kind.section}' under 'repairs'.",
        )


class AllowedPlatform:
    """A Platform whose writes raise RepairRefusedError, too, for what no kind of repair may write."""

    def __init__(self, pipeline: Pipeline, platform: Platform, kinds: Kinds) -> None:
        self._pipeline = pipeline
        self._platform = platform
        self._kinds = kinds
        self._policies: dict[str, IamPolicy] = {}
        self._configurations: dict[str, Configuration] = {}

    def policy(self, service: str) -> IamPolicy | None:
        found = self._platform.policy(service)
        if found is not None:
            self._policies[service] = found
        return found

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        before = self._policies.get(service, IamPolicy())
        self._must_allow(PolicyWrite(service, before, policy), before.etag == policy.etag)
        self._platform.write_policy(service, policy)

    def configuration(self, service: str) -> Configuration | None:
        found = self._platform.configuration(service)
        if found is not None:
            self._configurations[service] = found
        return found

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        before = self._configurations.get(service, Configuration(name=service))
        self._must_allow(TrafficWrite(service, before, tuple(targets)), before.etag == etag)
        self._platform.write_traffic(service, targets, etag)

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        self._must_allow(VariablesWrite(service, changes))
        self._platform.write_variables(service, changes, etag)

    def job(self, name: str) -> SchedulerJob | None:
        return self._platform.job(name)

    def run_job(self, name: str) -> None:
        self._must_allow(JobRunWrite(name))
        self._platform.run_job(name)

    def _must_allow(self, write: Write, from_what_was_read: bool = True) -> None:
        """Let a write pass that one kind allows: its target, and all of what it changes."""
        refusals: list[RepairRefusedError] = []
        for kind in self._kinds:
            if kind.writes is not type(write):
                continue
            try:
                must_allow(self._pipeline, RepairKey(kind.name, write.target), self._kinds)
            except RepairRefusedError as error:
                refusals.append(error)
                continue
            if not from_what_was_read:
                raise WriteConflictError(write.target)
            if not (what := kind.forbidden(self._pipeline, write)):
                return
            refusals.append(_not_allowed(what))
        raise refusals[0] if refusals else _not_allowed(f"to write {write.target}")


def _not_allowed(what: str) -> RepairRefusedError:
    return RepairRefusedError(
        RepairRefusal.NOT_ALLOWED,
        f"The pipeline file does not allow {what}. Nothing was written.",
        advice="What can be repaired is listed under 'repairs'.",
    )
