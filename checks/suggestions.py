"""Suggested commands name things that exist.

A repair command that names a scheduler job which is not there costs the one who follows it more than no command.
So every command of a run is held against what the run itself has seen: jobs, services, build triggers, push
subscriptions, topics. One that names something missing is withheld, and one that names something nobody could look
at says so. Commands come from checks, from the pipeline file and from causes; all pass here.
"""

from __future__ import annotations

import re
import shlex
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from checks.model import Action, Cause, CheckResult, Finding
from checks.ports.builds import CLOUD_BUILD
from checks.ports.messaging import PUBSUB
from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from checks.reads import ReadCache


class Thing(StrEnum):
    """What a command may name; the values are words for people."""

    JOB = "scheduler job"
    SERVICE = "service"
    TRIGGER = "build trigger"
    SUBSCRIPTION = "subscription"
    TOPIC = "topic"


_COMMANDS: Mapping[tuple[str, ...], Thing] = {
    ("gcloud", "scheduler", "jobs"): Thing.JOB,
    ("gcloud", "run", "services"): Thing.SERVICE,
    ("gcloud", "builds", "triggers"): Thing.TRIGGER,
    ("gcloud", "pubsub", "subscriptions"): Thing.SUBSCRIPTION,
    ("gcloud", "pubsub", "topics"): Thing.TOPIC,
}
_NAMELESS = ("list", "create")
"""Verbs that name nothing, or what is not there yet."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something that a command names."""

    thing: Thing
    name: str


NEIGHBOURS = 8
"""Names on each side, in the order of their beginnings and in that of their ends, among which the nearest is looked
for: comparing a name with every other takes minutes where a thousand services are missing."""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What a run has seen: the names of each thing whose list was read."""

    names: Mapping[Thing, frozenset[str]] = field(default_factory=dict)

    def has(self, named: Named) -> bool | None:
        """Whether a thing exists; None when the run has not seen."""
        names = self.names.get(named.thing)
        return named.name in names if names is not None else None

    def nearest(self, named: Named) -> str | None:
        """Return the name most like one that does not exist, of those that begin or end like it."""
        beginnings, ends = self._sorted.get(named.thing, ([], []))
        around = _around(beginnings, named.name) + [each[::-1] for each in _around(ends, named.name[::-1])]
        return next(iter(get_close_matches(named.name, sorted(set(around)), n=1)), None)

    @cached_property
    def _sorted(self) -> Mapping[Thing, tuple[list[str], list[str]]]:
        """The names in order, and in the order of their ends, each read backwards."""
        return {thing: (sorted(names), sorted(name[::-1] for name in names)) for thing, names in self.names.items()}


def _around(names: Sequence[str], name: str) -> list[str]:
    place = bisect_left(names, name)
    return list(names[max(0, place - NEIGHBOURS) : place + NEIGHBOURS])


def inventory_of(cache: ReadCache) -> Inventory:
    """Return what the looks of a run have seen; nothing more is asked."""
    lists = {
        Thing.JOB: cache.answer(SCHEDULER, "jobs"),
        Thing.SERVICE: cache.answer(CLOUD_RUN, "services"),
        Thing.TRIGGER: cache.answer(CLOUD_BUILD, "triggers"),
        Thing.SUBSCRIPTION: cache.answer(PUBSUB, "subscriptions"),
        Thing.TOPIC: cache.answer(PUBSUB, "topics"),
    }
    return Inventory(
        names={
            thing: frozenset(each if isinstance(each, str) else each.name for each in known)
            for thing, known in lists.items()
            if known is not None
        }
    )


def all_named_by(command: str) -> tuple[Named, ...]:
    """Return everything that one command is about: one that reads the log may ask for several at once."""
    for label, thing in _LABELS:
        match = label.search(command)
        if match is not None:
            return tuple(Named(thing=thing, name=name) for name in _QUOTED.findall(match[1]))
    named = named_by(command)
    return (named,) if named is not None else ()


def named_by(command: str) -> Named | None:
    """Return what one command that changes or shows something is about, None when that cannot be looked up."""
    try:
        words = shlex.split(command.replace("\\\n", " "))
    except ValueError:
        return None
    thing_named = _COMMANDS.get(tuple(words[:3]))
    if thing_named is None or len(words) < 4 or words[3] in _NAMELESS:  # noqa: PLR2004 - the verb is the fourth word
        return None
    operands = words[5:] if words[3] in _TWO_VERBS or (words[4:5] and words[4] in _KINDS) else words[4:]
    name = _first_operand(operands)
    return Named(thing=thing_named, name=name.rpartition("/")[2]) if name else None


def _first_operand(words: Sequence[str]) -> str | None:
    """Return the first word that is no flag; None after a flag whose value may be the word that follows it."""
    for word in words:
        if not word.startswith("-"):
            return word
        if "=" not in word:
            return None
    return None


def verified(action: Action, inventory: Inventory) -> Action:
    """Return an action without the commands that name something missing; where nobody looked, it says so."""
    if action.command is None:
        return action
    kept: list[str] = []
    words: list[str] = []
    for command in _END_OF_COMMAND.split(action.command):
        named = all_named_by(command)
        missing = [each for each in named if inventory.has(each) is False]
        words += [
            f"Not verified: whether the {each.thing} {each.name} exists."
            for each in named
            if inventory.has(each) is None
        ]
        withheld = bool(named) and len(missing) == len(named)
        if not withheld:
            kept.append(command)
        said = "A command is withheld" if withheld else "A command asks for too much"
        words += [f"{said}: there is no {each.thing} {each.name}.{_hint(each, inventory)}" for each in missing]
    if not words:
        return action
    return replace(action, text=" ".join([action.text, *dict.fromkeys(words)]), command="\n".join(kept) or None)


def _hint(named: Named, inventory: Inventory) -> str:
    near = inventory.nearest(named)
    return f" Did you mean {near}?" if near is not None else ""


def verified_results(results: Iterable[CheckResult], inventory: Inventory) -> tuple[CheckResult, ...]:
    """Return results whose findings suggest nothing that cannot be done; one in order is returned as it is."""
    return tuple(_result(result, inventory) for result in results)


def _result(result: CheckResult, inventory: Inventory) -> CheckResult:
    findings = tuple(_finding(finding, inventory) for finding in result.findings)
    unchanged = all(new is old for new, old in zip(findings, result.findings, strict=True))
    return result if unchanged else replace(result, findings=findings)


def verified_causes(causes: Iterable[Cause], inventory: Inventory) -> tuple[Cause, ...]:
    """Return causes that suggest nothing that cannot be done."""
    return tuple(
        replace(cause, action=verified(cause.action, inventory)) if cause.action is not None else cause
        for cause in causes
    )


def _finding(finding: Finding, inventory: Inventory) -> Finding:
    action = verified(finding.action, inventory) if finding.action is not None else None
    return finding if action is finding.action else replace(finding, action=action)
