"""Follows what a command of a shell script runs: functions, other shells, and text that is made there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.calls import SHELLS, runs_its_words, shell_text
from bot.audit.shell.commands import ShellCommand
from bot.audit.shell.outcomes import pipeline_looked_at
from bot.audit.shell.state import MOST_NESTED, FlowLeft, ShellContext
from bot.audit.shell.tree import Tree, local_names, parse
from bot.audit.shell.words import Word, WordPiece
from bot.audit.source_text import Text, UnreadableSourceError

if TYPE_CHECKING:
    from bot.audit.shell.script import Script

_OPTIONS = frozenset(("pipefail", "errexit", "nounset"))
REMOTE = frozenset(("ssh",))
"""Programs that hand their words, or their input, to a shell elsewhere."""
_CALL = re.compile(r"\s*gcloud\s+\S")
_UNFOLLOWED = "the command that is made here cannot be followed; write it out"
_ONLY_KNOWN_THERE = re.compile(r"\$\{[A-Za-z_]\w*\}")
"""A command whose program is the value of a variable that only the running script has."""


def perform(script: Script, command: ShellCommand, around: ShellContext) -> None:
    """Follow a command to what it runs, and write it down unless it is a function of the script."""
    name = command.texts[0]
    if name in script.state.functions:
        _call(script, command, around)
        return
    if name in {"exit", "return"} and "PIPESTATUS" in command.raw:
        pipeline_looked_at(script)
    script.record(command, around)
    if name in {"exit", "exec", "return"}:
        raise FlowLeft(name)
    follow = _BUILTINS.get(name)
    if follow is not None:
        follow(script, command, around)
    elif command.name in SHELLS:
        _shell(script, command.words, around)
    elif runs_its_words(name) or command.name in REMOTE:
        for word in command.words[1:]:
            if _CALL.match(word.text):  # As in `retry "gcloud run deploy …"`.
                _nested(script, (word,), around)


def _eval(script: Script, command: ShellCommand, around: ShellContext) -> None:
    if len(command.words) > 1 and _ONLY_KNOWN_THERE.match(command.texts[1]):
        script.problems.append(UnreadableSourceError(_UNFOLLOWED, command.start, command.end))
    _nested(script, command.words[1:], around)


def _make(script: Script, command: ShellCommand, around: ShellContext) -> None:
    """Follow the recipes that ``make`` runs, each line in a shell of its own; the first that fails ends them."""
    if script.made is None or command.text in script.calls:
        return
    if len(script.calls) > MOST_NESTED:
        raise UnreadableSourceError(
            f"the recipes start each other more than {MOST_NESTED} deep; they are not followed",
            command.start,
            command.end,
        )
    script.calls.append(command.text)
    for step in script.made(command.texts[1:]):
        tree = parse(step.text)
        statements = tree.root.children
        last = max((index for index, one in enumerate(statements) if one.is_named), default=0)
        here = around.inside(*script.conditionals.outside(step.conditions))
        here = here if step.lost is None else replace(here, failure=step.lost)
        with script.subshell():
            script.state.errexit, script.state.pipefail = step.errexit, step.pipefail
            script.follow_all(tree, statements[:last], here)
            script.state.errexit = True  # Its failure is the line's.
            script.follow_all(tree, statements[last:], here)
    script.calls.pop()


def _source(script: Script, command: ShellCommand, around: ShellContext) -> None:
    """Follow the files of the repository that are sourced; whatever they do, the script does."""
    if script.library is None or len(command.words) == 1 or len(script.calls) > MOST_NESTED:
        return
    try:
        found = script.library.find(command.texts[1])
        trees = [parse(Text(one.text, [command.start] * len(one.text), one.path)) for one in found]
    except UnreadableSourceError as error:
        said = f"what is sourced here cannot be followed: {error}"
        script.problems.append(UnreadableSourceError(said, command.start, command.end))
        return
    outer = script.expander.positional
    if len(command.words) > 2:  # noqa: PLR2004 - source, file and the first argument
        script.expander.positional = list(command.words[2:])
    for tree in trees:
        if (call := f"source {tree.text.path}") in script.calls:
            continue
        script.calls.append(call)
        try:
            with script.shown_at(tree, command), script.scope("return"), script.leaving("return"):
                script.statements(tree, tree.root, around)
        finally:
            script.calls.pop()
    script.expander.positional = outer


def _call(script: Script, command: ShellCommand, around: ShellContext) -> None:
    name = command.texts[0]
    script.state.called.add(name)
    if name in script.calls or len(script.calls) > MOST_NESTED:
        return
    tree, body = script.state.functions[name]
    outer = script.expander.positional
    locals_before = {local: script.variables.get(local) for local in local_names(tree, body)}
    script.expander.positional = list(command.words[1:])
    if tree.text.path:
        script.called_elsewhere.add((tree.text.path, name))
    script.calls.append(name)
    depth, script.depth = script.depth, 0
    if script.state.err_trap and not script.state.errtrace:
        around = script.inner_context(around) if around.failure is None else around
    try:
        with script.shown_at(tree, command), script.scope("return"), script.leaving("return"):
            script.statement(tree, body, around)
    finally:
        script.depth = depth
        script.calls.pop()
        script.expander.positional = outer
        for local, value in locals_before.items():
            if value is None:
                script.variables.pop(local, None)
            else:
                script.variables[local] = value


def _shell(script: Script, words: tuple[Word, ...], around: ShellContext) -> None:
    asked = shell_text([word.text for word in words])
    if asked is not None:
        inner = script.inner_context(around)
        with script.subshell():
            script.state.errexit, script.state.pipefail = asked.errexit, asked.pipefail
            _nested(script, (words[asked.index],), inner)
    elif around.piped and all(word.text.startswith("-") for word in words[1:]):
        piece = WordPiece(around.piped, words[0].start, exact=False)
        _from_input(script, words, Word((piece,), words[0].start, words[0].end), replace(around, piped=""))


def _from_input(script: Script, words: tuple[Word, ...], text: Word, around: ShellContext) -> None:
    inner = script.inner_context(around)
    with script.subshell():
        script.state.errexit = script.state.pipefail = False
        script.state.set_options(words if words[0].text not in REMOTE else words[:1])
        _nested(script, (text,), inner)


def run_here_document(
    script: Script, tree: Tree, words: tuple[Word, ...], redirects: list[Node], around: ShellContext
) -> None:
    """Follow the here-document that a shell reads its commands from, as in ``bash -e <<EOF``."""
    texts = [word.text for word in words]
    if texts[0] not in REMOTE and (
        shell_text(texts) is not None or not all(text.startswith("-") or text in _OPTIONS for text in texts[1:])
    ):
        return
    bodies = [child for one in redirects if one.type == "heredoc_redirect" for child in one.named_children]
    for body in bodies:
        if body.type == "heredoc_body":
            piece = WordPiece(tree.source(body), tree.start(body))
            _from_input(script, words, Word((piece,), tree.start(body), tree.end(body)), around)


def _nested(script: Script, words: Iterable[Word], around: ShellContext) -> None:
    characters: list[str] = []
    offsets: list[int] = []
    for word in words:
        if characters:
            characters.append(" ")
            offsets.append(offsets[-1])
        for piece in word.pieces:
            characters.append(piece.text)
            step = 1 if piece.exact else 0
            offsets += [piece.start + step * index for index in range(len(piece.text))]
    if len(script.calls) > MOST_NESTED or not offsets:
        return
    try:
        tree = parse(Text("".join(characters), offsets))
    except UnreadableSourceError:
        script.problems.append(UnreadableSourceError(_UNFOLLOWED, offsets[0], offsets[-1] + 1))
        return
    script.calls.append("")
    try:
        script.statements(tree, tree.root, around)
    finally:
        script.calls.pop()


_BUILTINS: dict[str, Callable[[Script, ShellCommand, ShellContext], None]] = {
    "set": lambda script, command, _: script.state.set_options(command.words),
    "shift": lambda script, command, _: script.state.shift(command.words),
    "trap": lambda script, command, around: script.state.trap(
        command.words, command.raw, around.branches, script.shell
    ),
    "eval": _eval,
    "make": _make,
    "${MAKE}": _make,
    "source": _source,
    ".": _source,
}
"""What commands of the shell itself do to the script that runs them."""
