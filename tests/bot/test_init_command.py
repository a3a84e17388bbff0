"""``reveille init``: a first file from data of this machine, and the faults that it finds in its newest interval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from bot.commands.init_beside import write_beside
from bot.definition.pipeline_file import load_pipeline
from tests.bot.discovery.worlds import (
    EVENT_FAULTS,
    EVENTS,
    LEDGER,
    LEDGER_FAULTS,
    MODEL_FAULTS,
    MODELS,
    MORNING,
    SHOP,
    SHOP_FAULTS,
    as_database,
    as_files,
)
from tests.bot.in_process import run
from tests.thoroughness import sampled

MIDNIGHT = "2026-11-28T00:30"
MONDAY = "2026-11-23T08:00"
CODES = {"negative": "odd-values"}


def made(folder: Path, data: Path, *more: str) -> Any:
    return run(("init", "--from", data.name, *more), folder, {})


def failed(folder: Path, data: Path, now: str) -> set[str]:
    asked = ("validate", "--pipeline", "pipeline.yaml", "--data", data.name, "--now", now, "--format", "json")
    ended = run(asked, folder, {})
    assert ended.stdout, ended.stderr
    report = json.loads(ended.stdout)
    found = [each for check in report["results"] for each in check["findings"]]
    assert not [each for each in found if each["outcome"] == "unknown"]
    return {each["code"] for each in found if each["outcome"] == "failed"}


def found_by_init(folder: Path, data: Path, now: str) -> set[str]:
    ended = made(folder, data)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"reveille validate --pipeline pipeline.yaml --data {data.name}" in ended.stdout
    assert "a world in which nothing is wrong" in ended.stdout
    return failed(folder, data, now)


class TestShop:
    def test_healthy_data_are_healthy(self, tmp_path: Path) -> None:
        assert found_by_init(tmp_path, as_database(tmp_path / "shop.duckdb", SHOP), MORNING) == set()

    @pytest.mark.parametrize("fault", sampled(list(SHOP_FAULTS), 9))
    def test_a_fault_of_the_newest_night_is_found(self, tmp_path: Path, fault: str) -> None:
        data = as_database(tmp_path / "shop.duckdb", SHOP, SHOP_FAULTS[fault])

        assert CODES.get(fault, fault) in found_by_init(tmp_path, data, MORNING)


class TestHourlyEvents:
    def test_healthy_data_are_healthy_and_hourly(self, tmp_path: Path) -> None:
        assert found_by_init(tmp_path, as_files(tmp_path / "plant", "parquet", EVENTS), MIDNIGHT) == set()
        assert load_pipeline(tmp_path / "pipeline.yaml").cadence.kind == "hourly"

    @pytest.mark.parametrize("fault", sampled(list(EVENT_FAULTS), 9))
    def test_a_fault_of_the_newest_hour_is_found(self, tmp_path: Path, fault: str) -> None:
        data = as_files(tmp_path / "plant", "parquet", EVENTS, EVENT_FAULTS[fault])

        assert fault in found_by_init(tmp_path, data, MIDNIGHT)


class TestLedger:
    def test_healthy_data_are_healthy_and_have_a_calendar(self, tmp_path: Path) -> None:
        assert found_by_init(tmp_path, as_files(tmp_path / "ledger", "csv", LEDGER), MORNING) == set()
        assert len(load_pipeline(tmp_path / "pipeline.yaml").calendar.weekdays) == 5

    @pytest.mark.parametrize("fault", sampled(list(LEDGER_FAULTS), 9))
    def test_a_fault_of_the_newest_business_day_is_found(self, tmp_path: Path, fault: str) -> None:
        data = as_files(tmp_path / "ledger", "csv", LEDGER, LEDGER_FAULTS[fault])

        assert fault in found_by_init(tmp_path, data, MORNING)


class TestWeeklyModels:
    def test_healthy_data_are_healthy_and_weekly(self, tmp_path: Path) -> None:
        assert found_by_init(tmp_path, as_database(tmp_path / "ml.duckdb", MODELS), MONDAY) == set()
        assert load_pipeline(tmp_path / "pipeline.yaml").cadence.stated == {"weekly": "monday"}

    @pytest.mark.parametrize("fault", MODEL_FAULTS)
    def test_a_fault_of_the_newest_week_is_found(self, tmp_path: Path, fault: str) -> None:
        data = as_database(tmp_path / "ml.duckdb", MODELS, MODEL_FAULTS[fault])

        assert found_by_init(tmp_path, data, MONDAY) == {fault}


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    data = as_database(tmp_path / "shop.duckdb", SHOP)
    (tmp_path / "pipeline.yaml").write_text("mine")

    ended = made(tmp_path, data)

    assert ended.returncode == 3
    assert len(ended.stderr.splitlines()) == 1
    assert "--output" in ended.stderr
    assert "--diff" in ended.stderr
    assert (tmp_path / "pipeline.yaml").read_text() == "mine"


@pytest.mark.slow
def test_the_difference_is_shown_and_nothing_written(tmp_path: Path) -> None:
    data = as_database(tmp_path / "shop.duckdb", SHOP)
    made(tmp_path, data)
    before = (tmp_path / "pipeline.yaml").read_text()

    same = made(tmp_path, data, "--diff")
    other = made(tmp_path, data, "--diff", "--name", "another")
    fresh = made(tmp_path, data, "--diff", "--output", "new.yaml")

    assert (same.returncode, same.stdout) == (0, "")
    assert "+name: another" in other.stdout
    assert "-name: shop" in other.stdout
    assert "+version: 2" in fresh.stdout
    assert (tmp_path / "pipeline.yaml").read_text() == before
    assert not (tmp_path / "new.yaml").exists()


class TestBeside:
    def test_a_scenario_and_a_manifest_stand_beside_the_file(self, tmp_path: Path) -> None:
        made(tmp_path, as_database(tmp_path / "shop.duckdb", SHOP), "--output", "ours.yaml")

        replayed = run(("replay", "scenarios/shop-healthy.yaml"), tmp_path, {"REVEILLE_PIPELINE": ""})
        report = json.loads(
            run(("validate", "--scenario", "scenarios/shop-healthy.yaml", "--format", "json"), tmp_path, {}).stdout
        )
        found = [each["outcome"] for check in report["results"] for each in check["findings"]]

        assert replayed.returncode == 0, replayed.stdout
        assert found.count("passed") > 20
        assert set(found) <= {"passed", "skipped"}
        assert yaml.safe_load((tmp_path / "slack/manifest.yaml").read_text())["settings"]["socket_mode_enabled"]

    def test_what_exists_stays_as_it_is(self, tmp_path: Path) -> None:
        for name in ("scenarios/shop-healthy.yaml", "slack/manifest.yaml"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_text("mine")

        ended = made(tmp_path, as_database(tmp_path / "shop.duckdb", SHOP))

        assert len(ended.stdout.splitlines()) == 2
        assert (tmp_path / "scenarios/shop-healthy.yaml").read_text() == "mine"
        assert (tmp_path / "slack/manifest.yaml").read_text() == "mine"

    def test_rows_that_do_not_meet_what_is_expected_are_no_scenario(self, tmp_path: Path) -> None:
        expected = {"columns": {"code": "STRING"}, "expect": {"values": {"code": {"matches": "^[A-Z]{3}$"}}}}
        file = tmp_path / "odd.yaml"
        file.write_text(yaml.safe_dump({"version": 2, "name": "odd", "timezone": "UTC", "tables": {"a.b": expected}}))

        first, _ = write_beside(file)

        assert first.startswith("No scenario was written")
        assert list((tmp_path / "scenarios").iterdir()) == []

    def test_a_folder_that_cannot_be_written_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "scenarios").write_text("a file")

        ended = made(tmp_path, as_database(tmp_path / "shop.duckdb", SHOP))

        assert (ended.returncode, len(ended.stderr.splitlines())) == (0, 1)
        assert "scenarios" in ended.stderr


PEOPLE = """SELECT i AS customer_id, 'Anna' || i % 3 AS seller, 'a' || i % 3 || '@example.com' AS email,
    4917600000 + i % 3 AS phone, 'call Berta' AS notes, 30000 + i AS salary, 'Carla' AS status,
    CASE i % 2 WHEN 0 THEN 'Dora Maier' ELSE 'Emma Kunz' END AS contact_type, 'Frida' AS first_name,
    '+49 30 1234567' AS source, '203.0.113.7' AS ip FROM range(1, 200) t(i)"""


def test_nothing_about_people_is_written(tmp_path: Path) -> None:
    data = as_database(tmp_path / "people.duckdb", {"customers": PEOPLE})

    made(tmp_path, data)

    text = (tmp_path / "pipeline.yaml").read_text()
    assert "customer_id" in text
    personal = ("Anna", "example.com", "49176", "Berta", "30001", "Dora", "Emma", "Frida", "1234567", "203.0")
    assert [each for each in personal if each in text] == []


def test_what_cannot_stand_in_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "odd.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE TABLE "or-ders" (a INT)')
        connection.execute("CREATE TABLE nothing (id INT)")
        connection.execute('CREATE TABLE kept ("a b" INT, id INT, "select" INT, m MAP(INT, INT), f FLOAT)')
        connection.execute("INSERT INTO kept SELECT i, i, i, NULL, 'nan' FROM range(9) t(i)")

    ended = made(tmp_path, path)

    text = (tmp_path / "pipeline.yaml").read_text()
    assert ended.returncode == 0
    assert "or-ders" in ended.stderr
    assert "main.nothing" in text
    assert list(load_pipeline(tmp_path / "pipeline.yaml").tables) == ["main.kept"]


def test_one_table_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "odd.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE kept AS SELECT i AS id, {'a': i, 'b': [{'c': 'x'}]} AS nested FROM range(9) t(i)"
        )
        connection.execute("CREATE TABLE gone (id INT)")
        connection.execute("CREATE VIEW broken AS SELECT id FROM gone")
        connection.execute("DROP TABLE gone")

    ended = made(tmp_path, path)

    (kept,) = load_pipeline(tmp_path / "pipeline.yaml").tables.values()
    assert (ended.returncode, ended.stderr.count("\n")) == (0, 1)
    assert "main.broken is left out" in ended.stderr
    assert kept.columns["nested"] == "STRUCT<a INT64, b ARRAY<STRUCT<c STRING>>>"


@pytest.mark.parametrize(
    "more", [("--timezone", "Mars"), ("--name", "Not A Name"), ("--output", "nowhere/p.yaml")], ids=lambda more: more[0]
)
def test_a_slip_is_one_sentence(tmp_path: Path, more: tuple[str, ...]) -> None:
    ended = made(tmp_path, as_database(tmp_path / "shop.duckdb", SHOP), *more)

    assert ended.returncode == 3
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.slow
def test_many_tables_are_one_file_that_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "many.duckdb"
    with duckdb.connect(str(path)) as connection:
        for number in range(120):
            connection.execute(f"CREATE TABLE t{number} AS SELECT i AS id, DATE '2026-11-01' AS day FROM range(5) t(i)")

    ended = made(tmp_path, path)

    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 4
    assert len(load_pipeline(tmp_path / "pipeline.yaml").tables) == 120
