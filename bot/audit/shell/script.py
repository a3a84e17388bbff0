"""Follows a shell script through its functions, loops and branches, and writes down the commands it would run.

Nothing is executed. Where only the running script could know, both ways of a branch are followed, a loop's
body is followed once, and a variable is a symbol of its own name. Comments, here-documents and the words of
``echo`` are never commands, because the grammar does not make them such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tree_sitter import Node

from bot.audit.shell.alternatives import merged
from bot.audit.shell.assignments import assign, declaration, define, unset
from bot.audit.shell.branches import case_statement, either_or_both, if_statement, negated, pipeline
from bot.audit.shell.commands import CommandFailure, Fate, Recipes, ShellCommand, printed
from bot.audit.shell.expansion import Expander
from bot.audit.shell.library import Library
from bot.audit.shell.loops import counted_loop, for_loop, while_loop
from bot.audit.shell.outcomes import test
from bot.audit.shell.paths import Conditionals
from bot.audit.shell.simple_commands import plain, redirected
from bot.audit.shell.state import MOST_NESTED, FlowLeft, ShellContext, State
from bot.audit.shell.tree import Tree, collect_functions, parse
from bot.audit.shell.words import ALWAYS, Value
from bot.audit.source_text import Text, UnreadableSourceError

MOST_COMMANDS = 20_000
"""Far above any real script with its loops unrolled; a script beyond that is reported, not followed."""
_MOST_STATEMENTS = 200_000
"""Functions that call each other twice, forty deep, would be followed for years."""
_LEFT_BY = {"exit": "exit", "exec": "exit", "return": "return", "continue": "loop", "break": "loop"}


class Script:
    """Follows one shell text; ``commands`` is what it runs, in order."""

    def __init__(
        self,
        text: Text,
        *,
        errexit: bool = False,
        pipefail: bool = False,
        conditionals: Conditionals | None = None,
        library: Library | None = None,
        made: Recipes | None = None,
    ) -> None:
        self.tree = parse(text)
        self.library = library
        self.made = made
        self.called_elsewhere: set[tuple[str, str]] = set()
        """The functions of sourced files that it calls: file and name."""
        self.uncalled: list[str] = []
        """The functions that ``follow`` returned behind the script itself."""
        self._site: tuple[str, int, int] | None = None
        """While a sourced file is followed: that file, and the place in the audited one that leads to it."""
        self.conditionals = conditionals or Conditionals()
        self.commands: list[ShellCommand] = []
        self.expander = Expander(self._substitution)
        self.state: State = State(self.expander, errexit, pipefail)
        self.problems: list[UnreadableSourceError] = []
        """What could not be followed, such as an ``eval`` of parts that are not known."""
        self.calls: list[str] = []
        self._scopes: list[tuple[str, int]] = []
        self.outcomes: dict[str, Sequence[int]] = {}
        """Which command's outcome a variable holds, as in `code=$?`."""
        self.captured = ""
        self.around = ShellContext()
        self.depth = 0
        self._statements_followed = 0

    def number(self) -> int:
        return self.conditionals.number()

    @contextmanager
    def scope(self, kind: str) -> Iterator[None]:
        """Note what ``return``, ``exit`` or a loop's ``break`` meanwhile leaves: a call, a subshell or a ``loop``."""
        self._scopes.append((kind, self.number()))
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def capturing(self, name: str, around: ShellContext) -> Iterator[None]:
        """Note which variable takes what is printed meanwhile."""
        before = self.captured, self.around
        self.captured, self.around = name, replace(around, captured=name)
        try:
            yield
        finally:
            self.captured, self.around = before

    @property
    def variables(self) -> dict[str, Value]:
        return self.expander.variables

    def follow(self) -> list[list[ShellCommand]]:
        """Return what runs: the script itself, then each function that nothing in the script calls."""
        collect_functions(self.tree, self.tree.root, self.state.functions)
        runs = [self._run(self.tree, self.tree.root)]
        variables = dict(self.variables)
        for name, (tree, body) in self.state.functions.items():
            if name not in self.state.called and not tree.text.path:
                self.expander.variables = dict(variables)
                self.uncalled.append(name)
                runs.append(self._run(tree, body))
        return runs

    def _run(self, tree: Tree, node: Node) -> list[ShellCommand]:
        self.commands = []
        with self.leaving():
            self.statements(tree, node, ShellContext())
        return self.commands

    @contextmanager
    def shown_at(self, tree: Tree, command: ShellCommand) -> Iterator[None]:
        """Show what is followed meanwhile at the command that leads to it, where ``tree`` is of a sourced file."""
        before = self._site
        path = tree.text.path
        self._site = (path, *((before[1], before[2]) if before else (command.start, command.end))) if path else None
        try:
            yield
        finally:
            self._site = before

    @contextmanager
    def leaving(self, *ways: str) -> Iterator[None]:
        """Go on behind what leaves meanwhile, in one of these ways, or in any."""
        try:
            yield
        except FlowLeft as left:
            if ways and left.by not in ways:
                raise

    def statements(self, tree: Tree, node: Node, around: ShellContext) -> None:
        self.follow_all(tree, node.children, around)

    def follow_all(self, tree: Tree, children: list[Node], around: ShellContext) -> None:
        """Follow statements one after another; what ends in ``&`` runs by itself."""
        last = max((at for at, one in enumerate(children) if one.is_named and one.type != "comment"), default=0)
        outer = around
        for index, child in enumerate(children):
            if not child.is_named:
                continue
            around = outer
            if index != last and self._is_lost(outer):
                lost = CommandFailure(Fate.UNCHECKED, "inside", tree.start(child), tree.end(child))
                around = replace(outer, failure=lost)
            background = index + 1 < len(children) and children[index + 1].type == "&"
            if background:
                lost = CommandFailure(Fate.UNCHECKED, "background", tree.end(child), tree.end(children[index + 1]))
                with self.subshell():
                    self.statement(tree, child, replace(around, failure=lost))
            else:
                self.statement(tree, child, around)

    def _is_lost(self, around: ShellContext) -> bool:
        applies = self.state.errexit and not around.without_errexit
        return around.last_counts and not applies and self.fate(around).fate is Fate.STOPS

    def fate(self, around: ShellContext) -> CommandFailure:
        if around.failure is not None:
            return around.failure
        if self.state.errexit or self.state.err_trap:
            return CommandFailure()
        return CommandFailure(Fate.UNCHECKED, "errexit", *self.state.dropped)

    def inner_context(self, around: ShellContext) -> ShellContext:
        """Return the context in another shell, or in a function without the trap: its outcome is the last command's."""
        return replace(around, failure=self.fate(around), last_counts=True, without_errexit=False)

    @property
    def shell(self) -> tuple[int, ...]:
        return (len(self.uncalled), *(number for kind, number in self._scopes if kind == "exit"))

    def statement(self, tree: Tree, node: Node, around: ShellContext) -> None:
        """Follow one statement. Raises FlowLeft, and UnreadableSourceError for what would never end."""
        self.depth += 1
        self._statements_followed += 1
        try:
            if self._statements_followed > _MOST_STATEMENTS:
                raise UnreadableSourceError(
                    "the loops and calls of the script never seem to end; they are not followed", tree.start(node)
                )
            if self.depth > MOST_NESTED * 5:
                raise UnreadableSourceError("the script is nested too deep to be followed", tree.start(node))
            follow = _FOLLOWED.get(node.type)
            if follow is not None:
                follow(self, tree, node, around)
        finally:
            self.depth -= 1

    @contextmanager
    def subshell(self) -> Iterator[None]:
        """Forget at the end what changed meanwhile; ``exit`` leaves no more than this."""
        with self.state.kept(), self.scope("exit"), self.leaving():
            yield

    def optionally(self, tree: Tree, nodes: list[Node], inside: ShellContext) -> bool:
        """Follow what may or may not run; return whether the flow leaves there."""
        before = dict(self.variables)
        try:
            self.follow_all(tree, nodes, inside)
        except FlowLeft:
            self.expander.variables = before
            return True
        number, way = inside.branches[-1]
        if way == ALWAYS:  # A loop's body may run or not, whatever is asked of what stands in it.
            number, way = self.number(), 1
        self.conditionals.open_ways[number] = frozenset((1, 2))
        self.expander.variables = merged([((number, 3 - way), before), ((number, way), self.variables)], before)
        return False

    def _substitution(self, tree: Tree, node: Node) -> tuple[str, bool]:
        count = len(self.commands)
        around = replace(self.inner_context(self.around), captured=self.captured, pipeline=0, piped="")
        with self.subshell():
            # Bash takes ``set -e`` back in a command substitution.
            self.state.errexit &= "inherit_errexit" in self.tree.text.text
            self.statements(tree, node, around)
        made = self.commands[count:]
        said = printed(made)
        return said or (f"$({' '.join('; '.join(command.text for command in made).split())})", False)

    def record(self, command: ShellCommand, around: ShellContext) -> None:
        """Write down a command that runs, with where it stands. Raises UnreadableSourceError beyond the bound."""
        if len(self.commands) >= MOST_COMMANDS:
            raise UnreadableSourceError(
                f"the script runs more than {MOST_COMMANDS:,} commands; its loops are not followed", command.start
            )
        failure = self.fate(around)
        if failure.fate is Fate.STOPS and self.state.forgiving is not None:
            failure = CommandFailure(Fate.LOST, "exit 0", *self.state.forgiving)
        if self._site is not None:
            origin, start, end = self._site
            command = replace(command, start=start, end=end, origin=origin)
            failure = replace(failure, start=start, end=end) if failure.start >= 0 else failure
        self.commands.append(
            replace(
                command,
                failure=failure,
                branches=around.branches,
                pipeline=around.pipeline,
                captured=around.captured,
                tested=around.tested,
                passes=around.passes,
                fails=around.fails,
                scopes=tuple(number for _, number in self._scopes),
                leaves=self._left_by(command.texts[0]),
            )
        )

    def _left_by(self, name: str) -> int:
        kinds = _LEFT_BY.get(name)
        if kinds is None:
            return -1
        return next((number for kind, number in reversed(self._scopes) if kind == kinds), 0)


def _group(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    if node.children and node.children[0].type == "((":
        test(script, tree, node, around)
        return
    script.statements(tree, node, around)


def _subshell_group(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    with script.subshell():
        script.statements(tree, node, around)


_FOLLOWED: dict[str, Callable[[Script, Tree, Node, ShellContext], None]] = {
    "program": Script.statements,
    "command": plain,
    "list": either_or_both,
    "pipeline": pipeline,
    "redirected_statement": redirected,
    "variable_assignment": assign,
    "variable_assignments": Script.statements,
    "declaration_command": declaration,
    "unset_command": unset,
    "compound_statement": _group,
    "do_group": Script.statements,
    "subshell": _subshell_group,
    "negated_command": negated,
    "test_command": test,
    "if_statement": if_statement,
    "case_statement": case_statement,
    "for_statement": for_loop,
    "c_style_for_statement": counted_loop,
    "while_statement": while_loop,
    "function_definition": define,
}
"""What follows each kind of statement of the grammar; any other does nothing that matters here."""
