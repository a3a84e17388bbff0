"""GoogleSQL as Google's own analyser understands it: real name and type resolution, without any database.

The analyser is WebAssembly that is compiled at its first use, which takes seconds. Whoever uses it
shares one process: tests of the group ``googlesql``, and the session's fixture. ``keep_compiled`` keeps what was
compiled for the next run.
"""

from __future__ import annotations

import json
import platform
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import zetasql.core.wasm_client as engine  # type: ignore[import-untyped]  # it ships no types
from wasmtime import Config, _ffi
from zetasql.api import PreparedQuery, TableBuilder, TypeFactory  # type: ignore[import-untyped]  # it ships no types
from zetasql.core.exceptions import ZetaSQLError  # type: ignore[import-untyped]  # likewise
from zetasql.core.local_service import ZetaSqlLocalService  # type: ignore[import-untyped]  # likewise
from zetasql.types import (  # type: ignore[import-untyped]  # likewise
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    SimpleCatalog,
    Type,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2  # type: ignore[import-untyped]  # likewise

from checks.cells import SqlInterval
from checks.pipeline import Pipeline, Table
from checks.ports.warehouse import Query
from checks.table_names import source

_KINDS = {
    "STRING": TypeKind.TYPE_STRING,
    "INT64": TypeKind.TYPE_INT64,
    "FLOAT64": TypeKind.TYPE_DOUBLE,
    "NUMERIC": TypeKind.TYPE_NUMERIC,
    "BOOL": TypeKind.TYPE_BOOL,
    "DATE": TypeKind.TYPE_DATE,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
    "JSON": TypeKind.TYPE_JSON,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}

WINCH = 2
"""``WASMTIME_STRATEGY_WINCH`` (https://docs.wasmtime.dev/c-api/config_8h.html)."""
BASELINE = ("x86_64", "AMD64")
"""Machines on which Winch knows the threads that the analyser asks for."""


class RejectedSqlError(ValueError):
    """The analyser does not accept a statement; the message is its own."""


def keep_compiled(folder: Path) -> None:
    """Compile fast rather than well, and keep the result in a folder; has an effect before the first use only.

    The analyser makes its own configuration and takes no other, so the class that it makes it from is exchanged.
    """
    settings = folder / "settings.toml"
    settings.write_text(f"[cache]\ndirectory = {json.dumps(str(folder / 'modules'))}\n", encoding="utf-8")

    class Kept(Config):
        def __init__(self) -> None:
            super().__init__()
            if platform.machine() in BASELINE:
                # The package has no word for it: the baseline compiler takes a quarter of the time of the other one.
                _ffi.wasmtime_config_strategy_set(self.ptr(), WINCH)
                self.wasm_threads = True
            else:
                self.cranelift_opt_level = "none"
            self.cache = str(settings)

    engine.Config = Kept


class GoogleSql:
    """Analyses statements against the tables that a pipeline declares, and the parameters that it binds."""

    def __init__(self, pipeline: Pipeline) -> None:
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL  # the dialect of BigQuery, not Google's internal one
        self._language = language
        catalog = _catalog(pipeline.tables)
        catalog.builtin_function_options = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._service = ZetaSqlLocalService.get_instance()
        # Made once: with each statement anew it takes longer than the statement.
        self._catalog = self._service.register_catalog(simple_catalog=catalog).registered_id
        declared = {"date": "DATE", **dict.fromkeys(("interval_end", "interval_start", "now"), "TIMESTAMP")}
        self._declared = declared | {name: parameter.type for name, parameter in pipeline.parameters.items()}

    def columns(self, sql: str) -> Mapping[str, str]:
        """Return the columns that a statement produces, with their types. ``{dataset}`` stands for a dataset.

        Raises RejectedSqlError.
        """
        statement = self.analysed(Query(sql).text(), self._declared)
        return {
            column.name: _NAMES.get(column.column.type.type_kind, str(column.column.type.type_kind))
            for column in statement.output_column_list
        }

    def analysed(self, sql: str, parameters: Mapping[str, str]) -> Any:
        """Return any statement as the analyser understands it; parameters by name, with their types.

        Raises RejectedSqlError.
        """
        known = [AnalyzerOptions.QueryParameter(name=name, type=_type(each)) for name, each in parameters.items()]
        options = AnalyzerOptions(language_options=self._language, query_parameters=known)
        try:
            answer = self._service.analyze(sql_statement=sql, options=options, registered_catalog_id=self._catalog)
        except ZetaSQLError as error:
            raise RejectedSqlError(str(error)) from None
        return answer.resolved_statement


def statement_kinds(sql: str) -> list[str]:
    """Return what each statement of a text is by Google's own parser. Raises RejectedSqlError."""
    language = LanguageOptions.maximum_features()
    language.product_mode = ProductMode.PRODUCT_EXTERNAL
    request = local_service_pb2.ParseRequest(sql_statement=sql, options=language.to_proto(), allow_script=True)
    client = ZetaSqlLocalService.get_instance().wasm_client
    try:
        answer = client.call_grpc_func("ZetaSqlLocalService_Parse", request, local_service_pb2.ParseResponse)
    except ZetaSQLError as error:
        raise RejectedSqlError(str(error)) from None
    return [each.WhichOneof("node") for each in answer.parsed_script.statement_list_node.statement_list]


def _catalog(tables: Mapping[str, Table]) -> SimpleCatalog:
    """What stands in one pair of backquotes, a table of another project or of shards, is here a name of one part."""
    datasets: dict[str, SimpleCatalog] = {}
    whole = []
    for name, table in tables.items():
        dataset, _, short = name.partition(".")
        builder = TableBuilder(name if "`" in source(name) else short)
        for column, type_name in table.columns.items():
            builder.add_column(column, _KINDS[type_name])
        if "`" in source(name):
            whole.append(builder.build())
        else:
            datasets.setdefault(dataset, SimpleCatalog(name=dataset, table=[])).table.append(builder.build())
    return SimpleCatalog(name="project", table=whole, catalog=list(datasets.values()))


def _type(name: str) -> Type:
    if name == "ARRAY<STRING>":
        return TypeFactory.create_array_type(TypeFactory.create_simple_type(TypeKind.TYPE_STRING))
    return TypeFactory.create_simple_type(_KINDS[name])


def evaluated(expression: str) -> Any:
    """Return the value of an expression by Google's own evaluator, as a plain value; a struct is a tuple."""
    language = LanguageOptions.maximum_features()
    language.product_mode = ProductMode.PRODUCT_EXTERNAL
    catalog = SimpleCatalog(name="project", table=[])
    catalog.builtin_function_options = ZetaSQLBuiltinFunctionOptions(language_options=language)
    options = AnalyzerOptions(language_options=language, default_timezone="UTC")
    query = PreparedQuery.builder().set_sql(f"SELECT {expression} AS it").set_analyzer_options(options)
    with query.set_catalog(catalog).prepare() as prepared:
        # The package's own reading of an answer loses timestamps.
        request = local_service_pb2.EvaluateQueryRequest(prepared_query_id=prepared.prepared_query_id)
        client = ZetaSqlLocalService.get_instance().wasm_client
        response = local_service_pb2.EvaluateQueryResponse
        answer = client.call_grpc_func("ZetaSqlLocalService_EvaluateQuery", request, response)
    return _plain(answer.content.table_data.row[0].cell[0])


def _plain(cell: Any) -> Any:
    kind = cell.WhichOneof("value")
    value: Any = getattr(cell, kind) if kind is not None else None
    match kind:
        case "date_value":
            return date(1970, 1, 1) + timedelta(days=value)
        case "timestamp_value":
            span = timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
            return datetime(1970, 1, 1, tzinfo=UTC) + span
        case "datetime_value":
            bits = value.bit_field_datetime_seconds
            day = date(bits >> 26, (bits >> 22) & 15, (bits >> 17) & 31)
            return datetime.combine(day, _clock(bits, value.nanos))
        case "time_value":
            return _clock(value >> 30, value & ((1 << 30) - 1))
        case "numeric_value":
            return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9)
        case "interval_value":
            microseconds, days, months = struct.unpack("<qii", value)
            return SqlInterval(months >> 13, days, microseconds)
        case "array_value":
            return [_plain(each) for each in value.element]
        case "struct_value":
            return tuple(_plain(each) for each in value.field)
    return value


def _clock(bits: int, nanoseconds: int) -> time:
    return time((bits >> 12) & 31, (bits >> 6) & 63, bits & 63, nanoseconds // 1000)
