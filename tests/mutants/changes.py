"""Small changes of a module, each of which a test should notice: pure, from source to source.

Prose, types, decorators, log lines and f-strings are left alone: no test should hold them to the letter.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
}

_EMPTY = {"str": "''", "list": "[]", "dict": "{}"}
"""What is returned instead, by the type that a function promises."""

_DIAGNOSTIC = ("_logger.", "logging.", "warnings.")
_TABLES = (ast.Tuple, ast.List, ast.Set, ast.Dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stretch of a source, in bytes, and what is put in its place."""

    kind: str
    line: int
    start: int
    end: int
    was: str
    becomes: str

    def applied(self, source: str) -> str:
        """Return the source with this change."""
        text = source.encode()
        return (text[: self.start] + self.becomes.encode() + text[self.end :]).decode()


def changes(source: str) -> tuple[Change, ...]:
    """Return every small change of a module, in the order of the text."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    return tuple(sorted(finder.found, key=lambda each: (each.start, each.line, each.end, each.becomes)))


class _Finder(ast.NodeVisitor):
    """Collects the changes, and keeps out of what no test should hold."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        # Offsets of a tree count bytes in a line.
        self._lines = [0]
        for line in self._source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._returns: list[str] = []
        self.found: list[Change] = []

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Where the parts of an f-string stand is not known before Python 3.12."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._returns.append(ast.unparse(node.returns) if node.returns is not None else "")
        for each in (*node.args.defaults, *(default for default in node.args.kw_defaults if default), *node.body):
            self.visit(each)
        self._returns.pop()

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for each in node.body:
            self.visit(each)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._table(node.value)
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace("statement dropped", node, "pass")
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            self._table(node.value)
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace("statement dropped", node, "pass")
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        text = self._text(node)
        if isinstance(node.value, ast.Constant) or text.startswith(_DIAGNOSTIC):
            return
        if isinstance(node.value, ast.Call):
            self._replace("statement dropped", node, "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace("statement dropped", node, "pass")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace("statement dropped", node, "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self._replace("statement dropped", node, "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            for becomes in _instead(node.value, self._returns[-1], self._text(node.value)):
                self._replace("value returned", node.value, becomes)
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for each in node.ifs:
            self._replace("condition", each, "True")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace("condition", node, f"bool({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = copy.copy(node)
        other.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        self._replace("operator", node, f"({ast.unparse(other)})")
        for place in range(len(node.values)):
            rest = copy.copy(node)
            rest.values = node.values[:place] + node.values[place + 1 :]
            self._replace("operand dropped", node, f"({ast.unparse(rest)})")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            other = copy.copy(node)
            other.ops = [*node.ops[:place], _COMPARISONS[type(operator)](), *node.ops[place + 1 :]]
            self._replace("comparison", node, f"({ast.unparse(other)})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        operator = _ARITHMETIC.get(type(node.op))
        # A plus beside text joins, and has no opposite.
        if operator is not None and not any(_is_text(side) for side in (node.left, node.right)):
            other = copy.copy(node)
            other.op = operator()
            self._replace("operator", node, f"({ast.unparse(other)})")
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        self._entries(node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace("constant", node, str(not node.value))
        elif isinstance(node.value, int | float):
            self._replace("constant", node, repr(node.value + 1))

    def _condition(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.UnaryOp) and ast.unparse(test) != "TYPE_CHECKING":
            self._replace("condition", test, f"(not ({ast.unparse(test)}))")

    def _table(self, value: ast.expr) -> None:
        """A table of the module or of a class: what is assigned, or given to one call such as frozenset."""
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            value = value.args[0]
        if not self._returns and isinstance(value, _TABLES) and not isinstance(value, ast.Dict):
            self._entries(value)

    def _entries(self, table: ast.Dict | ast.Tuple | ast.List | ast.Set) -> None:
        entries = table.values if isinstance(table, ast.Dict) else table.elts
        for place in range(len(entries) if len(entries) > 1 else 0):
            other = copy.copy(table)
            if isinstance(table, ast.Dict) and isinstance(other, ast.Dict):
                other.keys = table.keys[:place] + table.keys[place + 1 :]
                other.values = entries[:place] + entries[place + 1 :]
            elif not isinstance(other, ast.Dict):
                other.elts = entries[:place] + entries[place + 1 :]
            self._replace("entry dropped", table, ast.unparse(other), at=entries[place])

    def _replace(self, kind: str, node: ast.expr | ast.stmt, becomes: str, at: ast.expr | None = None) -> None:
        if becomes == self._text(node):
            return
        start, end = self._span(node)
        shown = self._text(at or node)
        line = (at or node).lineno
        self.found.append(Change(kind=kind, line=line, start=start, end=end, was=shown, becomes=becomes))

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._lines[node.lineno - 1] + node.col_offset, self._lines[last - 1] + column


def _instead(value: ast.expr, returns: str, text: str) -> Iterator[str]:
    """What a function may return instead, of the type that it promises."""
    if isinstance(value, ast.Constant | ast.Compare | ast.BoolOp | ast.UnaryOp):
        return
    if returns.endswith(" | None"):
        yield "None"
    elif returns == "bool":
        yield f"(not {text})"
    elif returns.startswith("tuple[") and returns.endswith("...]"):
        yield "()"
    elif (empty := _EMPTY.get(returns.partition("[")[0])) is not None:
        yield empty


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
