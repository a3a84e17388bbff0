"""Tables that are split by date (``events_20260210``): from the pipeline file to findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.definition.pipeline_queries import queries_of, query_problems
from bot.definition.pipeline_references import reference_problems
from bot.definition.statement_checks import statement_problems
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from bot.sources.warehouse.live import BigQueryWarehouse
from bot.sources.warehouse.local import LocalData, LocalWarehouse
from bot.sources.warehouse.recorder import plan
from checks.catalog import checks_of
from checks.context import query_of
from checks.expansion import expansions
from checks.expansion.data_checks import data_checks
from checks.model import Finding
from checks.pipeline import Pipeline
from checks.ports.warehouse import Warehouse
from checks.table_names import SUFFIX
from tests.fakes import pipeline, ports, run_check
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables

EVENTS = "shop.events_*"
COLUMNS = {"event_id": "STRING", "amount": "NUMERIC", "at": "TIMESTAMP", "loaded_at": "TIMESTAMP"}
EXPECT = {"volume": {}, "freshness": "24h", "unique": ["event_id"], "mean": ["amount"]}
DAY = date(2026, 2, 10)


def described(*, cadence: Any = "daily", **table: Any) -> Pipeline:
    quiet: dict[str, Any] = {"phases": (), "conditions": {}, "datasets": ["shop"], "cadence": cadence}
    stated = {"columns": COLUMNS, "loaded": "loaded_at", "expect": EXPECT, **table}
    booked = {"columns": {"event_id": "STRING", "day": "DATE"}, "partition": "day"}
    agree = {"left": f"COUNT(*) of {EVENTS}", "right": "COUNT(*) of shop.booked"}
    return pipeline(tables={EVENTS: stated, "shop.booked": booked}, reconcile=[agree], **quiet)


def event(day: date, number: int) -> dict[str, Any]:
    at = f"{day.isoformat()}T20:00:00Z"
    return {SUFFIX: day.isoformat(), "event_id": f"{day}-{number}", "amount": 10, "at": at, "loaded_at": at}


def shards(rows: int = 5) -> list[dict[str, Any]]:
    """Return ten events a day, and ``rows`` of the day that is judged; of a shard that is no day none counts."""
    past = [event(DAY - timedelta(days=back), each) for back in range(1, 30) for each in range(10)]
    odd = {**event(DAY, 0), SUFFIX: "intraday_20260211", "amount": 9000}
    return [*past, *(event(DAY, each) for each in range(rows)), odd]


def findings(wanted: Pipeline, warehouse: Warehouse) -> Mapping[str, Finding]:
    named = {spec.id for spec in data_checks(wanted)}
    checks = [each for each in checks_of(wanted) if each.id in named]
    every = [each for check in checks for each in run_check(check, wanted, ports(warehouse=warehouse)).findings]
    return {each.subject: each for each in every}


@pytest.mark.parametrize("dated", [{}, {"date": "at"}])
def test_a_shard_is_judged_against_those_before_it(dated: Any) -> None:
    wanted = described(**dated)
    world = {EVENTS: [*shards(), event(DAY, 0)], "shop.booked": [{"event_id": "a", "day": "2026-02-10"}]}
    with closing(DuckDbWarehouse(wanted, world, Faults(()))) as warehouse:
        found = findings(wanted, warehouse)

    codes = {name.removeprefix(f"{EVENTS} "): each.code for name, each in found.items()}
    assert (codes["volume"], codes["unique event_id"]) == ("low-volume", "doubled")
    assert (codes["freshness"], codes["mean amount"]) == ("as-expected", "as-expected")
    (agreement,) = [each for each in found.values() if each.code == "disagrees"]
    assert "6" in agreement.summary


def test_on_this_machine_shards_are_tables(tmp_path: Path) -> None:
    file = tmp_path / "here.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.booked (event_id VARCHAR, day DATE)")
        for back in range(30):
            day = DAY - timedelta(days=back)
            rows = ", ".join(
                f"('{each['event_id']}', 10.0, TIMESTAMPTZ '{each['at']}', TIMESTAMPTZ '{each['at']}')"
                for each in (event(day, number) for number in range(10 if back else 5))
            )
            columns = 't(event_id, amount, "at", loaded_at)'
            connection.execute(f"CREATE TABLE shop.events_{day:%Y%m%d} AS FROM (VALUES {rows}) AS {columns}")
        connection.execute("CREATE TABLE shop.events_intraday_20260211 AS FROM shop.events_20260210")
    wanted = described()
    data = LocalData(file)
    with closing(LocalWarehouse(data, wanted)) as warehouse:
        found = findings(wanted, warehouse)
        assert warehouse.columns(EVENTS) == {SUFFIX: "STRING", **COLUMNS}

    assert found[f"{EVENTS} volume"].code == "low-volume"
    assert data.newest(wanted) == DAY


@pytest.mark.xdist_group("emulators")
@pytest.mark.parametrize("dated", [{}, {"date": "at"}])
def test_the_emulators_bigquery_counts_alike(bigquery_address: str, dated: Any) -> None:
    wanted = described(**dated)
    (expansion,) = expansions(wanted)
    interval = wanted.timeline.on(DAY)
    query = query_of(wanted, expansion.spec.query, "shop-events", interval=interval, now=interval.end)
    days = [event(DAY - timedelta(days=back), number) for back in range(2) for number in range(3)]
    tables = {EVENTS.replace("*", day): day for day in ("20260209", "20260210", "intraday_20260211")}
    rows = {name: [each for each in days if each[SUFFIX].replace("-", "") == day] for name, day in tables.items()}
    plain = {name: [{key: row[key] for key in COLUMNS} for row in each] for name, each in rows.items()}
    create_tables(bigquery_address, "example-project", dict.fromkeys(tables, COLUMNS), plain)
    client = emulator_client(bigquery_address, "example-project")
    with closing(BigQueryWarehouse(client, project="example-project")) as live:
        theirs = live.query(query)
        recorded = live.query(plan(wanted, [query], 100)[EVENTS])
    with closing(DuckDbWarehouse(wanted, {EVENTS: days}, Faults(()))) as warehouse:
        own = warehouse.query(query)

    def counted(found: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
        return {(row["part"], row["period"], row["row_count"], row["judged_rows"]) for row in found}

    assert counted(theirs) == counted(own)
    assert {row["shard_suffix"] for row in recorded} == {"20260209", "20260210"}
    assert ("history", date(2026, 2, 9), 3) in {row[:3] for row in counted(own)}


CADENCES: dict[str, tuple[Any, dict[str, Any]]] = {
    "daily": ("daily", {}),
    "daily by instant": ("daily", {"date": "at"}),
    "weekly": ({"weekly": "sunday"}, {}),
    "hourly": ("hourly", {"date": "at"}),
}


@pytest.mark.parametrize("name", CADENCES)
def test_the_file_fits_together_and_reads_shards_by_constants(name: str) -> None:
    cadence, dated = CADENCES[name]
    wanted = described(cadence=cadence, **dated)
    wanted = wanted if name != "hourly" else wanted.model_copy(update={"reconcile": ()})

    assert [*reference_problems(wanted), *query_problems(wanted)] == []
    assert [each for query in queries_of(wanted) for each in statement_problems(query.sql, wanted)] == []


@pytest.mark.parametrize("dated", [{}, {"date": "at"}])
def test_one_shard_is_read_for_its_values_and_no_shard_twice(dated: Any) -> None:
    (expansion,) = expansions(described(**dated))
    wheres = re.findall(r"WHERE (.*)", expansion.spec.query)
    day = "FORMAT_DATE('%Y%m%d', @date)"

    history, judged = sorted(wheres, key=len, reverse=True)
    assert f"{SUFFIX} = {day}" in judged
    assert f"({SUFFIX} < {day} OR {SUFFIX} > {day})" in history
    assert expansion.spec.id == "shop-events"


@pytest.mark.parametrize(
    ("name", "table", "words"),
    [
        ("shop.*_events", {}, "at the end of the name, such as 'shop.events_*'"),
        ("shop.events_2026*", {}, "such as 'shop.events_*'"),
        ("shop.*", {}, "such as 'shop.events_*'"),
        (EVENTS, {"partition": "at"}, "name 'at' with 'date'"),
        (EVENTS, {"cadence": "hourly"}, "a shard is of a day"),
    ],
)
def test_a_slip_is_one_sentence(name: str, table: Mapping[str, Any], words: str) -> None:
    cadence = table.get("cadence", "daily")
    own = {key: value for key, value in table.items() if key != "cadence"}
    wanted = pipeline(
        tables={name: {"columns": COLUMNS, "expect": {"not_null": ["event_id"]}, **own}},
        datasets=["shop"],
        phases=(),
        conditions={},
        cadence=cadence,
    )

    (problem,) = reference_problems(wanted)

    assert words in problem[1]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT COUNT(*) AS n FROM `{shop}.events_*`", "reads every shard"),
        ("SELECT COUNT(*) AS n FROM `{shop}.events_*` WHERE SUBSTR(_TABLE_SUFFIX, 1, 4) = '2026'", "reads every shard"),
    ],
)
def test_a_query_that_reads_every_shard_is_told(sql: str, words: str) -> None:
    (problem,) = statement_problems(sql, described())

    assert words in problem[0]


@pytest.mark.xdist_group("googlesql")
@pytest.mark.slow
def test_each_query_is_one_for_googles_analyser(googlesql_compiled: None) -> None:
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it

    for cadence, dated in CADENCES.values():
        wanted = described(cadence=cadence, **dated)
        analyser = GoogleSql(wanted)
        assert all(analyser.columns(query.sql) for query in queries_of(wanted) if "booked" not in query.sql)
