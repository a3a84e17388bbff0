"""What counts as a small change, and what is left alone."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mutants.changes import changes
from tests.sections import ROOT


@cache
def modules() -> list[Path]:
    """The modules of the checks in which something can be changed: found by whoever needs them, for it takes long."""
    return [each for each in sorted((ROOT / "checks").rglob("*.py")) if changes(each.read_text("utf-8"))]


def kinds(source: str) -> list[str]:
    return [each.kind for each in changes(source)]


def becomes(source: str, kind: str) -> set[str]:
    return {each.becomes for each in changes(source) if each.kind == kind}


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        pytest.param("a < b", "comparison", {"(a <= b)"}, id="a bound"),
        pytest.param("a < b <= c", "comparison", {"(a <= b <= c)", "(a < b < c)"}, id="each bound of a chain"),
        pytest.param("a not in b", "comparison", {"(a in b)"}, id="membership"),
        pytest.param("a is None", "comparison", {"(a is not None)"}, id="identity"),
        pytest.param("a and b", "operator", {"(a or b)"}, id="a logical operator"),
        pytest.param("a and b and c", "operand dropped", {"(b and c)", "(a and c)", "(a and b)"}, id="each operand"),
        pytest.param("not a", "condition", {"bool(a)"}, id="a negation"),
        pytest.param("if a:\n    b = c", "condition", {"(not (a))"}, id="a condition"),
        pytest.param("[a for a in b if a.c]", "condition", {"True"}, id="a filter"),
        pytest.param("a + 1", "operator", {"(a - 1)"}, id="arithmetic"),
        pytest.param("a = 7", "constant", {"8"}, id="a number"),
        pytest.param("a = True", "constant", {"False"}, id="a truth"),
        pytest.param("a.b()", "statement dropped", {"pass"}, id="a call"),
        pytest.param("a.b = c", "statement dropped", {"pass"}, id="a field"),
        pytest.param("a[b] += c", "statement dropped", {"pass"}, id="an addition"),
        pytest.param("raise a", "statement dropped", {"pass"}, id="an error"),
        pytest.param("A = frozenset({'b', 'c'})", "entry dropped", {"{'c'}", "{'b'}"}, id="an entry of a set"),
        pytest.param("A = ('b', 'c')", "entry dropped", {"('c',)", "('b',)"}, id="an entry of a tuple"),
        pytest.param("A: B = {'b': 1, 'c': 2}", "entry dropped", {"{'c': 2}", "{'b': 1}"}, id="an entry of a mapping"),
        pytest.param("def a() -> bool:\n    return b", "value returned", {"(not b)"}, id="a truth returned"),
        pytest.param("def a() -> B | None:\n    return b", "value returned", {"None"}, id="something returned"),
        pytest.param("def a() -> str:\n    return b", "value returned", {"''"}, id="a text returned"),
        pytest.param("def a() -> tuple[B, ...]:\n    return b", "value returned", {"()"}, id="several returned"),
    ],
)
def test_it_changes_what_a_test_should_hold(source: str, kind: str, expected: set[str]) -> None:
    assert becomes(source, kind) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('"""Prose, 1 line."""', id="a docstring"),
        pytest.param("_logger.info('%s', a)", id="a log line"),
        pytest.param("a = f'{b + 1}'", id="an f-string"),
        pytest.param("a: tuple[int, Literal[3]]", id="a type"),
        pytest.param("@a(b=True)\nclass C:\n    d: int", id="a decorator"),
        pytest.param("def a(b: C[4]) -> D[5]: ...", id="a signature"),
        pytest.param("if TYPE_CHECKING:\n    import a", id="imports for types"),
        pytest.param("a = 'b' + c", id="text that is joined"),
        pytest.param("__all__ = ('a', 'b')", id="what a module exports"),
    ],
)
def test_it_leaves_alone_what_no_test_should_hold(source: str) -> None:
    assert kinds(source) == []


def test_it_finds_its_place_after_letters_of_several_bytes() -> None:
    source = "é = 'ü'; a = b < c\n"

    (change,) = (each for each in changes(source) if each.kind == "comparison")

    assert change.applied(source) == "é = 'ü'; a = (b <= c)\n"


def test_an_entry_is_shown_where_it_stands_in_its_table() -> None:
    found = changes("A = (\n    'b',\n    'c',\n)\n")

    assert [(each.line, each.was) for each in found] == [(2, "'b'"), (3, "'c'")]


@given(st.deferred(lambda: st.sampled_from(modules())), st.data())
@pytest.mark.slow
def test_every_change_of_our_own_code_is_another_program(module: Path, data: st.DataObject) -> None:
    source = module.read_text("utf-8")
    change = data.draw(st.sampled_from(changes(source)))

    changed = ast.parse(change.applied(source))

    assert ast.dump(changed) != ast.dump(ast.parse(source))
