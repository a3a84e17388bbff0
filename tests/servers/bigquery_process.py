"""The process of the BigQuery emulator: ``python bigquery_process.py REST_PORT GRPC_PORT``."""

from __future__ import annotations

import sys

import duckdb_extensions  # type: ignore[import-untyped]
from bqemulator.cli import main as serve


def main() -> None:
    """Serve until ended."""
    duckdb_extensions.import_extension("spatial")  # else the emulator tries to download it
    rest_port, grpc_port = sys.argv[1:]
    serve(["start", "--rest-port", rest_port, "--grpc-port", grpc_port, "--log-level", "error"])


if __name__ == "__main__":
    main()
