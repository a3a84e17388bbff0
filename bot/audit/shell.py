"""Follows a shell script through its functions, loops and branches, and writes down the commands it would run.

Nothing is executed. Where only the running script could know, both ways of a branch are followed, a loop's
body is followed once, and a variable is a symbol of its own name. Comments, here-documents and the words of
``echo`` are never commands, because the grammar does not make them such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import reduce

from tree_sitter import Node

from bot.audit.branches import ALWAYS, Branch
from bot.audit.calls import behind_a_wrapper, unwrapped
from bot.audit.commands import Command, Failure, Fate
from bot.audit.endings import Ending, Endings
from bot.audit.expansion import Expander
from bot.audit.invocation import shell_text
from bot.audit.parsing import Tree, parse
from bot.audit.paths import Conditionals
from bot.audit.sources import Text, UnreadableError
from bot.audit.state import State, merged
from bot.audit.syntax import collect_functions, leaves, local_names, operands, ways
from bot.audit.words import MOST_CHARACTERS, Array, Piece, Value, Word, size_of

MOST_COMMANDS = 20_000
"""Far above any real script with its loops unrolled; a script beyond that is reported, not followed."""
_MOST_STATEMENTS = 200_000
"""Functions that call each other twice, forty deep, would be followed for years."""
_MOST_NESTED = 40
_OPTIONS = frozenset(("pipefail", "errexit", "nounset"))
_UNFOLLOWED = "the command that is made here cannot be followed; write it out"
_ONLY_KNOWN_THERE = re.compile(r"\$\{[A-Za-z_]\w*\}")
"""A command whose program is the value of a variable that only the running script has."""
_COMPARED = re.compile(r"\$?\{?(\?|[A-Za-z_]\w*)\}?\"?\s*(-eq|-ne|-gt|==|!=|=|>)\s*\"?0\b")
_LEFT_BY = {"exit": "exit", "return": "return", "continue": "loop", "break": "loop"}
_EQUAL = frozenset(("-eq", "==", "="))
_SHELLS = frozenset(("bash", "sh", "dash", "zsh", "ash"))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command stands, as far as that decides about its failure and about what else runs with it."""

    failure: Failure | None = None
    branches: tuple[Branch, ...] = ()
    pipeline: int = 0
    captured: str = ""
    tested: bool = False
    passes: tuple[Branch, ...] = ()
    fails: tuple[Branch, ...] = ()

    def condition(self, *, passes: Branch | None = None, fails: Branch | None = None) -> Surroundings:
        """Return the surroundings of a command that decides which way is taken."""
        return replace(
            self,
            passes=(*self.passes, passes) if passes else self.passes,
            fails=(*self.fails, fails) if fails else self.fails,
        )

    def inside(self, branch: Branch) -> Surroundings:
        """Return the surroundings on one way of a conditional."""
        return replace(self, branches=(*self.branches, branch))


