"""What a script or a build runs, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.audit.commands import Command
from bot.audit.paths import Conditionals, Turns, on_every_path, turns

Choice = Callable[[Command], bool]
"""A module's function, so that its answers are kept."""


@dataclass(slots=True)
class Trace:
    """What runs, in order. ``before`` names, for each step of a build, the steps that ended before it began."""

    commands: list[Command] = field(default_factory=list)
    before: dict[int, frozenset[int]] = field(default_factory=dict)
    conditionals: Conditionals = field(default_factory=Conditionals)

    _chosen: dict[Choice, list[int]] = field(default_factory=dict)
    _turns: Turns | None = None

    def is_last(self, index: int) -> bool:
        """Whether nothing of its script runs once this command has failed, so that its failure is the script's."""
        command = self.commands[index]
        guards = set(command.failure.guards)
        for later in range(index + 1, len(self.commands)):
            other = self.commands[later]
            if other.step == command.step and not any(conditional in guards for conditional, _ in other.branches):
                return False
        return True

    def after(self, index: int, choice: Choice) -> Iterator[tuple[int, Command]]:
        """Yield the chosen commands that run after the one at ``index`` whenever that one runs well."""
        here = self.commands[index]
        for later in self._indices(choice):
            command = self.commands[later]
            if self._precedes(index, later) and not command.excludes(here):
                yield later, command

    def always(self, index: int, found: Sequence[int]) -> bool:
        """Whether one of the commands at ``found`` runs on every path once the one at ``index`` ran well."""
        if self._turns is None:
            self._turns = turns(self.commands)
        return on_every_path(self.commands, index, found, self.conditionals, self._turns)

    def earlier(self, index: int, choice: Choice) -> Iterator[Command]:
        """Yield the chosen commands that have run before the one at ``index``."""
        here = self.commands[index]
        for other in self._indices(choice):
            command = self.commands[other]
            if self._precedes(other, index) and not command.excludes(here):
                yield command

    def _precedes(self, first: int, second: int) -> bool:
        one, other = self.commands[first].step, self.commands[second].step
        if one == other or other not in self.before:
            return first < second
        return one in self.before[other]

    def _indices(self, choice: Choice) -> list[int]:
        # Each rule asks for few of the commands, and asks again for each deploy.
        if choice not in self._chosen:
            self._chosen[choice] = [index for index, command in enumerate(self.commands) if choice(command)]
        return self._chosen[choice]
