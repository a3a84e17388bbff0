"""Commands in the order in which a script runs them, and what becomes of their failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from bot.audit.shell.calls import CliCall, CliFlag, read_words
from bot.audit.shell.words import Branch, Word
from bot.audit.source_text import Text

_DOES_NOTHING = frozenset(("--help", "-h", "--dry-run"))


class Fate(Enum):
    """What becomes of a command's failure."""

    STOPS = "stops"
    LOST = "lost"
    """Something written there on purpose drops it, such as ``|| true``."""
    UNCHECKED = "unchecked"
    """Nothing looks at it: ``set -e`` is missing, or does not apply at this place."""


@dataclass(frozen=True, slots=True)
class CommandFailure:
    """What becomes of a failure, why, and the offsets of the text that decides so."""

    fate: Fate = Fate.STOPS
    reason: str = ""
    start: int = -1
    end: int = -1
    guards: tuple[int, ...] = ()
    """The conditionals of the && behind the command: what stands there does not run after a failure."""


@dataclass(frozen=True)
class ShellCommand:
    """One command that runs, with its words expanded. ``start`` and ``end`` are offsets in the file."""

    words: tuple[Word, ...]
    start: int
    end: int
    raw: str = ""
    failure: CommandFailure = CommandFailure()
    branches: tuple[Branch, ...] = ()
    pipeline: int = 0
    captured: str = ""
    """The variable that takes the output."""
    tested: bool = False
    """Whether it stands in a condition, so that its outcome decides something."""
    stdin: str = ""
    step: int = 0
    passes: tuple[Branch, ...] = ()
    """The ways that are taken when it ran well, as it is their condition."""
    fails: tuple[Branch, ...] = ()
    """The ways that are taken when it failed."""
    scopes: tuple[int, ...] = ()
    """The calls, subshells and loops that it stands in, the outermost first."""
    leaves: int = -1
    """For ``exit``, ``return`` and their like: the scope that the flow leaves, 0 for the whole script."""
    line: int = 0
    """A number that the commands share which one line may be, as its words differ by the way that was taken."""
    chosen: tuple[Branch, ...] = ()
    """For such a command: the ways on which the line is this one."""
    fewer: bool = False
    """Whether the line is the same command with more words on another way."""
    origin: str = ""
    """The sourced file that it is written in, from the root; its place is then where that is sourced or called."""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.texts[0].rpartition("/")[2] if self.texts else ""

    @cached_property
    def text(self) -> str:
        return " ".join(self.texts)

    @cached_property
    def gcloud(self) -> CliCall | None:
        """The command as a call of gcloud; None when it is another program, or asks for help."""
        name = self.name
        return self._read(1) if name == "gcloud" or ("$" in name and "gcloud" in name.lower()) else None

    @cached_property
    def own(self) -> CliCall | None:
        """The command as a call of our own program, also as ``python -m bot``; None when it is another."""
        if self.name == "reveille":
            return self._read(1)
        return self._read(3) if self.name.startswith("python") and self.texts[1:3] == ("-m", "bot") else None

    def _read(self, first: int) -> CliCall | None:
        return None if _DOES_NOTHING.intersection(self.texts) else read_words(self.words[first:])

    def place_of(self, flag: CliFlag) -> tuple[int, int]:
        """Return the offsets of a flag's name; where it does not stand in the file as such, of what made it."""
        written = flag.word.place(0, len(flag.name))
        if written is None and self.origin:
            return self.start, self.end
        return written or (flag.word.start, flag.word.end)

    def excludes(self, other: ShellCommand) -> bool:
        """Whether the two never run together: they stand on different ways of one conditional."""
        ways = dict(self.branches)
        return any(ways.get(conditional, way) != way for conditional, way in other.branches)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellStep:
    """One shell text, or the commands that another file gives as words.

    ``before`` are the numbers of the steps that ended well before it began.
    """

    text: Text = field(default_factory=lambda: Text(""))
    commands: Sequence[ShellCommand] = ()
    errexit: bool = False
    pipefail: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    lost: CommandFailure | None = None
    conditions: Sequence[str] = ()
    """What the file asks before it runs: "1 …" where this must be so, "2 …" where it must not."""
    before: frozenset[int] = frozenset()


Recipes = Callable[[Sequence[str]], Sequence[ShellStep]]
"""What ``make`` runs when these words stand behind it."""


def printed(commands: Sequence[ShellCommand]) -> tuple[str, bool] | None:
    """Return what commands print, and whether that is known; None where only the running script can tell."""
    if len(commands) != 1:
        return None
    (one,) = commands
    if one.name == "echo" and all(word.known for word in one.words):
        return " ".join(one.texts[1:]), True
    if one.texts == ("cat",) and one.stdin:
        return one.stdin, "$" not in one.stdin  # A here-document, such as the text of an `eval`.
    return None
