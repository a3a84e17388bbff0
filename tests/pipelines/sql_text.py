"""Questions about the text of a query."""

from __future__ import annotations

from collections.abc import Mapping

from bot.definition.partition_filters import unfiltered
from bot.statements import statement_of
from checks.pipeline import Table
from checks.ports.warehouse import Query


def unfiltered_in(sql: str, tables: Mapping[str, Table]) -> list[str]:
    """Return the tables that a query reads without a constant filter on their partition column."""
    tree = statement_of(Query(sql).text()).tree
    assert tree is not None
    return unfiltered(tree, tables)
