"""What a running shell remembers: its options, functions, traps and variables, and the commands that change them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tree_sitter import Node

from bot.audit.expansion import Expander
from bot.audit.parsing import Tree
from bot.audit.words import Piece, Value, Word, text_of


@dataclass(slots=True)
class State:
    """The memory of one script that is followed."""

    expander: Expander
    errexit: bool = False
    pipefail: bool = False
    dropped: tuple[int, int] = (-1, -1)
    """Where `set +e` stands, as long as it holds."""
    functions: dict[str, tuple[Tree, Node]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    traps: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """What each trap runs, functions written out, and on which signals."""

    @property
    def variables(self) -> dict[str, Value]:
        """What the variables hold at this moment."""
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
                if option == "pipefail":
                    self.pipefail = on

    def shift(self, words: tuple[Word, ...]) -> None:
        """Follow ``shift``."""
        count = int(words[1].text) if len(words) > 1 and words[1].text.isdigit() else 1
        if self.expander.positional is not None:
            self.expander.positional = self.expander.positional[count:]

    def trap(self, words: tuple[Word, ...], raw: str) -> None:
        """Follow ``trap``, whose words are ``raw`` as written; one that exits on errors does what ``set -e`` does."""
        if len(words) < 3:  # noqa: PLR2004 - trap, what, signal
            return
        text = words[1].text
        for name in re.findall(r"[\w-]+", text):
            if name in self.functions:
                self.called.add(name)
                tree, body = self.functions[name]
                text += "\n" + tree.source(body)
        signals = tuple(word.text.upper().removeprefix("SIG") for word in words[2:])
        # In double quotes a variable is already its value; as written, its name tells which directory is meant.
        self.traps.append((f"{text}\n{raw}", signals))
        if "ERR" in signals and "exit" in text:
            self.errexit = True

    def read(self, tree: Tree, words: tuple[Word, ...], stdin: str, separator: Node | None) -> None:
        """Follow ``read``: from a known text the variables are known, otherwise they are not."""
        names = [word.text for word in words[1:] if not word.text.startswith("-")]
        blanks = separator.child_by_field_name("value") if separator is not None else None
        between = text_of(self.expander.value(tree, blanks)) if blanks is not None else ""
        if stdin and "$" not in stdin and names:
            parts = stdin.split(between, len(names) - 1) if between else stdin.split(None, len(names) - 1)
            for name, part in zip(names, [*parts, *[""] * len(names)], strict=False):
                self.expander.variables[name] = (Piece(part, words[0].start, exact=False),)
            return
        for name in names:
            self.expander.variables.pop(name, None)
