"""BigQuery's place on this machine: the tables of a DuckDB file, or of Parquet and CSV files. They are only read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from bot.nearest import meant
from bot.scenarios.column_types import duckdb_type, not_held, quoted
from bot.settings import SettingsError
from bot.sources.warehouse.duckdb.contents import Contents
from bot.sources.warehouse.duckdb.tables import create_schema
from bot.sources.warehouse.duckdb.warehouse import DuckDbEngine
from checks.column_types import NUMBERS, ColumnType
from checks.dated import date_column
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query
from checks.source import Problem, SourceError
from checks.table_names import SUFFIX, is_sharded, without_project

MAIN = "main"
"""The dataset of a table that lies in no schema and no folder."""

_HELD = "held"
_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".csv.gz": "read_csv", ".tsv": "read_csv"}
_TABULAR = f"a DuckDB file, a folder of Parquet or CSV files, or one such file ({', '.join(_READERS)})"


@dataclass(frozen=True, slots=True)
class LocalTable:
    """A table as it lies there. ``files`` are those that it is read from, none in a DuckDB file. ``columns`` have the
    types that GoogleSQL has for theirs."""

    name: str
    source: str
    columns: Mapping[str, str]
    files: tuple[Path, ...] = ()

    def shown(self, declared: Mapping[str, str]) -> Mapping[str, str]:
        """Return the columns with the types that they are read with: those that are declared, where theirs can be read
        so. A file of texts has no types: what looks like a number or a date may be a key that begins with a zero."""
        is_text = _is_text(self.files)
        readable = {**_READ_AS, "STRING": tuple(_SIMPLE.values())} if is_text else _READ_AS
        shown = {}
        for each, kind in self.columns.items():
            wanted = declared.get(each, kind)
            readable_so = wanted in readable.get(kind, ()) or (is_text and wanted == "STRING")
            shown[each] = wanted if readable_so else kind
        return shown

    def read_as(self, declared: Mapping[str, str]) -> str:
        """Return the statement that reads the table with the types that are shown."""
        shown, source = self.shown(declared), self.source
        if _is_text(self.files):
            source = _source(self.files, [each for each in shown if declared.get(each) == "STRING"])
        selected = ", ".join(
            f"CAST({quoted(each)} AS {duckdb_type(kind)}) AS {quoted(each)}"
            for each, kind in shown.items()
            if not not_held(kind)
        )
        return f"SELECT {selected} FROM {source}"  # noqa: S608 - quoted names


@dataclass(frozen=True, slots=True)
class LocalData:
    """What lies at a path, by ``dataset.table``. Raises SettingsError, also later, when a file has become unreadable.

    A table of a DuckDB file is called by its schema and its name. One of a folder is called by its folder and its file
    (``shop/orders.parquet``, or many files in ``shop/orders/``); one without a folder lies in ``main``.
    """

    path: Path
    tables: Mapping[str, LocalTable] = field(init=False)
    unreadable: Mapping[str, str] = field(init=False)
    """Why a table cannot be read, as a sentence: one file that is broken, or one view, takes no other with it."""
    _by_lower_name: Mapping[str, LocalTable] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        unreadable: dict[str, str] = {}
        with _Opened(self.path) as connection:
            found = {each.name: each for each in _tables(connection, self.path, unreadable)}
        if not found:
            raise SettingsError(next(iter(unreadable.values()), f"{self.path} holds no table; give {_TABULAR}."))
        object.__setattr__(self, "tables", found)
        object.__setattr__(self, "unreadable", unreadable)
        object.__setattr__(self, "_by_lower_name", {name.lower(): table for name, table in found.items()})

    def why_unreadable(self, name: str) -> str | None:
        """Say why what a pipeline file calls so cannot be read; None where it can, or is not there."""
        own = without_project(name.lower())
        by_name = {each.lower(): why for each, why in self.unreadable.items()}
        return by_name.get(own) or by_name.get(f"{MAIN}.{own.rpartition('.')[2]}")

    def table_of(self, name: str) -> LocalTable | None:
        """Return the table that a pipeline file calls so: capitals tell none apart, what lies here is of no project,
        and what lies in no dataset answers for any. Of one that is split by date it is the newest shard."""
        own = without_project(name.lower())
        if is_sharded(own):
            return next(iter(self.shards_of(name).values()), None)
        return self._by_lower_name.get(own) or self._by_lower_name.get(f"{MAIN}.{own.rpartition('.')[2]}")

    def shards_of(self, name: str) -> Mapping[str, LocalTable]:
        """Return the tables that a name ending in ``*`` stands for by their dates, the newest first."""
        stem = without_project(name.lower()).removesuffix("*")
        dates = {each.removeprefix(stem) for each in self._by_lower_name if each.startswith(stem)}
        return {each: self._by_lower_name[stem + each] for each in sorted(dates, reverse=True) if _shard_date(each)}

    def _read_as(self, name: str, table: LocalTable, declared: Mapping[str, str]) -> str:
        if not is_sharded(name):
            return table.read_as(declared)
        shards = self.shards_of(name).items()
        return " UNION ALL BY NAME ".join(
            f"SELECT *, '{suffix}' AS {SUFFIX} FROM ({shard.read_as(declared)})"  # noqa: S608 - digits
            for suffix, shard in shards
        )

    def fill(self, connection: duckdb.DuckDBPyConnection, pipeline: Pipeline) -> None:
        """Let the queries of a pipeline find the tables, with the types that it declares where theirs can be read so.

        Afterwards the connection reads no other file and writes none.
        """
        _attach(connection, self.path)
        for name, declared in pipeline.tables.items():
            table = self.table_of(name)
            if table is not None:
                dataset, _, short = name.rpartition(".")
                create_schema(connection, dataset)
                view = f"{quoted(dataset)}.{quoted(short)}"
                connection.execute(f"CREATE VIEW {view} AS {self._read_as(name, table, declared.columns)}")
        _lock(connection, [file for table in self.tables.values() for file in table.files])

    def held(self, table: LocalTable, declared: Mapping[str, str]) -> Mapping[str, str]:
        """Return the columns of a table with the types that all of their values have: a column of texts of which one
        cannot be read as it is shown is a STRING, wherever in the file that one stands."""
        shown = table.shown(declared)
        doubted = {
            each: kind
            for each, kind in shown.items()
            if _is_text(table.files) and (kind in NUMBERS or table.columns[each] == "STRING" != kind)
        }
        if not doubted:
            return shown
        odd = ", ".join(
            f"COUNT({quoted(each)}) > COUNT(TRY_CAST({quoted(each)} AS {duckdb_type(kind)}))"
            for each, kind in doubted.items()
        )
        with _Opened(self.path) as connection:
            found = connection.execute(f"SELECT {odd} FROM {_source(table.files, [*doubted])}").fetchone() or ()  # noqa: S608 - quoted names
        return {**shown, **{each: "STRING" for each, is_odd in zip(doubted, found, strict=True) if is_odd}}

    def newest(self, pipeline: Pipeline) -> date | None:
        """Return the date of the newest row of the tables that a pipeline dates; None where none is dated."""
        with _Opened(self.path) as connection:
            found = []
            for name, declared in pipeline.tables.items():
                table, dated = self.table_of(name), date_column(declared)
                if dated == SUFFIX:
                    found += [each for shard in self.shards_of(name) if (each := _shard_date(shard))]
                elif table is not None and dated is not None and dated in table.columns:
                    query = f"SELECT CAST(MAX(TRY_CAST({quoted(dated)} AS DATE)) AS VARCHAR) FROM {table.source}"  # noqa: S608 - quoted names
                    found += [date.fromisoformat(each) for (each,) in connection.execute(query).fetchall() if each]
            return max(found, default=None)


def _shard_date(suffix: str) -> date | None:
    try:
        return date.fromisoformat(suffix) if re.fullmatch(r"[0-9]{8}", suffix) else None
    except ValueError:
        return None


class _Opened:
    """A connection that has the data, for as long as it takes; DuckDB's errors become sentences."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = duckdb.connect(":memory:")

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._connection.execute("SET TimeZone = 'UTC'")
        _attach(self._connection, self._path)
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._connection.close()
        if isinstance(error, duckdb.Error):
            raise SettingsError(_sentence(self._path, error)) from None


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a DuckDB file, read-only. Raises SettingsError."""
    if not path.exists():
        raise SettingsError(f"There is no file or folder {path}; expected {_TABULAR}.")
    if not path.is_file() and not path.is_dir():
        raise SettingsError(f"{path} is neither a file nor a folder; expected {_TABULAR}.")
    if path.is_dir() or _reader(path) is not None:
        return
    try:
        connection.execute(f"ATTACH {_text(path)} AS {_HELD} (READ_ONLY)")
    except duckdb.Error as error:
        raise SettingsError(_sentence(path, error)) from None


def _sentence(path: Path, error: duckdb.Error) -> str:
    detail = str(error).splitlines()[0].partition(": ")[2] or str(error)
    if "not utf-8 encoded" in str(error):
        return f"{path} is no text in UTF-8; save it with that encoding."
    if "lock" in detail.lower():
        return f"{path} is open for writing in another program; close it there, or give a copy."
    if isinstance(error, duckdb.IOException) and "DuckDB database file" in detail:
        return f"{path} is no DuckDB file; expected {_TABULAR}."
    if "sniffing" in detail:
        return f"{path} is no CSV file that can be read: its columns cannot be told apart, or it is no text in UTF-8."
    if "Permission denied" in detail:
        return f"{path} may not be read by this user."
    return f"{path} cannot be read: {detail.rstrip('.!')}."


def _lock(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    allowed = ", ".join(map(_text, files))
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _tables(connection: duckdb.DuckDBPyConnection, path: Path, unreadable: dict[str, str]) -> Iterator[LocalTable]:
    """Yield the tables that can be read; of the others put down why not."""
    for name, source, files in _sources(connection, path):
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - quoted names
        except duckdb.Error as error:
            unreadable[name] = _sentence(_unreadable(connection, files) if files else Path(f"{path}: {name}"), error)
            continue
        yield LocalTable(name, source, {row[0]: _declared(row[1]) for row in described}, files)


def _sources(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[str, str, tuple[Path, ...]]]:
    """Yield the tables by name, with what reads each and the files that it is read from."""
    if path.is_dir() or _reader(path) is not None:
        yield from ((name, _source(files), files) for name, files in sorted(_files(path).items()))
        return
    listed = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL"
    for schema, name in connection.execute(listed, [_HELD]).fetchall():
        yield f"{schema}.{name}", f"{_HELD}.{quoted(schema)}.{quoted(name)}", ()


def _unreadable(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Path:
    """Return the first of some files that cannot be read alone; where each can, their folder."""
    for file in files if len(files) > 1 else ():
        try:
            connection.execute(f"DESCRIBE SELECT * FROM {_source((file,))}")  # noqa: S608 - quoted paths
        except duckdb.Error:
            return file
    return files[0] if len(files) == 1 else files[0].parent


def _files(path: Path) -> Mapping[str, tuple[Path, ...]]:
    """Return the files of a folder by the table that they hold; many of one table lie in a folder of its name."""
    if path.is_file():
        return {f"{MAIN}.{_stem(path)}": (path.resolve(),)}
    found: dict[str, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file() and _reader(file) is not None and not file.name.startswith((".", "_")):
            parts = [*file.relative_to(path).parts[:-1], _stem(file)][:2]
            name = ".".join(parts) if len(parts) > 1 else _with_dataset(parts[0])
            found.setdefault(name, []).append(file.resolve())
    return {name: tuple(files) for name, files in found.items()}


def _with_dataset(stem: str) -> str:
    return stem if stem.count(".") == 1 else f"{MAIN}.{stem}"


def _stem(file: Path) -> str:
    return next(file.name[: -len(ending)] for ending in _READERS if file.name.lower().endswith(ending))


def _reader(file: Path) -> str | None:
    return next((reader for ending, reader in _READERS.items() if file.name.lower().endswith(ending)), None)


def _is_text(files: Sequence[Path]) -> bool:
    return bool(files) and _reader(files[0]) == "read_csv"


def _source(files: Sequence[Path], texts: Sequence[str] = ()) -> str:
    """Return the call that reads files; the columns ``texts`` are read as what stands there."""
    typed = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in texts)
    more = f", types = {{{typed}}}" if typed else ""
    return f"{_reader(files[0])}([{', '.join(map(_text, files))}], union_by_name = true{more})"


def _text(path: Path) -> str:
    return "'" + str(path.resolve()).replace("'", "''") + "'"


_SIMPLE = {
    "boolean": "BOOL", "date": "DATE", "time": "TIME", "timestamp": "DATETIME", "timestamp_s": "DATETIME",
    "timestamp_ms": "DATETIME", "timestamp_ns": "DATETIME", "timestamp with time zone": "TIMESTAMP",
    "double": "FLOAT64", "float": "FLOAT64", "decimal": "NUMERIC", "blob": "BYTES", "interval": "INTERVAL",
    "tinyint": "INT64", "smallint": "INT64", "integer": "INT64", "bigint": "INT64", "hugeint": "INT64",
    "utinyint": "INT64", "usmallint": "INT64", "uinteger": "INT64", "ubigint": "INT64", "uhugeint": "INT64",
}  # fmt: skip


def _declared(kind: str) -> str:
    """Return GoogleSQL's name for a type of DuckDB; what it has none for is read as a text."""
    return str(_google(duckdb.sqltype(kind)))


