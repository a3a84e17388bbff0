"""A class name means one thing in the whole product."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = frozenset(
    [
        "Changes",
        "Comparison",
        "Permissions",
        "Problem",
        "Run",
        "Standing",
        "Table",
        "Transition",
        "_Commits",
        "_Connection",
    ]
)
"""Names that are still defined more than once. A name leaves this list with its clash, and none is added."""


@cache
def clashes() -> frozenset[str]:
    files = (file for room in ("bot", "checks", "handlers") for file in (ROOT / room).rglob("*.py"))
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    counted = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return frozenset(name for name, count in counted.items() if count > 1)


def test_no_class_takes_the_name_of_another() -> None:
    assert sorted(clashes() - KNOWN) == []


def test_the_list_of_known_clashes_only_shrinks() -> None:
    assert sorted(KNOWN - clashes()) == []
