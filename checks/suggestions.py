"""Suggested commands name things that exist.

A repair command that names a scheduler job which is not there costs the one who follows it more than no command.
So every command of a run is held against what the run itself has seen: jobs, services, build triggers, push
subscriptions, topics. One that names something missing is withheld, and one that names something nobody could look
at says so. Commands come from checks, from the pipeline file and from causes; all pass here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property

from checks.actions import Action, Command, Named, Thing
from checks.model import Cause, CheckResult, Finding
from checks.ports.builds import CLOUD_BUILD
from checks.ports.messaging import PUBSUB
from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from checks.reads import ReadCache

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


def verified(action: Action, inventory: Inventory) -> Action:
    """Return an action without the commands that name something missing; where nobody looked, it says so."""
    kept: list[Command] = []
    words: list[str] = []
    for command in action.commands:
        missing = [each for each in command.about if inventory.has(each) is False]
        words += [
            f"Not verified: whether the {each.thing} {each.name} exists."
            for each in command.about
            if inventory.has(each) is None
        ]
        withheld = bool(missing) and len(missing) == len(command.about)
        if not withheld:
            kept.append(command)
        said = "A command is withheld" if withheld else "A command asks for too much"
        words += [f"{said}: there is no {each.thing} {each.name}.{_hint(each, inventory)}" for each in missing]
    if not words:
        return action
    return replace(action, text=" ".join([action.text, *dict.fromkeys(words)]), commands=tuple(kept))


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
