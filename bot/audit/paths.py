"""Tells whether a command runs on every path that a script can take once its deploy went well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.audit.branches import ALWAYS, Branch
from bot.audit.commands import Command

_LEAVING = frozenset(("exit", "return", "continue", "break"))
_ASKS_THE_POLICY = re.compile(r"iam|invoker|polic|binding|bound", re.IGNORECASE)


@dataclass(slots=True)
class Conditionals:
    """The conditionals of a script: which of their ways go on behind them, and what each way asks."""

    open_ways: dict[int, frozenset[int]] = field(default_factory=dict)
    """By number: every way that comes out at the end, also the one of a missing ``else``."""
    asked: dict[Branch, str] = field(default_factory=dict)
    """The condition of a way as written: two ways of one text are taken together, or not at all."""
    numbers: int = 0

    def number(self) -> int:
        """Return a number that no other conditional has."""
        self.numbers += 1
        return self.numbers


def on_every_path(commands: Sequence[Command], index: int, found: Sequence[int], conditionals: Conditionals) -> bool:
    """Whether one of the commands at ``found`` runs whenever the one at ``index`` ran well.

    All ``found`` are behind it. What only a missing binding leads to counts: the script has asked the policy.
    """
    here = commands[index]
    if not found:
        return False
    if not any(commands[one].branches or commands[one].scopes for one in found) and not _leaves_between(
        commands, index, found
    ):
        return True
    view = _View(commands, here, conditionals, _asked_policy(commands, index, found[-1]))
    if not view.covered(found, ()):
        return False
    return not any(view.escapes(gap, found) for gap in _gaps(commands, index, found[-1]))


def _leaves_between(commands: Sequence[Command], index: int, found: Sequence[int]) -> bool:
    return any(True for _ in _gaps(commands, index, found[0]))


def _gaps(commands: Sequence[Command], index: int, last: int) -> Iterable[int]:
    """Yield the commands between that leave early, and without a failure."""
    for at in range(index + 1, last):
        command = commands[at]
        if command.leaves >= 0 and command.name in _LEAVING and command.texts[1:] in {(), ("0",)}:
            yield at


def _asked_policy(commands: Sequence[Command], index: int, last: int) -> frozenset[Branch]:
    """Return the ways that lie behind a question for the policy, such as "bind where it is missing"."""
    return frozenset(
        branch
        for at in range(index + 1, last)
        if (commands[at].passes or commands[at].fails) and _ASKS_THE_POLICY.search(commands[at].raw)
        for branch in (*commands[at].passes, *commands[at].fails)
    )


@dataclass(frozen=True, slots=True)
class _View:
    """The paths as they are for one command that deploys."""

    commands: Sequence[Command]
    here: Command
    conditionals: Conditionals
    asked_policy: frozenset[Branch]

    def covered(self, found: Iterable[int], taken: tuple[Branch, ...]) -> bool:
        """Whether the commands at ``found`` together meet every path, beyond the branches that are ``taken``."""
        given = {*self.here.branches, *self.here.passes, *taken}
        texts = {self.conditionals.asked.get(branch, "") for branch in given} - {""}
        return self._met([self._rest(self.commands[one], given, texts) for one in found])

    def _rest(self, command: Command, given: set[Branch], texts: set[str]) -> tuple[Branch, ...]:
        return tuple(
            branch
            for branch in command.branches
            if branch[1] != ALWAYS
            and branch not in given
            and branch not in self.asked_policy
            and self.conditionals.asked.get(branch, "") not in texts
        )

    def _met(self, rests: Sequence[tuple[Branch, ...]]) -> bool:
        if not all(rests):
            return True
        for number in dict.fromkeys(rest[0][0] for rest in rests):
            ways = self.conditionals.open_ways.get(number, frozenset())
            inside = [[rest[1:] for rest in rests if rest[0] == (number, way)] for way in ways]
            if inside and all(each and self._met(each) for each in inside):
                return True
        return False

    def escapes(self, gap: int, found: Sequence[int]) -> bool:
        """Whether leaving at ``gap`` skips the commands at ``found``, though the deploy went well."""
        leaving = self.commands[gap]
        if leaving.excludes(self.here) or self.asked_policy.intersection(leaving.branches):
            return False
        if set(self.here.fails).intersection(leaving.branches):
            return False
        skipped = any(one > gap and leaving.leaves in (0, *self.commands[one].scopes) for one in found)
        before = [one for one in found if one < gap and not self.commands[one].excludes(leaving)]
        return skipped and not (before and self.covered(before, leaving.branches))
