"""How many modules stand behind one another: a change deep down is felt as far up as that."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache

from tests.modules import READS_MODULES, parsed

pytestmark = READS_MODULES

LIMIT = 15
"""Modules of the longest chain of imports, those inside of functions and for types included."""

HANDED_DOWN = "bot.audit.shell.script"
"""It hands itself to the modules beside it, which name its type: the one cycle there is."""


def modules() -> Mapping[str, ast.Module]:
    return {
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): tree for path, tree in parsed().items()
    }


def imported(tree: ast.Module, known: Mapping[str, object]) -> set[str]:
    """Return the modules that a module imports; of a package only what is taken from the package itself."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            inner = {each.name: f"{node.module}.{each.name}" for each in node.names}
            found |= {name if name in known else node.module for name in inner.values()}
    return found & known.keys()


def longest_chain() -> tuple[str, ...]:
    known = modules()
    below = {name: imported(tree, known) - {name} for name, tree in known.items()}
    beside = HANDED_DOWN.rpartition(".")[0]
    for name in (each for each in known if each.rpartition(".")[0] == beside):
        below[name].discard(HANDED_DOWN)

    @cache
    def chain(name: str) -> tuple[str, ...]:
        return (name, *max(map(chain, below[name]), key=len, default=()))

    return max(map(chain, known), key=len)


def test_no_chain_of_imports_is_longer_than_the_limit() -> None:
    chain = longest_chain()

    assert len(chain) <= LIMIT, " > ".join(chain)
