"""What staging sends to BigQuery for the shipped pipeline, analysed as BigQuery does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.sources.warehouse.staging import counting, replacing, selecting
from bot.staging.ports import Copy, StoredTable
from bot.staging.prefix import Prefix
from bot.staging.seeds import Seeding, planned_copy
from checks.pipeline import Pipeline
from checks.staging_spec import Seed, Staging
from tests.pipelines.sql_text import unfiltered_in

NBA = shipped_pipeline()
PREFIX = Prefix("test_")
STAGING = NBA.staging or Staging()


def planned(seed: Seed) -> Copy:
    dataset, _, name = seed.table.partition(".")
    source = StoredTable(dataset=dataset, name=name, columns=NBA.tables[seed.table].columns)
    seeding = Seeding(pipeline=NBA, prefix=PREFIX, day=date(2026, 2, 10), limit=STAGING.row_limit)
    return planned_copy(seed, source, "us-west2", seeding)


def with_staging() -> Pipeline:
    """The pipeline with the tables of staging beside its own."""
    tables = {**NBA.tables, **{PREFIX.of(name): table for name, table in NBA.tables.items()}}
    return NBA.model_copy(update={"tables": tables, "parameters": {}})


def plain(statement: str) -> str:
    """A statement without its project, its path in separate quotes, as the analyser's catalogue knows it."""
    return re.sub(r"`example-project\.(\w+)\.(\w+)`", r"`\1`.`\2`", statement)


def test_every_table_with_columns_for_the_night_is_seeded() -> None:
    assert {seed.table for seed in STAGING.seed} == set(NBA.tables)
    assert len(STAGING.seed) >= 11


@pytest.mark.parametrize("seed", STAGING.seed, ids=lambda seed: seed.table)
def test_production_is_only_read_through_its_partition(seed: Seed) -> None:
    assert unfiltered_in(plain(selecting(planned(seed), "example-project")), NBA.tables) == []


@pytest.mark.parametrize("seed", STAGING.seed, ids=lambda seed: seed.table)
def test_only_the_table_of_staging_is_written(seed: Seed) -> None:
    statement = replacing(planned(seed), "example-project")

    written = re.findall(r"(?:MERGE INTO|INSERT INTO|UPDATE|DELETE FROM) `([^`]+)`", statement)

    assert written == [f"example-project.test_{seed.table}"]


@pytest.mark.xdist_group("googlesql")
@pytest.mark.parametrize("statement", [replacing, selecting, counting], ids=["replacing", "selecting", "counting"])
@pytest.mark.usefixtures("googlesql_compiled")
@pytest.mark.sampled(3)
def test_google_accepts_every_statement(statement: Callable[[Copy, str], str]) -> None:
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it

    analyser = GoogleSql(with_staging())
    parameters = {"day": "DATE", "since": "TIMESTAMP", "until": "TIMESTAMP"}

    for seed in STAGING.seed:
        assert analyser.analysed(plain(statement(planned(seed), "example-project")), parameters)