class Left(Exception):  # noqa: N818 - not an error: the flow leaves what it is in
    """The flow leaves the script (``exit``) or the function (``return``)."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class Script:
    """Follows one shell text; ``commands`` is what it runs, in order."""

    def __init__(
        self, text: Text, *, errexit: bool = False, pipefail: bool = False, conditionals: Conditionals | None = None
    ) -> None:
        self.tree = parse(text)
        self.conditionals = conditionals or Conditionals()
        self.commands: list[Command] = []
        self.expander = Expander(self._substitution)
        self.state = State(self.expander, errexit, pipefail)
        self.problems: list[UnreadableError] = []
        """What could not be followed, such as an ``eval`` of parts that are not known."""
        self._calls: list[str] = []
        self._scopes: list[tuple[str, int]] = []
        self._outcomes: dict[str, int] = {}
        """Which command's outcome a variable holds, as in `code=$?`."""
        self._captured = ""
        self._around = Surroundings()
        self._depth = 0
        self._statements_followed = 0
        self._followed: dict[str, Callable[[Tree, Node, Surroundings], None]] = {
            "program": self._statements,
            "command": self._plain,
            "list": self._list,
            "pipeline": self._pipeline,
            "redirected_statement": self._redirected,
            "variable_assignment": self._assign,
            "variable_assignments": self._statements,
            "declaration_command": self._declaration,
            "unset_command": self._unset,
            "compound_statement": self._group,
            "do_group": self._statements,
            "subshell": self._subshell_group,
            "negated_command": self._negated,
            "test_command": self._test,
            "if_statement": self._if,
            "case_statement": self._case,
            "for_statement": self._for,
            "c_style_for_statement": self._counted,
            "while_statement": self._loop,
            "function_definition": self._define,
        }

    def _number(self) -> int:
        return self.conditionals.number()

    @contextmanager
    def _scope(self, kind: str) -> Iterator[None]:
        self._scopes.append((kind, self._number()))
        try:
            yield
        finally:
            self._scopes.pop()

    @property
    def variables(self) -> dict[str, Value]:
        """What the variables hold at this moment."""
        return self.expander.variables

    def follow(self) -> list[list[Command]]:
        """Return what runs: the script itself, then each function that nothing in the script calls."""
        collect_functions(self.tree, self.tree.root, self.state.functions)
        runs = [self._run(self.tree, self.tree.root)]
        variables = dict(self.variables)
        for name, (tree, body) in self.state.functions.items():
            if name not in self.state.called:
                self.expander.variables = dict(variables)
                runs.append(self._run(tree, body))
        return runs

    def _run(self, tree: Tree, node: Node) -> list[Command]:
        self.commands = []
        with self._leaving():
            self._statements(tree, node, Surroundings())
        return self.commands

    @contextmanager
    def _leaving(self, *ways: str) -> Iterator[None]:
        try:
            yield
        except Left as left:
            if ways and left.by not in ways:
                raise

    # Statements

    def _statements(self, tree: Tree, node: Node, around: Surroundings) -> None:
        self._follow_all(tree, node.children, around)

    def _follow_all(self, tree: Tree, children: list[Node], around: Surroundings) -> None:
        for index, child in enumerate(children):
            if not child.is_named:
                continue
            background = index + 1 < len(children) and children[index + 1].type == "&"
            if background:
                lost = Failure(Fate.UNCHECKED, "background", tree.end(child), tree.end(children[index + 1]))
                with self._subshell():
                    self._statement(tree, child, replace(around, failure=lost))
            else:
                self._statement(tree, child, around)

    def _statement(self, tree: Tree, node: Node, around: Surroundings) -> None:
        self._depth += 1
        self._statements_followed += 1
        try:
            if self._statements_followed > _MOST_STATEMENTS:
                raise UnreadableError(
                    "the loops and calls of the script never seem to end; they are not followed", tree.start(node)
                )
            if self._depth > _MOST_NESTED * 5:
                raise UnreadableError("the script is nested too deep to be followed", tree.start(node))
            follow = self._followed.get(node.type)
            if follow is not None:
                follow(tree, node, around)
        finally:
            self._depth -= 1

    def _group(self, tree: Tree, node: Node, around: Surroundings) -> None:
        if node.children and node.children[0].type == "((":
            self._test(tree, node, around)
            return
        self._statements(tree, node, around)

    def _subshell_group(self, tree: Tree, node: Node, around: Surroundings) -> None:
        with self._subshell():
            self._statements(tree, node, around)

    @contextmanager
    def _subshell(self) -> Iterator[None]:
        with self.state.kept(), self._scope("exit"), self._leaving():
            yield

    def _redirected(self, tree: Tree, node: Node, around: Surroundings) -> None:
        body = node.child_by_field_name("body")
        redirects = node.children_by_field_name("redirect")
        extra = [word for redirect in redirects for word in redirect.children_by_field_name("destination")[1:]]
        pipe = next((child for one in redirects for child in one.named_children if child.type == "pipeline"), None)
        if pipe is not None:
            around = replace(around, pipeline=around.pipeline or self._number())
        right = next(((one, found) for one in redirects for found in one.children_by_field_name("right")), None)
        before = behind = around
        if right is not None:
            operator = next(child.type for child in right[0].children if child.type in {"||", "&&"})
            number = self._number()
            before = self._left_side(tree, operator, right[1], right[1], around, number)
            before, behind = self._two_sides(before, around, operator, number)
        if body is not None:
            if body.type == "command":
                self._command(tree, body, before, redirects, extra)
            else:
                self._statement(tree, body, before)
        for redirect in redirects:
            self._expand_only(tree, redirect)
        if pipe is not None:
            self._statements(tree, pipe, around)
        if right is not None:
            self._optionally(tree, [right[1]], behind)

    def _expand_only(self, tree: Tree, node: Node) -> None:
        for child in node.named_children:
            if child.type == "process_substitution":
                self.expander.parts(tree, child, quoted=True)

    # Lists, pipelines, conditions

    def _list(self, tree: Tree, node: Node, around: Surroundings) -> None:
        left, right = node.named_children[0], node.named_children[-1]
        operator = next(child for child in node.children if child.type in {"&&", "||"})
        number = self._number()
        here = self._left_side(tree, operator.type, operator, right, around, number)
        before, behind = self._two_sides(here, around, operator.type, number)
        self.conditionals.asked[number, 1] = _condition(tree, [left])
        self._statement(tree, left, before)
        self._optionally(tree, [right], behind)

    @staticmethod
    def _two_sides(
        left: Surroundings, right: Surroundings, operator: str, number: int
    ) -> tuple[Surroundings, Surroundings]:
        if operator == "&&":
            return left.condition(passes=(number, 1)), right.inside((number, 1))
        return left.condition(fails=(number, 2)).inside((number, ALWAYS)), right.inside((number, 2))

    def _left_side(
        self, tree: Tree, operator: str, mark: Node, right: Node, around: Surroundings, number: int
    ) -> Surroundings:
        if operator == "&&":
            if leaves(tree, [right]) or Endings(tree, self.state.functions).of([right]) is Ending.STOPS:
                # It decides, as in `[ … ] && exit 1`, or is tried again, as in `gcloud … && break`.
                return replace(around, failure=Failure(), tested=True)
            # The shell does not stop for a failure on the left of &&, whatever set -e says.
            failure = around.failure or Failure(Fate.UNCHECKED, "and", tree.start(mark), tree.end(mark))
            if failure.reason == "and":
                failure = replace(failure, guards=(*failure.guards, number))
            return replace(around, failure=failure, tested=True)
        if Endings(tree, self.state.functions).of([right]) is Ending.TALKS:
            start = tree.start(mark)
            lost = Failure(Fate.LOST, " ".join(tree.source(right).split()), start, tree.end(right))
            return replace(around, failure=lost, tested=True)
        return replace(around, failure=Failure(), tested=True)

    def _optionally(self, tree: Tree, nodes: list[Node], inside: Surroundings) -> bool:
        """Follow what may or may not run; return whether the flow leaves there."""
        before = dict(self.variables)
        try:
            self._follow_all(tree, nodes, inside)
        except Left:
            self.expander.variables = before
            return True
        self.expander.variables = merged(before, self.variables)
        return False

    def _pipeline(self, tree: Tree, node: Node, around: Surroundings) -> None:
        inside = replace(around, pipeline=around.pipeline or self._number())
        members = node.named_children
        for index, member in enumerate(members):
            last = index == len(members) - 1
            here = inside
            if not last and not self.state.pipefail:
                start = tree.end(member)
                here = replace(inside, failure=Failure(Fate.UNCHECKED, "pipe", start, tree.start(members[index + 1])))
            with self._subshell():
                self._statement(tree, member, here)

    def _negated(self, tree: Tree, node: Node, around: Surroundings) -> None:
        inside = around
        if around.failure is None:
            inside = replace(around, failure=Failure(Fate.UNCHECKED, "and", tree.start(node), tree.start(node) + 1))
        inside = replace(inside, passes=around.fails, fails=around.passes)
        for child in node.named_children:
            self._statement(tree, child, replace(inside, tested=True))

    def _if(self, tree: Tree, node: Node, around: Surroundings) -> None:
        branches = list(ways(node))
        endings = Endings(tree, self.state.functions)
        stops = any(endings.of(body) is Ending.STOPS for _, body in branches)
        otherwise = branches[-1][1] if branches[-1][0] is None else []
        if stops or endings.of(otherwise) is Ending.ACTS or leaves(tree, branches[0][1]):
            failure = Failure()
        else:
            failure = Failure(Fate.LOST, "if", tree.start(node), tree.start(node) + 2)
        number = self._number()
        results: list[dict[str, Value]] = []
        goes_on: set[int] = set()
        asks = replace(around, failure=failure, tested=True)
        for way, (condition, body) in enumerate(branches, start=1):
            otherwise_way = (number, way + 1) if way == len(branches) - 1 and branches[-1][0] is None else None
            for part in condition or ():
                self._statement(tree, part, asks.condition(passes=(number, way), fails=otherwise_way))
            self.conditionals.asked[number, way] = _condition(tree, condition or branches[0][0] or [], way)
            before = dict(self.variables)
            with suppress(Left):
                self._follow_all(tree, body, around.inside((number, way)))
                results.append(self.variables)
                goes_on.add(way)
            self.expander.variables = before
        if branches[-1][0] is not None:
            results.append(self.variables)
            goes_on.add(len(branches) + 1)
        self.conditionals.open_ways[number] = frozenset(goes_on)
        self._join(results)

    def _join(self, results: list[dict[str, Value]]) -> None:
        if not results:
            raise Left("return")
        self.expander.variables = reduce(merged, results)

    def _case(self, tree: Tree, node: Node, around: Surroundings) -> None:
        value_node = node.child_by_field_name("value")
        value = self.expander.words(tree, value_node)[:1] if value_node else []
        items = [child for child in node.named_children if child.type == "case_item"]
        if value and value[0].known:
            chosen = self._chosen(tree, items, value[0].text)
            items = items if chosen is None else chosen
        number = self._number()
        before = self.variables
        results: list[dict[str, Value]] = [dict(before)]
        goes_on = {len(items) + 1} if not any(_takes_all(tree, item) for item in items) else set[int]()
        certain = value and value[0].known and len(items) == 1
        for way, item in enumerate(items, start=ALWAYS if certain else 1):
            self.expander.variables = dict(before)
            patterns = item.children_by_field_name("value")
            body = [child for child in item.children if child not in patterns]
            asked = [*([value_node] if value_node else []), *patterns]
            self.conditionals.asked[number, way] = _condition(tree, asked, ALWAYS)
            with suppress(Left):
                self._follow_all(tree, body, around.inside((number, way)))
                results.append(self.variables)
                goes_on.add(way)
        self.conditionals.open_ways[number] = frozenset(goes_on)
        self._join(results[1:] if len(items) == 1 and len(results) > 1 else results)

    def _chosen(self, tree: Tree, items: list[Node], text: str) -> list[Node] | None:
        for item in items:
            for pattern in item.children_by_field_name("value"):
                words = self.expander.words(tree, pattern)
                if len(words) != 1 or not words[0].known:
                    return None
                if fnmatchcase(text, words[0].text):
                    return [item]
        return []

    # Loops

    def _for(self, tree: Tree, node: Node, around: Surroundings) -> None:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if variable is None or body is None:
            return
        name = tree.source(variable)
        values = node.children_by_field_name("value")
        words = [word for value in values for word in self.expander.words(tree, value)]
        if not values:
            words = self.expander.words(tree, variable) if self.expander.positional is None else [
                *self.expander.positional
            ]  # fmt: skip
            if self.expander.positional is None:
                start = tree.start(variable)
                words = [Word((Piece("${@}", start, exact=False, known=False),), start, start)]
        for word in words:
            self.variables[name] = word.pieces
            with self._scope("loop"):
                self._statement(tree, body, around)

    def _loop(self, tree: Tree, node: Node, around: Surroundings) -> None:
        body = node.child_by_field_name("body")
        for condition in node.children_by_field_name("condition"):
            if condition.is_named:
                # What a loop tries again is not forgotten.
                self._statement(tree, condition, replace(around, failure=Failure(), tested=True))
        if body is not None:
            with self._scope("loop"):
                self._optionally(tree, body.children, around.inside((self._number(), ALWAYS)))

    def _counted(self, tree: Tree, node: Node, around: Surroundings) -> None:
        body = node.child_by_field_name("body")
        if body is not None:
            with self._scope("loop"):
                self._optionally(tree, body.children, around.inside((self._number(), ALWAYS)))

    # Variables

    def _assign(self, tree: Tree, node: Node, around: Surroundings) -> None:
        name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name_node is None or name_node.type != "variable_name":
            return
        name = tree.source(name_node)
        if value_node is not None and "PIPESTATUS" in tree.source(value_node):
            self._pipeline_looked_at()
        kept_outcome = value_node is not None and tree.source(value_node) in {"$?", '"$?"'}
        if kept_outcome and self.commands:
            self._outcomes[name] = len(self.commands) - 1
        if kept_outcome and Endings(tree, self.state.functions).of([node]) is Ending.STOPS:
            self._looked_at()
        adds = any(child.type == "+=" for child in node.children)
        old = self.variables.get(name)
        kept, self._captured = self._captured, name
        self._around, around_before = replace(around, captured=name), self._around
        try:
            if value_node is None:
                self.variables[name] = ()
            elif value_node.type == "array":
                new = self.expander.array(tree, value_node)
                if adds and isinstance(old, Array):
                    new = Array(old.items + new.items, old.keys + new.keys)
                self.variables[name] = new
            else:
                pieces = self.expander.value(tree, value_node)
                if adds:
                    base = old if isinstance(old, tuple) else (Piece(f"${{{name}}}", tree.start(node), False, False),)
                    pieces = base + pieces
                self.variables[name] = pieces
        finally:
            self._captured, self._around = kept, around_before
        if (size := size_of(self.variables[name])) > MOST_CHARACTERS:
            raise UnreadableError(
                f"the variable {name} would hold {size:,} characters here; more than {MOST_CHARACTERS:,} are not "
                "followed",
                tree.start(node),
                tree.end(name_node),
            )

    def _declaration(self, tree: Tree, node: Node, around: Surroundings) -> None:
        for child in node.named_children:
            if child.type == "variable_assignment":
                # local X=$(command) succeeds whatever the command does.
                lost = Failure(Fate.UNCHECKED, "declaration", tree.start(node), tree.end(node.children[0]))
                self._assign(tree, child, replace(around, failure=lost))
            elif child.type == "variable_name" and tree.source(node.children[0]) in {"local", "declare", "typeset"}:
                self.variables.setdefault(tree.source(child), ())

    def _looked_at(self) -> None:
        """Remember that the outcome of the last command, ``$?``, decides whether the script goes on."""
        if self.commands and self.commands[-1].failure.reason == "errexit":
            self.commands[-1] = replace(self.commands[-1], failure=Failure())

    def _pipeline_looked_at(self) -> None:
        """Remember that ``PIPESTATUS``, the outcomes of the pipeline that ended last, decides how it goes on."""
        number = self.commands[-1].pipeline if self.commands else 0
        for index in range(len(self.commands) - 1, -1, -1):
            if not number or self.commands[index].pipeline != number:
                return
            if self.commands[index].failure.reason in {"errexit", "pipe"}:
                self.commands[index] = replace(self.commands[index], failure=Failure())

    def _unset(self, tree: Tree, node: Node, around: Surroundings) -> None:
        del around
        for child in node.named_children:
            if child.type == "variable_name":
                self.variables[tree.source(child)] = ()

    def _substitution(self, tree: Tree, node: Node) -> tuple[str, bool]:
        count = len(self.commands)
        around = replace(self._around, captured=self._captured, pipeline=0)
        with self._subshell():
            self._statements(tree, node, around)
        made = self.commands[count:]
        if len(made) == 1 and made[0].name == "echo" and all(word.known for word in made[0].words):
            return " ".join(made[0].texts[1:]), True
        if len(made) == 1 and made[0].texts == ("cat",) and made[0].stdin:
            return made[0].stdin, "$" not in made[0].stdin  # A here-document, such as the text of an `eval`.
        said = "; ".join(command.text for command in made)
        return f"$({' '.join(said.split())})", False

    def _define(self, tree: Tree, node: Node, around: Surroundings) -> None:
        del around
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.state.functions[tree.source(name)] = (tree, body)

    # Commands

    def _test(self, tree: Tree, node: Node, around: Surroundings) -> None:
        raw = tree.source(node)
        self._around, before = replace(around, tested=True), self._around
        start, end = tree.start(node), tree.end(node)
        words: list[Word] = []
        for child in operands(node):
            words += self.expander.words(tree, child)
        self._around = before
        if "$?" in raw and around.failure is not None and around.failure.fate is Fate.STOPS:
            self._looked_at()
        if "PIPESTATUS" in raw:
            self._pipeline_looked_at()
        self._outcome_decides(raw, around)
        self._record((Word((Piece("[", start, exact=False),), start, start + 1), *words), start, end, raw, around, "")

    def _outcome_decides(self, raw: str, around: Surroundings) -> None:
        """Remember which way is taken when a command ran well whose outcome a test compares with 0."""
        found = _COMPARED.search(raw)
        index = None if found is None else len(self.commands) - 1 if found[1] == "?" else self._outcomes.get(found[1])
        if found is None or index is None or index < 0:
            return
        passes, fails = (around.passes, around.fails) if found[2] in _EQUAL else (around.fails, around.passes)
        command = self.commands[index]
        self.commands[index] = replace(command, passes=(*command.passes, *passes), fails=(*command.fails, *fails))

    def _plain(self, tree: Tree, node: Node, around: Surroundings) -> None:
        self._command(tree, node, around, [], [])

    def _command(self, tree: Tree, node: Node, around: Surroundings, redirects: list[Node], extra: list[Node]) -> None:
        name_node = node.child_by_field_name("name")
        redirects = [*redirects, *node.children_by_field_name("redirect")]
        assignments = [child for child in node.named_children if child.type == "variable_assignment"]
        if name_node is None or (assignments and self._own_line(tree, assignments[-1], name_node)):
            for assignment in assignments:
                self._assign(tree, assignment, around)
            assignments = []
        if name_node is None:
            return
        self._around, before = around, self._around
        nodes = [name_node, *node.children_by_field_name("argument"), *extra]
        words = tuple(
            word for one in nodes for word in self.expander.words(tree, one.children[0] if one is name_node else one)
        )
        self._around = before
        words = unwrapped(words)
        stdin = self._stdin(tree, redirects)
        if not words:
            return
        if words[0].text not in self.state.functions:
            words = behind_a_wrapper(words)
        start, end = self._extent(tree, node, nodes, words)
        raw = tree.source(node)
        if words[0].text == "read":
            prefix = {tree.source(one).partition("=")[0]: one for one in assignments}
            self.state.read(tree, words, stdin, prefix.get("IFS"))
        self._perform(words, start, end, raw, around, stdin)
        if words[0].text.rpartition("/")[2] in _SHELLS:
            self._fed(tree, words, redirects, around)

    @staticmethod
    def _own_line(tree: Tree, assignment: Node, name: Node) -> bool:
        # The grammar takes `a=1 b=2`, a line end and a command for one command with two variables.
        between = tree.text.text[tree.index(assignment.end_byte) : tree.index(name.start_byte)]
        return "\n" in between.replace("\\\n", "")

    @staticmethod
    def _extent(tree: Tree, node: Node, nodes: list[Node], words: tuple[Word, ...]) -> tuple[int, int]:
        start, end = tree.start(nodes[0]), tree.end(nodes[-1])
        if not any(tree.start(node) <= word.start < tree.end(node) for word in words):
            # "$@" in a function runs what its caller wrote: that is the place to show.
            return words[0].start, max(words[-1].end, words[0].end)
        return start, max(end, start)

    def _stdin(self, tree: Tree, redirects: list[Node]) -> str:
        texts: list[str] = []
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                for child in redirect.named_children:
                    texts += [word.text for word in self.expander.words(tree, child)]
            elif redirect.type == "heredoc_redirect":
                texts += [tree.source(child) for child in redirect.named_children if child.type == "heredoc_body"]
        return "\n".join(texts)

    def _perform(
        self, words: tuple[Word, ...], start: int, end: int, raw: str, around: Surroundings, stdin: str
    ) -> None:
        name = words[0].text
        if name in self.state.functions:
            self._call(name, words, around)
            return
        if name in {"exit", "return"} and "PIPESTATUS" in raw:
            self._pipeline_looked_at()
        self._record(words, start, end, raw, around, stdin)
        if name in {"exit", "return"}:
            raise Left(name)
        if name == "set":
            self.state.set_options(words)
        elif name == "shift":
            self.state.shift(words)
        elif name == "trap":
            self.state.trap(words, raw)
        elif name == "eval":
            if len(words) > 1 and _ONLY_KNOWN_THERE.match(words[1].text):
                self.problems.append(UnreadableError(_UNFOLLOWED, start, end))
            self._nested(words[1:], around)
        elif name.rpartition("/")[2] in _SHELLS:
            self._shell(words, around)

    def _record(
        self, words: tuple[Word, ...], start: int, end: int, raw: str, around: Surroundings, stdin: str
    ) -> None:
        if len(self.commands) >= MOST_COMMANDS:
            raise UnreadableError(
                f"the script runs more than {MOST_COMMANDS:,} commands; its loops are not followed", start
            )
        failure = around.failure
        if failure is None:
            failure = Failure() if self.state.errexit else Failure(Fate.UNCHECKED, "errexit", *self.state.dropped)
        self.commands.append(
            Command(words, start, end, raw, failure, around.branches, around.pipeline, around.captured,
                    around.tested, stdin, passes=around.passes, fails=around.fails,
                    scopes=tuple(number for _, number in self._scopes), leaves=self._left_by(words[0].text))
        )  # fmt: skip

    def _left_by(self, name: str) -> int:
        kinds = _LEFT_BY.get(name)
        if kinds is None:
            return -1
        return next((number for kind, number in reversed(self._scopes) if kind == kinds), 0)

    def _call(self, name: str, words: tuple[Word, ...], around: Surroundings) -> None:
        self.state.called.add(name)
        if name in self._calls or len(self._calls) > _MOST_NESTED:
            return
        tree, body = self.state.functions[name]
        outer = self.expander.positional
        locals_before = {local: self.variables.get(local) for local in local_names(tree, body)}
        self.expander.positional = list(words[1:])
        self._calls.append(name)
        depth, self._depth = self._depth, 0
        try:
            with self._scope("return"), self._leaving("return"):
                self._statement(tree, body, around)
        finally:
            self._depth = depth
            self._calls.pop()
            self.expander.positional = outer
            for local, value in locals_before.items():
                if value is None:
                    self.variables.pop(local, None)
                else:
                    self.variables[local] = value

    def _shell(self, words: tuple[Word, ...], around: Surroundings) -> None:
        asked = shell_text([word.text for word in words])
        if asked is None:
            return
        with self._subshell():
            self.state.errexit, self.state.pipefail = asked.errexit, asked.pipefail
            self._nested((words[asked.index],), around)

    def _fed(self, tree: Tree, words: tuple[Word, ...], redirects: list[Node], around: Surroundings) -> None:
        """Follow the here-document that a shell reads its commands from, as in ``bash -e <<EOF``."""
        texts = [word.text for word in words]
        if shell_text(texts) is not None or not all(text.startswith("-") or text in _OPTIONS for text in texts[1:]):
            return
        bodies = [child for one in redirects if one.type == "heredoc_redirect" for child in one.named_children]
        with self._subshell():
            self.state.errexit = self.state.pipefail = False
            self.state.set_options(words)
            for body in bodies:
                if body.type == "heredoc_body":
                    piece = Piece(tree.source(body), tree.start(body))
                    self._nested((Word((piece,), tree.start(body), tree.end(body)),), around)

    def _nested(self, words: Iterable[Word], around: Surroundings) -> None:
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
        if len(self._calls) > _MOST_NESTED or not offsets:
            return
        try:
            tree = parse(Text("".join(characters), offsets))
        except UnreadableError:
            self.problems.append(UnreadableError(_UNFOLLOWED, offsets[0], offsets[-1] + 1))
            return
        self._calls.append("")
        try:
            self._statements(tree, tree.root, around)
        finally:
            self._calls.pop()


def _condition(tree: Tree, nodes: Sequence[Node], way: int = 1) -> str:
    """Return what a way asks, so that it is the same text wherever the same is asked."""
    return f"{way} " + " ".join(" ".join(tree.source(node).split()) for node in nodes)


def _takes_all(tree: Tree, item: Node) -> bool:
    return any(tree.source(pattern) == "*" for pattern in item.children_by_field_name("value"))
