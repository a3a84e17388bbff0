"""``--data``: tables of this machine are judged by the same checks, and only read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.composition.local_data import tables_alone
from bot.definition.pipeline_file import load_pipeline
from bot.settings import SettingsError
from bot.sources.warehouse.local import LocalData, LocalWarehouse
from checks.ports.warehouse import Query
from checks.source import SourceError
from tests.bot.in_process import run

PIPELINE = """\
version: 2
name: shop
timezone: Europe/London
tables:
  shop.orders:
    date: order_date
    loaded: loaded_at
    columns: {order_id: STRING, customer_id: INT64, status: STRING, amount: NUMERIC, order_date: DATE,
      loaded_at: TIMESTAMP}
    expect:
      freshness: 36h
      volume: {history: 28d}
      unique: [order_id]
      not_null: [customer_id, amount]
      values: {status: [open, paid, void]}
      references: {customer_id: shop.customers.customer_id}
  shop.customers:
    columns: {customer_id: INT64}
"""
NEWEST = "2026-11-27"
MORNING = "2026-11-28T08:00"

CUSTOMERS = "SELECT i AS customer_id FROM range(1, 41) t(i)"
ORDERS = """
    SELECT '0' || (d * 100 + i) AS order_id, 1 + (i * 3) % 40 AS customer_id,
      CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'void' END AS status,
      CAST(i + 0.5 AS DECIMAL(10, 2)) AS amount, DATE '2026-10-29' + CAST(d AS INT) AS order_date,
      TIMESTAMP '2026-10-30 03:10:00' + to_days(CAST(d AS INT)) AS loaded_at
    FROM range(0, 30) t(d), range(0, 40) u(i)
"""
FAULTS = {
    "doubled": f"INSERT INTO orders SELECT * FROM orders WHERE order_date = '{NEWEST}' LIMIT 5",
    "unmatched": f"UPDATE orders SET customer_id = 9999 WHERE order_date = '{NEWEST}' AND amount BETWEEN 5 AND 9",
    "nulls": f"UPDATE orders SET amount = NULL WHERE order_date = '{NEWEST}' AND amount BETWEEN 15 AND 19",
    "odd-values": f"UPDATE orders SET status = 'lost' WHERE order_date = '{NEWEST}' AND amount BETWEEN 25 AND 29",
    "low-volume": f"DELETE FROM orders WHERE order_date = '{NEWEST}' AND amount > 15",
    "no-volume": f"DELETE FROM orders WHERE order_date = '{NEWEST}'",
}


def made(*faults: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute(f"CREATE TABLE customers AS {CUSTOMERS}")
    connection.execute(f"CREATE TABLE orders AS {ORDERS}")
    for each in faults:
        connection.execute(FAULTS[each])
    return connection


def as_database(folder: Path, *faults: str) -> Path:
    path = folder / "shop.duckdb"
    with made(*faults) as connection:
        connection.execute(f"ATTACH '{path}' AS kept")
        for name in ("customers", "orders"):
            connection.execute(f"CREATE TABLE kept.{name} AS SELECT * FROM {name}")
    return path


def as_files(ending: str) -> Callable[..., Path]:
    def write(folder: Path, *faults: str) -> Path:
        (folder / "data" / "shop").mkdir(parents=True)
        with made(*faults) as connection:
            for name in ("customers", "orders"):
                connection.execute(f"COPY {name} TO '{folder}/data/shop/{name}.{ending}'")
        return folder / "data"

    return write


def validated(folder: Path, data: Path, *more: str) -> dict[str, Any]:
    (folder / "pipeline.yaml").write_text(PIPELINE)
    ended = run(("validate", "--pipeline", "pipeline.yaml", "--data", str(data), "--format", "json", *more), folder, {})
    assert ended.stdout, ended.stderr
    return dict(json.loads(ended.stdout))


def failed(report: dict[str, Any]) -> set[str]:
    return {each["code"] for check in report["results"] for each in check["findings"] if each["outcome"] == "failed"}


@pytest.mark.parametrize("write", [as_database, as_files("parquet"), as_files("csv")], ids=["duckdb", "parquet", "csv"])
@pytest.mark.sampled(3)
def test_what_is_wrong_with_the_newest_day_is_found_and_the_days_before_are_fine(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    planted = ("doubled", "unmatched", "nulls", "odd-values")
    data = write(tmp_path, *planted)

    assert failed(validated(tmp_path, data, "--now", MORNING)) == set(planted)
    assert failed(validated(tmp_path, data, "--now", "2026-11-27T08:00")) == set()


@pytest.mark.parametrize("fault", ["low-volume", "no-volume"])
def test_rows_that_are_missing_are_found(tmp_path: Path, fault: str) -> None:
    data = as_database(tmp_path, fault)

    assert fault in failed(validated(tmp_path, data, "--now", MORNING))


def test_a_table_whose_dates_are_long_over_says_nothing_of_the_runs_and_is_judged_as_a_whole(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute(
            "CREATE TABLE members AS SELECT 'M' || i AS member_id, DATE '2025-01-01' + CAST(i AS INT) AS joined "
            "FROM range(200) t(i)"
        )
        shop.execute(
            "CREATE TABLE loans AS SELECT d * 100 + i AS loan_id, 'M' || i AS member_id, "
            "DATE '2026-10-01' + CAST(d AS INT) AS day FROM range(50) t(d), range(20) u(i) "
            "WHERE isodow(DATE '2026-10-01' + CAST(d AS INT)) < 6"
        )
    run(("init", "--from", "shop.duckdb"), tmp_path, {})

    made = load_pipeline(tmp_path / "pipeline.yaml")

    assert (tmp_path / "scenarios" / "shop-healthy.yaml").exists()
    assert made.tables["main.members"].date is None
    assert [each.to for each in made.tables["main.loans"].expect[0].references.values()] == ["main.members.member_id"]
    assert "saturday" not in made.calendar.weekdays


def test_a_text_far_down_in_a_column_of_numbers_is_another_type(tmp_path: Path) -> None:
    rows = [f"{number},2026-02-10,{number}.5" for number in range(30_000)]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,day,amount", *rows, "30000,2026-02-10,much"]))
    columns = "{order_id: INT64, day: DATE, amount: FLOAT64}"
    expect = "{values: {amount: {at_least: 0}}}"
    text = f"tables:\n  main.orders:\n    columns: {columns}\n    date: day\n    expect: {expect}\n"
    (tmp_path / "shop.yaml").write_text(text)
    words = ("--pipeline", "shop.yaml", "--data", "orders.csv", "--now", "2026-02-11T08:00", "--format", "json")

    report = json.loads(run(("validate", *words), tmp_path, {}).stdout)

    assert failed(report) == {"column-retyped"}


WITHOUT_DATES = """
tables:
  main.products:
    columns: {product_id: INT64, title: STRING, price: INT64}
    expect:
      unique: [product_id]
      not_null: [title]
      volume: {at_least: 300}
      mean: {price: {between: [1, 10]}}
