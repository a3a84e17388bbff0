"""Reads one command of a shell script: its words, its redirections and the place to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.alternatives import variations
from bot.audit.shell.assignments import assign
from bot.audit.shell.branches import two_sides
from bot.audit.shell.called_code import REMOTE, perform, run_here_document
from bot.audit.shell.calls import SHELLS, behind_a_wrapper, talks, unwrapped
from bot.audit.shell.commands import CommandFailure, ShellCommand, printed
from bot.audit.shell.state import FlowLeft, ShellContext
from bot.audit.shell.tree import Tree
from bot.audit.shell.words import Word

if TYPE_CHECKING:
    from bot.audit.shell.script import Script

_OF_THE_SHELL = frozenset(("read", "set", "shift", "trap", "unset"))


def plain(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    command(script, tree, node, around, [], [])


def redirected(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    body = node.child_by_field_name("body")
    redirects = node.children_by_field_name("redirect")
    extra = [word for redirect in redirects for word in redirect.children_by_field_name("destination")[1:]]
    pipe = next((child for one in redirects for child in one.named_children if child.type == "pipeline"), None)
    if pipe is not None:
        around = replace(around, pipeline=around.pipeline or script.number())
    right = next(((one, found) for one in redirects for found in one.children_by_field_name("right")), None)
    before = behind = around
    count = len(script.commands)
    if right is not None:
        operator = next(child for child in right[0].children if child.type in {"||", "&&"})
        before, behind = two_sides(script, tree, operator, right[1], around)
    if body is not None:
        if body.type == "command":
            command(script, tree, body, before, redirects, extra)
        else:
            script.statement(tree, body, before)
    for redirect in redirects:
        _expand_only(script, tree, redirect)
    if pipe is not None:
        said = printed(script.commands[count:])
        script.statements(tree, pipe, replace(around, piped=said[0] if said else ""))
    if right is not None:
        script.optionally(tree, [right[1]], behind)


def _expand_only(script: Script, tree: Tree, node: Node) -> None:
    for child in node.named_children:
        if child.type == "process_substitution":
            script.expander.parts(tree, child, quoted=True)


def command(
    script: Script, tree: Tree, node: Node, around: ShellContext, redirects: list[Node], extra: list[Node]
) -> None:
    name_node = node.child_by_field_name("name")
    redirects = [*redirects, *node.children_by_field_name("redirect")]
    assignments = [child for child in node.named_children if child.type == "variable_assignment"]
    if name_node is None or (assignments and _own_line(tree, assignments[-1], name_node)):
        for assignment in assignments:
            assign(script, tree, assignment, around)
        assignments = []
    if name_node is None:
        return
    script.around, before = around, script.around
    nodes = [name_node, *node.children_by_field_name("argument"), *extra]
    words = tuple(
        word for one in nodes for word in script.expander.words(tree, one.children[0] if one is name_node else one)
    )
    script.around = before
    stdin = _stdin(script, tree, redirects)
    draft = ShellCommand(words, 0, 0, tree.source(node), stdin=stdin)
    prefix = {tree.source(one).partition("=")[0]: one for one in assignments}

    def run(draft: ShellCommand, around: ShellContext) -> None:
        words = unwrapped(draft.words)
        if not words:
            return
        if words[0].text not in script.state.functions:
            words = behind_a_wrapper(words)
        start, end = _extent(tree, node, nodes, words)
        replaces = draft.words[0].text == "exec"
        around = replace(around, failure=around.failure or CommandFailure()) if replaces else around
        if words[0].text == "read":
            script.state.read(tree, words, stdin, prefix.get("IFS"))
        here = replace(around, piped=stdin) if redirects and redirects[-1].type == "herestring_redirect" else around
        perform(script, replace(draft, words=words, start=start, end=end), here)
        if words[0].text.rpartition("/")[2] in SHELLS | REMOTE:
            run_here_document(script, tree, words, redirects, around)
        if replaces:  # Nothing comes back from what `exec` starts.
            perform(script, replace(draft, words=draft.words[:1], start=start, end=end), around)

    run_each(script, draft, around, run)


def run_each(
    script: Script, draft: ShellCommand, around: ShellContext, run: Callable[[ShellCommand, ShellContext], None]
) -> None:
    """Run a command, or each that it may be where its words differ by the way that was taken before."""
    found = variations(draft.words, around.open_ways(script.conditionals)) if _differs(script, draft) else ()
    if len(found) <= 1:
        run(replace(draft, words=found[0].words) if found else draft, around)
        return
    line = script.number()
    left: list[FlowLeft] = []
    for one in found:
        command = replace(draft, words=one.words, line=line, chosen=one.branches, fewer=one.fewer)
        try:
            run(command, around.inside(*one.branches))
        except FlowLeft as leaving:
            left.append(leaving)
    if len(left) == len(found):
        raise left[0]


def _differs(script: Script, draft: ShellCommand) -> bool:
    if not any(piece.ways for word in draft.words for piece in word.pieces):
        return False
    program = draft.words[0]
    if any(piece.ways for piece in program.pieces):
        return True
    # A function is followed once, with whatever it is given; what is printed need not be told apart.
    return not (program.text in script.state.functions or program.text in _OF_THE_SHELL or talks(program.text))


def _own_line(tree: Tree, assignment: Node, name: Node) -> bool:
    # The grammar takes `a=1 b=2`, a line end and a command for one command with two variables.
    between = tree.text.text[tree.index(assignment.end_byte) : tree.index(name.start_byte)]
    return "\n" in between.replace("\\\n", "")


def _extent(tree: Tree, node: Node, nodes: list[Node], words: tuple[Word, ...]) -> tuple[int, int]:
    start, end = tree.start(nodes[0]), tree.end(nodes[-1])
    if not any(tree.start(node) <= word.start < tree.end(node) for word in words):
        # "$@" in a function runs what its caller wrote: that is the place to show.
        return words[0].start, max(words[-1].end, words[0].end)
    return start, max(end, start)


def _stdin(script: Script, tree: Tree, redirects: list[Node]) -> str:
    texts: list[str] = []
    for redirect in redirects:
        if redirect.type == "herestring_redirect":
            for child in redirect.named_children:
                texts += [word.text for word in script.expander.words(tree, child)]
        elif redirect.type == "heredoc_redirect":
            texts += [tree.source(child) for child in redirect.named_children if child.type == "heredoc_body"]
    return "\n".join(texts)
