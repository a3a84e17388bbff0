"""bqemulator: BigQuery's REST interface in front of DuckDB."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from google.cloud import bigquery

from tests.servers.bigquery_clients import emulator_client
from tests.servers.emulator import free_port, running

ROWS_AT_ONCE = 500

PROCESS = Path(__file__).with_name("bigquery_process.py")


@contextmanager
def bigquery_emulator() -> Iterator[str]:
    """Run the emulator; yield its ``host:port``. Raises EmulatorUnavailable."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-P", str(PROCESS), address.rpartition(":")[2], str(free_port())]
    with running(command, f"http://{address}/"):
        yield address


def create_tables(
    address: str,
    project: str,
    columns: Mapping[str, Mapping[str, str]],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    prefix: str = "",
) -> None:
    """Create tables by ``dataset.table`` from their columns' types, and fill those that have rows.

    A table that exists already is replaced.
    """
    client = emulator_client(address, project)
    try:
        _create(client, columns, rows, prefix)
    finally:
        client.close()  # type: ignore[no-untyped-call]


def _create(
    client: bigquery.Client,
    columns: Mapping[str, Mapping[str, str]],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    prefix: str,
) -> None:
    there = set[str]()
    for dataset in sorted({name.partition(".")[0] for name in columns}):
        created = client.create_dataset(f"{client.project}.{prefix}{dataset}", exists_ok=True)
        there |= {str(each.reference) for each in client.list_tables(created)}
    for name, types in columns.items():
        table_id = f"{client.project}.{prefix}{name}"
        if table_id in there:
            client.delete_table(table_id)
        schema = [bigquery.SchemaField(column, type_name) for column, type_name in types.items()]
        table = client.create_table(bigquery.Table(table_id, schema=schema))
        plain = [{column: _json(value) for column, value in row.items()} for row in rows.get(name, ())]
        for first in range(0, len(plain), ROWS_AT_ONCE):
            errors = client.insert_rows_json(table, plain[first : first + ROWS_AT_ONCE])
            if errors:
                message = f"the emulator refused rows of {name}: {errors[0]}"
                raise RuntimeError(message)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
