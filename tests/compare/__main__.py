"""``make compare``: Reveille, Soda Core and dbt on one DuckDB file with three planted faults, in turns.

Each has its files in a folder here, written as its own documentation does, and its own environment. What is counted:
the lines that somebody writes, the faults that are found, and the seconds of a whole run of the command (median).
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
FAULTS = ("half of the newest date's rows are missing", "an order is there twice", "a status that nobody knows")
ENVIRONMENT = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "SODA_TELEMETRY": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: what runs it in its folder, and what its output says of each fault."""

    name: str
    package: str
    python: Path
    command: Sequence[str]
    tells: Sequence[str]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return HERE / self.package.partition("-")[0]

    def lines(self) -> Mapping[str, int]:
        """Return how many lines somebody writes, by the kind of file."""
        found: dict[str, int] = {}
        for path in self.folder.rglob("*"):
            if path.suffix in (".yaml", ".yml", ".sql"):
                kind = "SQL" if path.suffix == ".sql" else "YAML"
                found[kind] = found.get(kind, 0) + len(path.read_text(encoding="utf-8").splitlines())
        return found

    def version(self) -> str:
        """Return the version of its package."""
        code = f"from importlib.metadata import version; print(version({self.package!r}))"
        return subprocess.check_output([self.python, "-c", code], text=True).strip()


def tools(soda: Path, dbt: Path) -> tuple[Tool, ...]:
    """Return the three."""
    here = Path(sys.executable).parent
    return (
        Tool(
            name="Reveille",
            package="reveille",
            python=Path(sys.executable),
            command=[str(here / "reveille"), "validate", "--pipeline", "shop.yaml", "--data", "shop.duckdb"],
            tells=["46 rows; usually 90", "repeats? the order_id", "values of status"],
        ),
        Tool(
            name="Soda Core",
            package="soda-core",
            python=soda / "python",
            command=[str(soda / "soda"), "scan", "-d", "shop", "-c", "configuration.yml", "checks.yml"],
            tells=[
                r"row_count between 70 and 110 \[.*FAIL",
                r"duplicate_count\(order_id\) = 0 \[.*FAIL",
                r"invalid_count\(status\) = 0 \[.*FAIL",
            ],
        ),
        Tool(
            name="dbt",
            package="dbt-core",
            python=dbt / "python",
            command=[str(dbt / "dbt"), "test", "--profiles-dir", "."],
            tells=[
                "FAIL 1 newest_rows",
                r"FAIL \d+ source_unique_main_orders_order_id",
                r"FAIL \d+ source_accepted_values_main_orders_status",
            ],
        ),
    )


def shop(path: Path) -> None:
    """Write a month of orders, and break its newest date."""
    newest = datetime.now(UTC).date() - timedelta(days=1)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """CREATE TABLE orders AS
            SELECT CAST(d * 1000 + i AS BIGINT) AS order_id,
              CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'void' END AS status,
              ?::DATE - CAST(d AS INT) AS order_date
            FROM range(0, 30) t(d), range(0, 90) u(i)""",
            [newest],
        )
        connection.execute("DELETE FROM orders WHERE order_date = ? AND order_id % 2 = 1", [newest])
        connection.execute("INSERT INTO orders SELECT * FROM orders WHERE order_date = ? AND order_id = 4", [newest])
        connection.execute("UPDATE orders SET status = 'lost' WHERE order_date = ? AND order_id = 8", [newest])


def timed(tool: Tool, folder: Path) -> tuple[float, str]:
    """Run a tool once; return its seconds and what it said."""
    began = time.monotonic()
    done = subprocess.run(
        list(tool.command), cwd=folder, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    return time.monotonic() - began, done.stdout + done.stderr


def row(tool: Tool, seconds: Sequence[float], said: str) -> str:
    """Return the line of the table."""
    lines = ", ".join(f"{count} of {kind}" for kind, count in sorted(tool.lines().items(), reverse=True))
    found = sum(re.search(each, " ".join(said.split())) is not None for each in tool.tells)
    return f"| {tool.name} {tool.version()} | {lines} | {found} of {len(FAULTS)} | {statistics.median(seconds):.1f} s |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="make compare")
    parser.add_argument("--soda", type=Path, required=True, help="the programs of Soda's environment")
    parser.add_argument("--dbt", type=Path, required=True, help="the programs of dbt's environment")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    every = tools(options.soda.absolute(), options.dbt.absolute())
    with tempfile.TemporaryDirectory() as parent:
        shop(Path(parent) / "shop.duckdb")
        folders = {}
        for tool in every:
            folders[tool.name] = Path(parent) / tool.package
            shutil.copytree(tool.folder, folders[tool.name])
            shutil.copy(Path(parent) / "shop.duckdb", folders[tool.name])
        said = {tool.name: timed(tool, folders[tool.name])[1] for tool in every}  # fills the caches of each
        seconds: dict[str, list[float]] = {tool.name: [] for tool in every}
        for _ in range(options.runs):
            for tool in every:
                seconds[tool.name].append(timed(tool, folders[tool.name])[0])
    say = sys.stdout.write
    say("| tool | lines that somebody writes | faults found | a run |\n| --- | --- | --- | --- |\n")
    for tool in every:
        say(f"{row(tool, seconds[tool.name], said[tool.name])}\n")
    python = platform.python_version()
    say(f"\n{datetime.now(UTC):%d %b %Y}, Python {python}, median of {options.runs} runs in turns.\n")


if __name__ == "__main__":
    main()
