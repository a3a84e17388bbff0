"""A class name means one thing in the whole product."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

from tests.modules import READS_MODULES, parsed

pytestmark = READS_MODULES

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
    counted = Counter(
        node.name for tree in parsed().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    return frozenset(name for name, count in counted.items() if count > 1)


def test_no_class_takes_the_name_of_another() -> None:
    assert sorted(clashes() - KNOWN) == []


def test_the_list_of_known_clashes_only_shrinks() -> None:
    assert sorted(KNOWN - clashes()) == []