def _google(kind: DuckDBPyType) -> ColumnType:
    if kind.id in ("list", "array"):
        element = next(part for _, part in kind.children if isinstance(part, DuckDBPyType))
        inner = _google(element)
        return ColumnType("STRING") if inner.name == "ARRAY" else ColumnType("ARRAY", inner)
    if kind.id == "struct":
        fields = [(name, _google(part)) for name, part in kind.children if isinstance(part, DuckDBPyType)]
        return ColumnType("STRUCT", fields=tuple(fields))
    return ColumnType("JSON" if str(kind) == "JSON" else _SIMPLE.get(kind.id, "STRING"))


_READ_AS = {
    "INT64": ("FLOAT64", "NUMERIC"),
    "FLOAT64": ("NUMERIC",),
    "NUMERIC": ("FLOAT64",),
    "DATETIME": ("TIMESTAMP",),
    "TIMESTAMP": ("DATETIME",),
    "STRING": ("JSON",),
    "JSON": ("STRING",),
}
"""What a type may be read as without a change of meaning: people write a whole amount in a column of decimals, and UTC
in one without a zone. Any other difference is one that queries meet, as they would in BigQuery."""


class LocalWarehouse(DuckDbEngine):
    """The port ``Warehouse`` on data of this machine. Raises SettingsError."""

    def __init__(self, data: LocalData, pipeline: Pipeline) -> None:
        self._data = data
        self._declared = {name: table.columns for name, table in pipeline.tables.items()}
        self._missing = [name for name in pipeline.tables if data.table_of(name) is None]
        functions = Contents({}, {}, "")
        super().__init__(
            lambda connection: data.fill(connection, pipeline), functions, called=data.path.name, reads_files=True
        )

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table with GoogleSQL's names for their types. Raises SourceError."""
        found = self._data.table_of(table)
        if found is None:
            raise self._no_table(table)
        shown = self._data.held(found, self._declared.get(table, {}))
        return {SUFFIX: "STRING", **shown} if is_sharded(table) else shown

    def _transpiled(self, query: Query) -> str:
        named = query.text().replace("`", "")
        for name in self._missing:
            if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", named):
                raise self._no_table(name)
        return super()._transpiled(query)

    def _no_table(self, name: str) -> SourceError:
        if why := self._data.why_unreadable(name):
            return SourceError(self._called, Problem.UNAVAILABLE, why.rstrip("."))
        hint = meant(name, self._data.tables, f"it holds {len(self._data.tables)} others.", most=1)
        return SourceError(
            self._called, Problem.NOT_FOUND, f"it holds no table {name}", advice=f"Check its name; {hint}"
        )
