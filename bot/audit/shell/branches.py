"""Follows what a shell script decides: lists, pipelines, ``if`` and ``case``, with the ways that they may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.alternatives import AtEnd, merged
from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand, printed
from bot.audit.shell.outcomes import EndingKind, Endings
from bot.audit.shell.state import FlowLeft, ShellContext
from bot.audit.shell.tree import Tree, leaves, ways
from bot.audit.shell.truths import plain_question, truths
from bot.audit.shell.words import ALWAYS, Branch, Value, Word, WordPiece

if TYPE_CHECKING:
    from bot.audit.shell.script import Script

_PLAIN = 2
"""The ways of an ``if`` without ``elif``, the last one its ``else``."""
_TEST = (Word((WordPiece("[", 0, exact=False),), 0, 1),)
_LONGEST = 40
"""Characters of a condition in a message."""


def either_or_both(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    left, right = node.named_children[0], node.named_children[-1]
    operator = next(child for child in node.children if child.type in {"&&", "||"})
    before, behind = two_sides(script, tree, operator, right, around)
    number = behind.branches[-1][0]
    script.conditionals.asked[number, 1] = _condition(tree, [left])
    script.conditionals.asked[number, 2] = _condition(tree, [left], 2)
    _tell(script, (number, 1), "if", _source(tree, [left]))
    _tell(script, (number, 2), "unless", _source(tree, [left]))
    script.statement(tree, left, before)
    _decide(script, number, tree, [left])
    script.optionally(tree, [right], behind)


def two_sides(
    script: Script, tree: Tree, operator: Node, right: Node, around: ShellContext
) -> tuple[ShellContext, ShellContext]:
    """Return the surroundings of what stands before ``&&`` or ``||``, and of what stands behind."""
    number = script.number()
    left = around.decides(_failure_before(script, tree, operator, right, around, number))
    if operator.type == "&&":
        return left.condition(passes=(number, 1)), around.inside((number, 1))
    return left.condition(fails=(number, 2)).inside((number, ALWAYS)), around.inside((number, 2))


def _failure_before(
    script: Script, tree: Tree, operator: Node, right: Node, around: ShellContext, number: int
) -> CommandFailure:
    ending = Endings(tree, script.state.functions).of([right])
    if operator.type == "||":
        if ending is not EndingKind.TALKS:
            return CommandFailure()
        return CommandFailure(Fate.LOST, " ".join(tree.source(right).split()), tree.start(operator), tree.end(right))
    if around.gives_up and leaves(tree, [right], ("break",)):
        return CommandFailure(Fate.LOST, "break", tree.start(operator), tree.end(right))
    if leaves(tree, [right]) or ending is EndingKind.STOPS:
        # It decides, as in `[ … ] && exit 1`, or is tried again, as in `gcloud … && break`.
        return CommandFailure()
    # The shell does not stop for a failure on the left of &&, whatever set -e says.
    failure = around.failure or CommandFailure(Fate.UNCHECKED, "and", tree.start(operator), tree.end(operator))
    return replace(failure, guards=(*failure.guards, number)) if failure.reason == "and" else failure


def pipeline(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    inside = replace(around, pipeline=around.pipeline or script.number())
    members = node.named_children
    for index, member in enumerate(members):
        last = index == len(members) - 1
        here = inside
        if not last and not script.state.pipefail:
            start = tree.end(member)
            here = replace(
                inside, failure=CommandFailure(Fate.UNCHECKED, "pipe", start, tree.start(members[index + 1]))
            )
        count = len(script.commands)
        with script.subshell():
            script.statement(tree, member, here)
        said = printed(script.commands[count:])
        inside = replace(inside, piped=said[0] if said else "")


def negated(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    inside = around
    if around.failure is None:
        inside = replace(around, failure=CommandFailure(Fate.UNCHECKED, "and", tree.start(node), tree.start(node) + 1))
    inside = replace(inside, passes=around.fails, fails=around.passes)
    for child in node.named_children:
        script.statement(tree, child, replace(inside, tested=True, last_counts=True, without_errexit=True))


def if_statement(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    branches = list(ways(node))
    first = branches[0][0] or []
    endings = Endings(tree, script.state.functions)
    stops = any(endings.of(body) is EndingKind.STOPS for _, body in branches)
    otherwise = branches[-1][1] if branches[-1][0] is None else []
    if stops or endings.of(otherwise) is EndingKind.ACTS or leaves(tree, branches[0][1]):
        failure = CommandFailure()
    else:
        failure = CommandFailure(Fate.LOST, "if", tree.start(node), tree.start(node) + 2)
    number = script.number()
    results: list[AtEnd] = []
    asks = around.decides(failure)
    for way, (condition, body) in enumerate(branches, start=1):
        otherwise_way = (number, way + 1) if way == len(branches) - 1 and branches[-1][0] is None else None
        for part in condition or ():
            script.statement(tree, part, asks.condition(passes=(number, way), fails=otherwise_way))
        asked = first if len(branches) <= _PLAIN else [part for one, _ in branches for part in one or ()]
        script.conditionals.asked[number, way] = _condition(tree, asked, way, is_plain=len(branches) <= _PLAIN)
        _tell(script, (number, way), "if" if condition else "unless", _source(tree, condition or first))
        before = dict(script.variables)
        if way == 1:
            _decide(script, number, tree, condition or [], is_plain=len(branches) == 1 or otherwise_way is not None)
        with suppress(FlowLeft):
            script.follow_all(tree, body, around.inside((number, way)))
            results.append(((number, way), script.variables))
        script.expander.variables = before
    if branches[-1][0] is not None:
        results.append(((number, len(branches) + 1), script.variables))
        if len(branches) == 1:
            script.conditionals.asked[number, 2] = _condition(tree, first, 2)
        _tell(script, (number, len(branches) + 1), "unless", _source(tree, first))
    _join(script, number, results, before)


def case_statement(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    value_node = node.child_by_field_name("value")
    value = script.expander.words(tree, value_node)[:1] if value_node else []
    items = [child for child in node.named_children if child.type == "case_item"]
    if value and value[0].certain:
        chosen = _chosen(script, tree, items, value[0].text)
        items = items if chosen is None else chosen
    number = script.number()
    before = script.variables
    _ask(script, tree, node, items, number, around)
    results: list[AtEnd] = []
    certain = value and value[0].certain and len(items) == 1
    if not certain and not any(_takes_all(tree, item) for item in items):
        results.append(((number, len(items) + 1), dict(before)))
    for way, item in enumerate(items, start=ALWAYS if certain else 1):
        script.expander.variables = dict(before)
        patterns = item.children_by_field_name("value")
        asked = [*([value_node] if value_node else []), *patterns]
        script.conditionals.asked[number, way] = _condition(tree, asked, ALWAYS, is_plain=False)
        _tell(script, (number, way), "case", _source(tree, patterns, " | "))
        with suppress(FlowLeft):
            script.follow_all(tree, _body(item), around.inside((number, way)))
            results.append(((number, way), script.variables))
    _join(script, number, results, before)


def _ask(script: Script, tree: Tree, node: Node, items: list[Node], number: int, around: ShellContext) -> None:
    """Write down what a ``case`` looks at as a test: its patterns decide which way is taken."""
    value = node.child_by_field_name("value")
    if value is None:
        return
    start, end = tree.start(value), tree.end(value)
    patterns = [pattern for item in items for pattern in item.children_by_field_name("value")]
    endings = Endings(tree, script.state.functions)
    stops = any(endings.of(_body(item)) is EndingKind.STOPS for item in items)
    decides = CommandFailure() if stops else CommandFailure(Fate.LOST, "case", start, end)
    around = replace(around, failure=decides, tested=True)
    for way in range(1, len(items) + 2):
        around = around.condition(passes=(number, way))
    script.record(ShellCommand(_TEST, start, end, _source(tree, [value, *patterns])), around)


def _body(item: Node) -> list[Node]:
    patterns = item.children_by_field_name("value")
    return [child for child in item.children if child not in patterns]


def _chosen(script: Script, tree: Tree, items: list[Node], text: str) -> list[Node] | None:
    for item in items:
        for pattern in item.children_by_field_name("value"):
            words = script.expander.words(tree, pattern)
            if len(words) != 1 or not words[0].known:
                return None
            if fnmatchcase(text, words[0].text):
                return [item]
    return []


def _join(script: Script, number: int, results: list[AtEnd], before: Mapping[str, Value]) -> None:
    """Go on behind a conditional with what its ways leave. Raises FlowLeft where none of them comes out."""
    script.conditionals.open_ways[number] = frozenset(way for (_, way), _ in results)
    if not results:
        raise FlowLeft("return")
    script.expander.variables = merged(results, before)


def _decide(script: Script, number: int, tree: Tree, condition: Sequence[Node], *, is_plain: bool = True) -> None:
    """Remember on which ways before a condition is true, so that its first way is taken, and on which its second."""
    for branches, came_out in truths(script, tree, condition):
        if came_out or is_plain:
            script.conditionals.decided.setdefault((number, 1 if came_out else 2), []).append(branches)


def _tell(script: Script, branch: Branch, word: str, text: str) -> None:
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    script.conditionals.told_as[branch] = f"{word} `{shown}`"


def _condition(tree: Tree, nodes: Sequence[Node], way: int = 1, *, is_plain: bool = True) -> str:
    """Return what a way asks, so that it is the same text wherever the same is asked.

    Of one plain question the first way is that it is so, and the second that it is not.
    """
    text, negated = plain_question(_source(tree, nodes)) if is_plain else (_source(tree, nodes), False)
    return f"{3 - way if negated else way} {text}"


def _source(tree: Tree, nodes: Sequence[Node], between: str = " ") -> str:
    return between.join(" ".join(tree.source(node).split()) for node in nodes)


def _takes_all(tree: Tree, item: Node) -> bool:
    return any(tree.source(pattern) == "*" for pattern in item.children_by_field_name("value"))
