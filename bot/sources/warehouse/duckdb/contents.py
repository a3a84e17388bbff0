"""What is in the embedded database: the tables and the macros that the queries so far have named, and no others.

A pipeline declares dozens of tables and a world states thousands of rows; a query of one check reads two of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from bot.sources.warehouse.duckdb.macros import definitions_for
from bot.sources.warehouse.duckdb.tables import create_schema, create_table
from checks.pipeline import Table
from checks.table_names import with_prefix

_WORD = re.compile(r"\w+")

_CHANGING = re.compile(
    r"\b(current_(?:date|datetime|time|timestamp|localtime|localtimestamp)|random|uuid)\b", re.IGNORECASE
)
"""What a transpiled statement does not answer the same twice. A column may begin with 'current_', too."""

DIGESTS = 64
"""Lists of rows whose digests are kept."""

_DIGESTS: OrderedDict[int, tuple[object, bytes]] = OrderedDict()
"""Digests by the identity of a list of rows, with the list, so that no other takes its identity: the worlds of a drill
share what is not broken. Lists of rows never change."""


class Contents:
    """Creates what statements name, each once. ``rows`` are JSON-like, by ``dataset.table``."""

    def __init__(
        self, declared: Mapping[str, Table], rows: Mapping[str, Sequence[Mapping[str, Any]]], dataset_prefix: str
    ) -> None:
        self._declared = declared
        self._rows = rows
        self._prefix = dataset_prefix
        self._lock = threading.Lock()
        self._words = {name: set(_WORD.findall(name.rpartition(".")[2].casefold())) for name in declared}
        self._missing = dict(self._words)
        self._macros: set[str] = set()
        self._digests: dict[str, bytes] = {}

    def create_datasets(self, connection: DuckDBPyConnection) -> None:
        """Create every dataset, so that a table that nobody declared is missing in one that is there."""
        for dataset in dict.fromkeys(with_prefix(self._prefix, name).rpartition(".")[0] for name in self._declared):
            create_schema(connection, dataset)

    def create_named(self, connection: DuckDBPyConnection, sql: str) -> None:
        """Create what a transpiled statement names and is not there yet. Raises duckdb.Error.

        A table counts as named where all the words of its name stand, whatever is between them.
        """
        words = {word.casefold() for word in _WORD.findall(sql)}
        with self._lock:
            for definition in definitions_for(words, self._macros):
                connection.execute(definition)
            for name in [name for name, named in self._missing.items() if named <= words]:
                self._create_table(connection, name)
                del self._missing[name]

    def depended_on(self, sql: str) -> Hashable | None:
        """Return what the answer of a transpiled statement depends on, besides its values: equal for the same text on
        tables of the same columns and rows. None where it depends on more, such as the clock."""
        if _CHANGING.search(sql):
            return None
        words = {word.casefold() for word in _WORD.findall(sql)}
        with self._lock:
            return sql, tuple((name, self._digest(name)) for name, named in self._words.items() if named <= words)

    def _digest(self, name: str) -> bytes:
        if name not in self._digests:
            columns = json.dumps(self._declared[name].columns, default=str).encode()
            self._digests[name] = hashlib.blake2b(_digest(self._rows.get(name, ())) + columns, digest_size=16).digest()
        return self._digests[name]

    def _create_table(self, connection: DuckDBPyConnection, name: str) -> None:
        connection.begin()
        try:
            create_table(connection, with_prefix(self._prefix, name), self._declared[name], self._rows.get(name, ()))
        except duckdb.Error:
            connection.rollback()  # whoever asks again must not be answered from half of the rows
            raise
        connection.commit()


def _digest(rows: Sequence[Mapping[str, Any]]) -> bytes:
    kept, digest = _DIGESTS.get(id(rows), (None, b""))
    if kept is not rows:
        digest = hashlib.blake2b(json.dumps(rows, default=str).encode(), digest_size=16).digest()
        _DIGESTS[id(rows)] = rows, digest
        while len(_DIGESTS) > DIGESTS:
            _DIGESTS.popitem(last=False)
    return digest
