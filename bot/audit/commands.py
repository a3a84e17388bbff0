"""Commands in the order in which a script runs them, and what becomes of their failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from bot.audit.calls import Call, read_words
from bot.audit.words import Word


class Fate(Enum):
    """What becomes of a command's failure."""

    STOPS = "stops"
    LOST = "lost"
    """Something written there on purpose drops it, such as ``|| true``."""
    UNCHECKED = "unchecked"
    """Nothing looks at it: ``set -e`` is missing, or does not apply at this place."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What becomes of a failure, why, and the offsets of the text that decides so."""

    fate: Fate = Fate.STOPS
    reason: str = ""
    start: int = -1
    end: int = -1
    guards: tuple[int, ...] = ()
    """The conditionals of the && behind the command: what stands there does not run after a failure."""


Branch = tuple[int, int]
"""Which conditional (a number for each time one is met) and which of its ways."""


@dataclass(frozen=True)
class Command:
    """One command that runs, with its words expanded. ``start`` and ``end`` are offsets in the file."""

    words: tuple[Word, ...]
    start: int
    end: int
    raw: str = ""
    failure: Failure = Failure()
    branches: tuple[Branch, ...] = ()
    pipeline: int = 0
    captured: str = ""
    """The variable that takes the output."""
    tested: bool = False
    """Whether it stands in a condition, so that its outcome decides something."""
    stdin: str = ""
    step: int = 0

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What the words say."""
        return tuple(word.text for word in self.words)

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.texts[0].rpartition("/")[2] if self.texts else ""

    @cached_property
    def text(self) -> str:
        """The whole command on one line."""
        return " ".join(self.texts)

    @cached_property
    def gcloud(self) -> Call | None:
        """The command as a call of gcloud; None when it is another program."""
        name = self.name
        if name == "gcloud" or ("$" in name and "gcloud" in name.lower()):
            return read_words(self.words[1:])
        return None

    @cached_property
    def own(self) -> Call | None:
        """The command as a call of our own program, also as ``python -m bot``; None when it is another."""
        if self.name == "reveille":
            return read_words(self.words[1:])
        if self.name.startswith("python") and self.texts[1:3] == ("-m", "bot"):
            return read_words(self.words[3:])
        return None

    def excludes(self, other: Command) -> bool:
        """Whether the two never run together: they stand on different ways of one conditional."""
        ways = dict(self.branches)
        return any(ways.get(conditional, way) != way for conditional, way in other.branches)


Choice = Callable[[Command], bool]
"""A module's function, so that its answers are kept."""


@dataclass(slots=True)
class Trace:
    """What runs, in order. ``before`` names, for each step of a build, the steps that ended before it began."""

    commands: list[Command] = field(default_factory=list)
    before: dict[int, frozenset[int]] = field(default_factory=dict)

    _chosen: dict[Choice, list[int]] = field(default_factory=dict)

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


def read_call(command: Command) -> Call | None:
    """Read a command as a call of gcloud; None when it is another program."""
    return command.gcloud


def read_reveille(command: Command) -> Call | None:
    """Read a command as a call of our own program, also as ``python -m bot``; None when it is another."""
    return command.own
