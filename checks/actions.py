"""What to do about a finding: a sentence, exact commands, and repairs that Reveille can make.

Commands and repairs are typed, so that whoever compares them reads no text; they become text where people see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from checks.shell_words import WITHHELD, command_line


class Thing(StrEnum):
    """What a command may name; the values are words for people."""

    JOB = "scheduler job"
    SERVICE = "service"
    TRIGGER = "build trigger"
    SUBSCRIPTION = "subscription"
    TOPIC = "topic"


THINGS: Mapping[str, Thing] = {
    "scheduler jobs": Thing.JOB,
    "run services": Thing.SERVICE,
    "builds triggers": Thing.TRIGGER,
    "pubsub subscriptions": Thing.SUBSCRIPTION,
    "pubsub topics": Thing.TOPIC,
}
"""What gcloud's groups of commands are about."""

NAMELESS = frozenset({"list", "create"})
"""Verbs that name nothing, or what is not there yet."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a command names."""

    thing: Thing
    name: str


@dataclass(frozen=True, slots=True)
class Gcloud:
    """A command of gcloud: ``gcloud RESOURCE VERB NAME FLAGS``. ``query`` names what a query in place of a name asks
    for."""

    resource: str
    verb: str
    name: str = ""
    flags: tuple[str, ...] = ()
    query: tuple[Named, ...] = ()

    @property
    def about(self) -> tuple[Named, ...]:
        """What must exist for it."""
        thing = THINGS.get(self.resource)
        if thing is None or not self.name or self.verb in NAMELESS or str(self) == WITHHELD:
            return self.query
        return (Named(thing, self.name),)

    def __str__(self) -> str:
        return command_line(f"gcloud {self.resource} {self.verb}", [self.name] if self.name else [], self.flags)


@dataclass(frozen=True, slots=True)
class Shell:
    """Any other command, such as one that the pipeline file states. ``about`` is what must exist for it."""

    text: str
    about: tuple[Named, ...] = ()

    def __str__(self) -> str:
        return self.text


Command = Gcloud | Shell


def job_logs(names: Sequence[str], *flags: str) -> Gcloud:
    """Return the command that reads the errors of scheduler jobs."""
    return Gcloud("logging", "read", job_log_query(names), flags, tuple(Named(Thing.JOB, each) for each in names))


def job_log_query(names: Sequence[str]) -> str:
    """Return what the errors of scheduler jobs are looked up with."""
    quoted = " OR ".join(f'"{name}"' for name in names)
    jobs = f"({quoted})" if len(names) > 1 else quoted
    return f'resource.type="cloud_scheduler_job" resource.labels.job_id={jobs} severity>=ERROR'


def service_logs(name: str, since: datetime, *flags: str) -> Gcloud:
    """Return the command that reads what a service logged as errors since an instant, the newest first."""
    resource = f'resource.labels.service_name="{name}" OR resource.labels.job_name="{name}"'
    query = f'({resource}) severity>=ERROR timestamp>="{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
    return Gcloud("logging", "read", query, ("--limit=50", *flags), (Named(Thing.SERVICE, name),))


@dataclass(frozen=True, slots=True, order=True)
class RepairKey:
    """Names a repair, as ``run-job:nightly``: its kind, and what it repairs."""

    kind: str
    target: str

    @classmethod
    def read(cls, text: str) -> RepairKey:
        """Return the key that a text is; without a colon or a target, one that no kind has."""
        kind, colon, target = text.strip().partition(":")
        return cls(kind, target) if colon and target else cls(text.strip(), "")

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}" if self.target else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What repairs a finding: a sentence, and where they exist the exact commands and the keys of repairs."""

    text: str
    commands: tuple[Command, ...] = ()
    repairs: tuple[RepairKey, ...] = ()

    @property
    def command(self) -> str | None:
        """The commands as people copy them, each on a line of its own."""
        return lines(self.commands) or None

    @property
    def repair(self) -> str | None:
        """The keys of the repairs, separated by blanks."""
        return " ".join(map(str, self.repairs)) or None


def lines(commands: Iterable[Command]) -> str:
    """Return commands as people copy them, each on a line of its own."""
    return "\n".join(map(str, commands))
