"""How tables are named: ``dataset.table``, and of another project ``project.dataset.table``.

A name of this project is written in queries as ``{dataset}.table``, so that a prefix of its datasets is honoured.
One of another project stands there whole between backquotes, and has no prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

_PROJECT = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_OWN = re.compile(r"[a-z][a-z0-9_]*\.[A-Za-z_]\w*", re.ASCII)
_FOREIGN = re.compile(rf"{_PROJECT}\.[A-Za-z_]\w*\.[A-Za-z_]\w*", re.ASCII)
_IN_QUERY = re.compile(
    rf"\{{(?P<dataset>[a-z][a-z0-9_]*)\}}`?\.`?(?P<table>(?!INFORMATION_SCHEMA\b)[A-Za-z_]\w*)|`(?P<foreign>{_FOREIGN.pattern})`",
    re.ASCII,
)


def is_table_name(text: str) -> bool:
    """Whether a text names a table."""
    return any(each.fullmatch(text) is not None for each in (_OWN, _FOREIGN))


def is_foreign(name: str) -> bool:
    """Whether a table is one of another project."""
    return name.count(".") > 1


def project_of(name: str) -> str:
    """Return the project that a name states; none of one of this project."""
    return name.split(".", maxsplit=1)[0] if is_foreign(name) else ""


def own_dataset(name: str) -> str | None:
    """Return the dataset of a table of this project."""
    dataset, point, _ = name.partition(".")
    return dataset if point and not is_foreign(name) else None


def without_project(name: str) -> str:
    """Return ``dataset.table``."""
    return ".".join(name.split(".")[-2:])


def with_prefix(prefix: str, name: str) -> str:
    """Return the name with the prefix of the datasets of this project; another project's have none."""
    return name if is_foreign(name) else f"{prefix}{name}"


def source(name: str) -> str:
    """Return how a query names a table."""
    dataset, _, short = name.rpartition(".")
    return f"`{name}`" if is_foreign(name) else f"{{{dataset}}}.{short}"


def tables_in(query: str) -> tuple[str, ...]:
    """Return the tables that a query of the file names, each once."""
    found = _IN_QUERY.finditer(query)
    return tuple(dict.fromkeys(each["foreign"] or f"{each['dataset']}.{each['table']}" for each in found))


def without_foreign(query: str) -> str:
    """Return a query without the tables of other projects that it names."""
    return _IN_QUERY.sub(lambda each: "``" if each["foreign"] else each[0], query)


def declared_in(tables: Mapping[str, T], project: str, name: str) -> tuple[str, T | None]:
    """Return a table that a statement names, ``dataset.table`` and perhaps its ``project``, as the file declares it.

    A project beside which the file declares none is its own: any other is refused (``statement_checks``).
    """
    full = f"{project}.{name}"
    return (full, tables[full]) if project and full in tables else (name, tables.get(name))