"""


def test_a_table_without_dates_is_judged_as_a_whole(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "stock.duckdb")) as stock:
        stock.execute("CREATE TABLE products AS SELECT i AS product_id, 'a' AS title, 20 AS price FROM range(200) t(i)")
        stock.execute("INSERT INTO products VALUES (5, NULL, 20)")
    (tmp_path / "written.yaml").write_text(WITHOUT_DATES)
    made = run(("init", "--from", "stock.duckdb", "--output", "found.yaml"), tmp_path, {})
    said = {}
    for name in ("written", "found"):
        words = ("validate", "--pipeline", f"{name}.yaml", "--data", "stock.duckdb", "--format", "json")
        said[name] = failed(json.loads(run(words, tmp_path, {}).stdout))

    assert made.returncode == 0
    assert said == {"written": {"doubled", "nulls", "low-volume", "mean-odd"}, "found": {"doubled"}}


def test_the_first_screen_names_every_kind_of_fault_of_a_table(tmp_path: Path) -> None:
    data = as_database(tmp_path, "doubled", "unmatched", "nulls")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)

    screen = run(
        ("validate", "--pipeline", "pipeline.yaml", "--data", str(data), "--now", MORNING), tmp_path, {}
    ).stdout

    assert all(
        told in " ".join(screen.split()) for told in ("repeat the order_id", "no amount", "have a customer_id that")
    )


def test_a_key_that_looks_like_a_number_keeps_its_zeros(tmp_path: Path) -> None:
    folder = as_files("csv")(tmp_path)
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    warehouse = LocalWarehouse(LocalData(folder), load_pipeline(tmp_path / "pipeline.yaml"))

    rows = warehouse.query(Query("SELECT MIN(order_id) AS least FROM {shop}.orders"))
    warehouse.close()

    assert rows == [{"least": "00"}]


@pytest.mark.parametrize("key", ["001", "1.50", "2026-02-10", "true"])
def test_a_text_in_a_csv_stays_what_it_is_whatever_it_looks_like(tmp_path: Path, key: str) -> None:
    (tmp_path / "customers.csv").write_text(f"customer_id,order_id\n1,{key}\n")
    table = LocalData(tmp_path / "customers.csv").tables["main.customers"]

    with duckdb.connect(":memory:") as connection:
        read = connection.execute(table.read_as({"customer_id": "INT64", "order_id": "STRING"})).fetchall()

    assert read == [(1, key)]


def test_data_of_long_ago_say_how_they_are_judged_at_their_own_time(tmp_path: Path) -> None:
    data = as_database(tmp_path)
    with duckdb.connect(str(data)) as connection:
        connection.execute("UPDATE orders SET order_date = order_date - 3650")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    asked = ("validate", "--pipeline", "pipeline.yaml", "--data", str(data))

    assert "--now 2016-11-30T08:00" in run(asked, tmp_path, {}).stderr
    assert run((*asked, "--now", MORNING), tmp_path, {}).stderr == ""


def test_no_table_is_written_and_no_other_file_is_read(tmp_path: Path) -> None:
    data, other = as_database(tmp_path), tmp_path / "secret.csv"
    other.write_text("a\n1\n")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    before = data.read_bytes()
    warehouse = LocalWarehouse(LocalData(data), load_pipeline(tmp_path / "pipeline.yaml"))

    for statement in (
        f"SELECT * FROM read_csv('{other}')",
        f"SELECT * FROM `{other}`",
        "DELETE FROM {shop}.orders WHERE TRUE",
    ):
        with pytest.raises(SourceError):
            warehouse.query(Query(statement))
    warehouse.close()

    assert data.read_bytes() == before


def test_a_table_that_is_missing_is_unknown_and_named(tmp_path: Path) -> None:
    data = as_database(tmp_path)
    with duckdb.connect(str(data)) as connection:
        connection.execute("DROP TABLE customers")

    report = validated(tmp_path, data, "--now", MORNING)

    unknown = [
        each["summary"] for check in report["results"] for each in check["findings"] if each["outcome"] == "unknown"
    ]
    assert report["verdict"] == "UNKNOWN"
    assert any("shop.customers" in each for each in unknown)


def nothing(folder: Path) -> Path:
    return folder / "nowhere.duckdb"


def a_text(folder: Path) -> Path:
    (folder / "notes.duckdb").write_text("no database")
    return folder / "notes.duckdb"


def an_empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def other_tables(folder: Path) -> Path:
    with duckdb.connect(str(folder / "other.duckdb")) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1 AS a")
    return folder / "other.duckdb"


def torn(folder: Path) -> Path:
    (folder / "shop").mkdir()
    (folder / "shop" / "orders.parquet").write_bytes(b"PAR1 torn")
    return folder


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.duckdb")
    return folder / "pipe.duckdb"


@pytest.mark.parametrize("wrong", [nothing, a_text, an_empty_folder, other_tables, torn, a_pipe])
def test_what_cannot_be_read_ends_in_one_sentence(tmp_path: Path, wrong: Callable[[Path], Path]) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)

    ended = run(("validate", "--pipeline", "pipeline.yaml", "--data", str(wrong(tmp_path))), tmp_path, {})

    assert ended.returncode == 3
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1


def test_data_and_a_scenario_exclude_each_other(tmp_path: Path) -> None:
    ended = run(("validate", "--data", "x", "--scenario", "healthy-morning"), tmp_path, {})

    assert ended.returncode == 3
    assert "exclude" in ended.stderr


def test_of_a_platform_tables_are_left() -> None:
    whole = load_pipeline(Path("bot/pipelines/nba.yaml"))

    alone = tables_alone(whole)

    assert alone.tables == whole.tables
    assert not any((alone.services, alone.scheduler, alone.heartbeats, alone.deployment, alone.messaging))
    assert all(each.state is None and each.orchestrator is None for each in alone.transitions)


def test_limits_are_tried_on_the_past_of_local_data(tmp_path: Path) -> None:
    data = as_database(tmp_path, "nulls")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)

    ended = run(
        ("backtest", "--pipeline", "pipeline.yaml", "--data", str(data), "--days", "5", "--now", MORNING), tmp_path, {}
    )

    assert ended.returncode == 1
    assert NEWEST in ended.stdout or "27 Nov" in ended.stdout


names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@given(st.lists(names, min_size=1, max_size=4, unique_by=str.lower))
@pytest.mark.slow
def test_columns_of_any_name_are_read(columns: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.duckdb"
        quoted = ", ".join('"' + each.replace('"', '""') + '" INTEGER' for each in columns)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"CREATE TABLE kept ({quoted})")

        assert list(LocalData(path).tables["main.kept"].columns) == columns


def test_a_file_that_another_program_writes_is_said_so(tmp_path: Path) -> None:
    path = as_database(tmp_path)
    holds = f"import duckdb, sys; held = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    with Popen([sys.executable, "-c", holds], stdin=PIPE, stdout=PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        with pytest.raises(SettingsError, match="open for writing in another program"):
            LocalData(path)

        holder.communicate(timeout=30)


def test_a_file_that_its_user_may_not_read_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_database(tmp_path)

    class Refused:  # whoever runs the tests as root may read every file
        def execute(self, sql: str) -> None:
            if sql.startswith("ATTACH"):
                raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied')

        def close(self) -> None: ...

    monkeypatch.setattr(duckdb, "connect", lambda _: Refused())

    with pytest.raises(SettingsError, match="may not be read by this user"):
        LocalData(path)
