"""People read one word for one thing: no message, help text, page or golden uses a word that was replaced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.modules import READS_MODULES, parsed
from tests.sections import ROOT

REPLACED = {
    r"\b(not|is|are|was|were) owed\b": "expected, or not applicable",
    r"\b(could not|cannot) be looked at\b": "could not be checked",
    r"\b(could not|cannot) look\b": "could not check",
    r"\bleft undecided\b": "not checked",
    r"\d in order\b|\b(more|also|is|are) in order\b": "OK, or passed",
    r"\bshould (not )?be:": "Expected, Unwanted",
    r"\brecorded mornings?\b": "scenario",
    r"\b[Ll]eaves? with [0-9]": "exits with",
    r"\bmend(s|ed|ing)?\b": "fix, or repair for what the product does",
    r"\banew\b|\bsaid again\b": "again, or repeated",
    r"\b(next|last) looks?\b": "next or last check",
    r"\bexplains \d": "also affected",
    r"\bnobody in particular\b": "an unprivileged user",
    r"\boddit(y|ies)\b": "known issue",
    r"\bexcuse[sd]?\b": "suppression",
    r"\bsighting|\bknock|\bstaging ground\b": "observation, trigger, staging environment",
    r"\bmay (not |still )?(call|invoke)\b": "can call, cannot call",
    r"\baccount may not\b": "the account cannot",
    r"\blikewise for\b": "the names, or their number",
    r"\brests? on purpose\b": "is paused on purpose",
    r"\btook itself for\b": "considered itself",
    r"\busual (is|are) \d": "usually",
    r"\b(seen at|nobody has taken|taken by)\b": "checked at, unacknowledged, acknowledged by",
}
"""What is not written any more, and what is."""

EXCEPTIONS = {
    ("bot/store/model.py", "anew"): "part of keys in the store",
}

PAGES = sorted(
    path
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("tests/golden*/*"))
    if path.suffix in {".md", ".txt", ".json"} and path.name not in {"architecture.md", "extending.md"}
)


def told(tree: ast.Module) -> Iterator[str]:
    """The texts of a module that people can read: strings, and the docstrings of commands, which are their help."""
    silent = {id(string) for owner in ast.walk(tree) for string in _docstrings(owner)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


def _docstrings(owner: ast.AST) -> Iterator[ast.expr]:
    is_command = isinstance(owner, ast.FunctionDef) and any(
        isinstance(each, ast.Call) and ast.unparse(each.func).endswith(("command", "group"))
        for each in owner.decorator_list
    )
    if isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not is_command:
        yield from (each.value for each in owner.body if isinstance(each, ast.Expr))


def replaced_in(text: str) -> Iterator[str]:
    """The replaced words of a text, each with what is written instead."""
    for pattern, instead in REPLACED.items():
        for found in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{found[0]!r}: write {instead}"


def unexcepted(name: str, text: str) -> list[str]:
    allowed = {word for page, word in EXCEPTIONS if page == name}
    return [each for each in replaced_in(text) if each.split("'")[1].lower() not in allowed]


OF_ONE_PIPELINE = re.compile(r"slate|\bnights?\b|_nights?\b|\bnight_|game_date|same_day|overnight", re.IGNORECASE)
"""Words of the first pipeline, for its intervals; the engine has none of them, not even within another word."""
OF_A_PIPELINE = ("bot/pipelines/", "bot/scenarios/shipped/", "bot/playground/story/")


def test_the_engine_has_no_word_of_one_pipeline() -> None:
    files = (path for room in ("bot", "checks", "handlers") for path in (ROOT / room).rglob("*") if path.is_file())
    names = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}

    assert [
        f"{name}: {found[0]}"
        for name in sorted(name for name in names if not name.startswith(OF_A_PIPELINE))
        for found in OF_ONE_PIPELINE.finditer((ROOT / name).read_text("utf-8", errors="replace"))
    ] == []


@READS_MODULES
def test_no_message_and_no_help_uses_a_replaced_word() -> None:
    # One text a module: a search in each of a hundred thousand strings takes many times as long.
    texts = {path: "\n".join(told(tree)) for path, tree in parsed().items()}

    assert [(path, found) for path, text in texts.items() for found in unexcepted(path, text)] == []


def test_no_page_and_no_golden_uses_a_replaced_word() -> None:
    pages = {page.relative_to(ROOT).as_posix(): page.read_text("utf-8") for page in PAGES}

    assert [(name, found) for name, text in pages.items() for found in unexcepted(name, text)] == []


def test_the_example_pipeline_uses_no_replaced_word() -> None:
    name = "bot/pipelines/nba.yaml"

    assert unexcepted(name, (ROOT / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["It could not be looked at.", "50 in order", "Leaves with 2", "It is not owed.", "anew"]
)
def test_a_replaced_word_is_noticed(text: str) -> None:
    assert list(replaced_in(text))


@pytest.mark.slow
def test_every_exception_is_still_needed() -> None:
    unused = [
        (page, word) for page, word in EXCEPTIONS if word not in (ROOT / page).read_text(encoding="utf-8").lower()
    ]

    assert unused == []
