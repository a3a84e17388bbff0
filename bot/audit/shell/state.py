"""What a running shell remembers: its options, functions, traps and variables, and the commands that change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from bot.audit.shell.commands import CommandFailure
from bot.audit.shell.expansion import Expander
from bot.audit.shell.paths import Conditionals
from bot.audit.shell.tree import Tree
from bot.audit.shell.words import Branch, Value, Way, Word, WordPiece, text_of

MOST_NESTED = 40
"""Calls and texts within each other; no real script comes near."""


@dataclass(frozen=True, slots=True)
class ShellContext:
    """Where a command stands, as far as that decides about its failure and about what else runs with it."""

    failure: CommandFailure | None = None
    branches: tuple[Branch, ...] = ()
    pipeline: int = 0
    captured: str = ""
    tested: bool = False
    passes: tuple[Branch, ...] = ()
    fails: tuple[Branch, ...] = ()
    last_counts: bool = False
    """Whether of several commands only the last one's failure is seen, unless ``set -e`` applies in them."""
    without_errexit: bool = False
    """Whether ``set -e`` does not apply, as everywhere in a condition."""
    gives_up: bool = False
    """Whether it is in a loop that may end without success, and nothing in it ends the script."""
    piped: str = ""
    """The text that a pipe brings, where it is known."""

    def condition(self, *, passes: Branch | None = None, fails: Branch | None = None) -> ShellContext:
        """Return the surroundings of a command that decides which way is taken."""
        return replace(
            self,
            passes=(*self.passes, passes) if passes else self.passes,
            fails=(*self.fails, fails) if fails else self.fails,
        )

    def open_ways(self, conditionals: Conditionals) -> Callable[[Sequence[Way]], Sequence[Way]]:
        """Return what leaves out the ways of earlier conditionals that were not taken, as far as it is known here."""
        texts = {conditionals.asked.get(branch, "") for branch in self.branches} - {""}

        def may_be(ways: Sequence[Way]) -> Sequence[Way]:
            here = [
                way for way in ways if way.branch in self.branches or conditionals.asked.get(way.branch, "") in texts
            ]
            return here or [way for way in ways if not conditionals.is_against(way.branch, self.branches)] or ways

        return may_be

    def decides(self, failure: CommandFailure) -> ShellContext:
        """Return the context of a condition, whose failure does this; ``set -e`` does not apply in it."""
        return replace(self, failure=failure, tested=True, last_counts=True, without_errexit=True)

    def inside(self, *branches: Branch) -> ShellContext:
        """Return the surroundings on one way of a conditional, or of several."""
        return replace(self, branches=(*self.branches, *branches))


class FlowLeft(Exception):  # noqa: N818 - not an error: the flow leaves what it is in
    """The flow leaves the script (``exit``) or the function (``return``)."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


_ENDS_WELL = re.compile(r"\bexit\s+0\b")


@dataclass(frozen=True, slots=True)
class Trap:
    """What a trap runs, with functions written out, on which signals, and where it is set."""

    text: str
    signals: tuple[str, ...]
    branches: tuple[Branch, ...]
    shell: tuple[int, ...]
    """The run of the script and the subshells that it is set in."""

    @property
    def at_exit(self) -> bool:
        return bool({"EXIT", "0"} & set(self.signals))

    def replaces(self, other: Trap) -> bool:
        """Whether the other one is gone wherever this is set: a shell has one trap a signal."""
        same_shell = self.at_exit and other.at_exit and self.shell == other.shell
        return same_shell and set(self.branches) <= set(other.branches)


@dataclass(slots=True)
class State:
    """The memory of one script that is followed."""

    expander: Expander
    errexit: bool = False
    pipefail: bool = False
    err_trap: bool = False
    """Whether a trap ends the script at a failure."""
    errtrace: bool = False
    """Whether that trap applies in functions, too."""
    forgiving: tuple[int, int] | None = None
    """Where a trap stands that ends the script well, whatever has failed."""
    dropped: tuple[int, int] = (-1, -1)
    """Where `set +e` stands, as long as it holds."""
    functions: dict[str, tuple[Tree, Node]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    traps: list[Trap] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, Value]:
        return self.expander.variables

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Forget at the end what changed in between, as a subshell does."""
        before = dict(self.expander.variables), self.errexit, self.pipefail, self.dropped
        try:
            yield
        finally:
            self.expander.variables, self.errexit, self.pipefail, self.dropped = before

    def set_options(self, words: tuple[Word, ...]) -> None:
        """Follow ``set``: options, and the arguments behind ``--``."""
        texts = [word.text for word in words[1:]]
        for index, text in enumerate(texts):
            if text == "--":
                self.expander.positional = list(words[index + 2 :])
                return
            on = text.startswith("-")
            if re.fullmatch(r"[-+][A-Za-z]+", text):
                option = texts[index + 1] if text.endswith("o") and index + 1 < len(texts) else ""
                if "e" in text or option == "errexit":
                    self.dropped = (words[0].start, words[index + 1].end) if self.errexit and not on else (-1, -1)
                    self.errexit = on
                if "E" in text or option == "errtrace":
                    self.errtrace = on
                if option == "pipefail":
                    self.pipefail = on

    def shift(self, words: tuple[Word, ...]) -> None:
        """Follow ``shift``."""
        count = int(words[1].text) if len(words) > 1 and words[1].text.isdigit() else 1
        if self.expander.positional is not None:
            self.expander.positional = self.expander.positional[count:]

    def trap(self, words: tuple[Word, ...], raw: str, branches: tuple[Branch, ...], shell: tuple[int, ...]) -> None:
        """Follow ``trap``, whose words are ``raw`` as written; one that exits on errors does what ``set -e`` does."""
        if len(words) < 3:  # noqa: PLR2004 - trap, what, signal
            return
        text = words[1].text
        signals = tuple(word.text.upper().removeprefix("SIG") for word in words[2:])
        for name in re.findall(r"[\w-]+", text):
            if name in self.functions:
                self.called.add(name)
                tree, body = self.functions[name]
                text += "\n" + tree.source(body)
        ends_well = _ENDS_WELL.search(text) is not None
        if "ERR" in signals:
            self.err_trap = "exit" in text and not ends_well
        if text == "-":
            return
        # In double quotes a variable is already its value; as written, its name tells which directory is meant.
        trap = Trap(f"{text}\n{raw}", signals, branches, shell)
        self.traps = [*(one for one in self.traps if not trap.replaces(one)), trap]
        if trap.at_exit and not branches:
            self.forgiving = (words[0].start, words[-1].end) if ends_well else None

    def read(self, tree: Tree, words: tuple[Word, ...], stdin: str, separator: Node | None) -> None:
        """Follow ``read``: from a known text the variables are known, otherwise they are not."""
        names = [word.text for word in words[1:] if not word.text.startswith("-")]
        blanks = separator.child_by_field_name("value") if separator is not None else None
        between = text_of(self.expander.value(tree, blanks)) if blanks is not None else ""
        if stdin and "$" not in stdin and names:
            parts = stdin.split(between, len(names) - 1) if between else stdin.split(None, len(names) - 1)
            for name, part in zip(names, [*parts, *[""] * len(names)], strict=False):
                self.expander.variables[name] = (WordPiece(part, words[0].start, exact=False),)
            return
        for name in names:
            self.expander.variables.pop(name, None)
