"""How tables are named: ``dataset.table``, and of another project ``project.dataset.table``.

A name of this project is written in queries as ``{dataset}.table``, so that a prefix of its datasets is honoured.
One of another project stands there whole between backquotes, and has no prefix. A table that is split by date into
shards (``events_20260210``) is called ``dataset.events_*``; the date of a row's shard is its column ``SUFFIX``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

SUFFIX = "_TABLE_SUFFIX"
"""What ``*`` stands for, a STRING such as ``20260210``. Where it meets a constant, only those shards are read."""

_PROJECT = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
_SHORT = r"[A-Za-z_]\w*\*?"
_OWN = re.compile(rf"[a-z][a-z0-9_]*\.{_SHORT}", re.ASCII)
_FOREIGN = re.compile(rf"{_PROJECT}\.[A-Za-z_]\w*\.{_SHORT}", re.ASCII)
_SHARDS = re.compile(r"[^*]*[A-Za-z_]\*", re.ASCII)
_IN_QUERY = re.compile(
    rf"\{{(?P<dataset>[a-z][a-z0-9_]*)\}}`?\.`?(?P<table>(?!INFORMATION_SCHEMA\b){_SHORT})|`(?P<foreign>{_FOREIGN.pattern})`",
    re.ASCII,
)


def is_table_name(text: str) -> bool:
    """Whether a text names a table."""
    return any(each.fullmatch(text) is not None for each in (_OWN, _FOREIGN))


def is_foreign(name: str) -> bool:
    """Whether a table is one of another project."""
    return name.count(".") > 1


def is_sharded(name: str) -> bool:
    """Whether a name stands for many tables, one a date."""
    return "*" in name


def names_shards(name: str) -> bool:
    """Whether what ``*`` stands for can be a date: it ends the name, and no digits of the date are before it."""
    return _SHARDS.fullmatch(name) is not None


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
    if is_foreign(name):
        return f"`{name}`"
    return f"`{{{dataset}}}.{short}`" if is_sharded(name) else f"{{{dataset}}}.{short}"


def tables_in(query: str) -> tuple[str, ...]:
    """Return the tables that a query of the file names, each once."""
    found = _IN_QUERY.finditer(query)
    return tuple(dict.fromkeys(each["foreign"] or f"{each['dataset']}.{each['table']}" for each in found))


def without_foreign(query: str) -> str:
    """Return a query without the tables of other projects that it names."""
    return _IN_QUERY.sub(lambda each: "``" if each["foreign"] else each[0], query)


def hyphenated(*names: str) -> str:
    """Return what a check is called that is about tables."""
    return "-".join(part for name in names for part in re.split("[-._*]", name.lower()) if part)


def declared_in(tables: Mapping[str, T], project: str, name: str) -> tuple[str, T | None]:
    """Return a table that a statement names, ``dataset.table`` and perhaps its ``project``, as the file declares it.

    A project beside which the file declares none is its own: any other is refused (``statement_checks``).
    """
    full = f"{project}.{name}"
    return (full, tables[full]) if project and full in tables else (name, tables.get(name))
