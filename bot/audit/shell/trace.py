"""What a script or a build runs, in order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from bot.audit.shell.commands import Fate, ShellCommand
from bot.audit.shell.paths import Conditionals, TurningPoints, on_every_path, on_every_path_to, turns

Choice = Callable[[ShellCommand], bool]
"""A module's function, so that its answers are kept."""


@dataclass
class Trace:
    """What runs, in order. ``before`` names, for each step of a build, the steps that ended before it began."""

    commands: list[ShellCommand] = field(default_factory=list)
    before: dict[int, frozenset[int]] = field(default_factory=dict)
    conditionals: Conditionals = field(default_factory=Conditionals)
    function: str = ""
    """The function that this is, where nothing in the file calls it; empty for the file itself."""

    _chosen: dict[Choice, list[int]] = field(default_factory=dict)
    _by_step: dict[int, list[int]] = field(default_factory=dict)
    _by_subject: dict[Choice, dict[str, list[int]]] = field(default_factory=dict)

    @cached_property
    def waits(self) -> bool:
        """Whether it waits for certain processes, and so learns how they ended."""
        return any(
            command.name == "wait"
            and len(command.words) > 1
            and (command.failure.fate is Fate.STOPS or (command.failure.reason == "errexit" and self.is_last(index)))
            for index, command in enumerate(self.commands)
        )

    def is_last(self, index: int) -> bool:
        """Whether nothing of its script runs once this command has failed, so that its failure is the script's."""
        command = self.commands[index]
        guards = set(command.failure.guards)
        # What is guarded stands close behind; the first that is not decides, so that most answers take one step.
        return all(
            (command.line and self.commands[later].line == command.line)
            or any(conditional in guards for conditional, _ in self.commands[later].branches)
            for later in self._behind(index)
        )

    def _behind(self, index: int) -> Iterator[int]:
        if not self._by_step:
            for at, command in enumerate(self.commands):
                self._by_step.setdefault(command.step, []).append(at)
        own = self._by_step[self.commands[index].step]
        return islice(own, bisect_right(own, index), None)

    def after(self, index: int, choice: Choice, service: str = "") -> Iterator[tuple[int, ShellCommand]]:
        """Yield the chosen commands that run after the one at ``index`` whenever that one runs well.

        With the name of a service, those about another one are left out.
        """
        here = self.commands[index]
        chosen = self._about(choice, service) if service else self._indices(choice)
        for later in chosen:
            command = self.commands[later]
            if self._precedes(index, later) and not command.excludes(here):
                yield later, command

    @cached_property
    def _turns(self) -> TurningPoints:
        return turns(self.commands)

    def always(self, index: int, found: Sequence[int]) -> bool:
        """Whether one of the commands at ``found`` runs on every path once the one at ``index`` ran well."""
        return on_every_path(self.commands, index, found, self.conditionals, self._turns)

    def always_earlier(self, index: int, choice: Choice) -> bool:
        """Whether a chosen command has run on every path to the one at ``index``."""
        found = [at for at, _ in islice(self._before(index, choice), 1)]
        if not self._have_run(index, found):  # Mostly the first one suffices.
            found = [at for at, _ in self._before(index, choice)]
        return self._have_run(index, found)

    def _have_run(self, index: int, found: Sequence[int]) -> bool:
        return on_every_path_to(self.commands, index, found, self.conditionals, self._turns)

    def earlier(self, index: int, choice: Choice) -> Iterator[ShellCommand]:
        """Yield the chosen commands that have run before the one at ``index``."""
        return (command for _, command in self._before(index, choice))

    def _before(self, index: int, choice: Choice) -> Iterator[tuple[int, ShellCommand]]:
        here = self.commands[index]
        for other in self._indices(choice):
            command = self.commands[other]
            if self._precedes(other, index) and not command.excludes(here):
                yield other, command

    def _precedes(self, first: int, second: int) -> bool:
        one, other = self.commands[first].step, self.commands[second].step
        if one == other or other not in self.before:
            return first < second
        return one in self.before[other]

    def _about(self, choice: Choice, service: str) -> list[int]:
        if choice not in self._by_subject:
            found: dict[str, list[int]] = {}
            for index in self._indices(choice):
                found.setdefault(subject_of(self.commands[index]), []).append(index)
            self._by_subject[choice] = found
        by_subject = self._by_subject[choice]
        return sorted((*by_subject.get("", ()), *by_subject.get(service, ())))

    def _indices(self, choice: Choice) -> list[int]:
        # Each rule asks for few of the commands, and asks again for each deploy.
        if choice not in self._chosen:
            self._chosen[choice] = [index for index, command in enumerate(self.commands) if choice(command)]
        return self._chosen[choice]


def subject_of(command: ShellCommand) -> str:
    """Return the service that a command is about; empty where that cannot be told, or it is about something else."""
    call = command.own or command.gcloud
    if call is None or not call.path.startswith(("iam ", "deploy ", "run services ", "functions ")):
        return ""
    return "" if call.subject.startswith("$(") else call.subject
