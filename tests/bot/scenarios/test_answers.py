"""A statement that was answered is answered from memory on the same rows, and never on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.answers import ROWS, KeptAnswers
from bot.sources.warehouse.duckdb.contents import Contents
from bot.sources.warehouse.duckdb.dialect import duckdb_sql
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.pipeline import Table
from checks.ports.warehouse import Query, Row
from checks.source import Problem, SourceError
from tests.bot.scenarios.worlds import PIPELINE

TABLES = {"raw.games": Table(columns={"game": "INT64"}), "raw.teams": Table(columns={"team": "INT64"})}
PLAYED = PIPELINE.model_copy(update={"tables": TABLES})
SUM = "SELECT SUM(game) AS games FROM `raw.games`"


def depended_on(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], sql: str = SUM, tables: Mapping[str, Table] = TABLES
) -> object:
    return Contents(tables, rows, "").depended_on(duckdb_sql(sql, ()))


def test_an_answer_depends_on_its_statement_and_on_the_tables_that_this_names() -> None:
    known = depended_on({"raw.games": [{"game": 1}]})

    assert known == depended_on({"raw.games": [{"game": 1}], "raw.teams": [{"team": 1}]})
    assert known != depended_on({"raw.games": [{"game": 2}]})
    assert known != depended_on({"raw.games": [{"game": 1}]}, SUM.replace("SUM", "MAX"))
    assert known != depended_on(
        {"raw.games": [{"game": 1}]}, tables={**TABLES, "raw.games": Table(columns={"game": "FLOAT64"})}
    )


@pytest.mark.parametrize(
    "changing", ["CURRENT_DATE()", "CURRENT_DATETIME()", "CURRENT_TIMESTAMP()", "RAND()", "GENERATE_UUID()"]
)
def test_what_is_not_answered_the_same_twice_is_not_kept(changing: str) -> None:
    assert depended_on({}, f"SELECT {changing} AS it FROM `raw.games`") is None


def test_a_column_that_is_called_like_the_clock_is_kept() -> None:
    assert depended_on({}, "SELECT current_points_line FROM `raw.games`") is not None


WORLDS = st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=2, max_size=5)


@given(WORLDS)
@pytest.mark.slow
def test_every_world_is_answered_from_its_own_rows(worlds: Sequence[Sequence[int]]) -> None:
    answers: list[Row] = []
    for games in worlds:
        rows = {"raw.games": [{"game": game} for game in games]}
        with closing(DuckDbWarehouse(PLAYED, rows, Faults(()))) as warehouse:
            answers += warehouse.query(Query(SUM))

    assert answers == [{"games": sum(games) if games else None} for games in worlds]


def test_a_closed_world_answers_nothing_that_it_answered_before() -> None:
    warehouse = DuckDbWarehouse(PLAYED, {}, Faults(()))
    warehouse.query(Query(SUM))
    warehouse.close()

    with pytest.raises(SourceError) as refused:
        warehouse.query(Query(SUM))

    assert refused.value.problem is Problem.UNAVAILABLE


def test_what_was_not_asked_for_longest_goes_first_and_long_answers_are_not_kept() -> None:
    answers = KeptAnswers(at_most=2)
    answers.keep("first", [])
    answers.keep("second", [{"it": 2}])
    assert answers.get("first") == []

    answers.keep("third", [])
    answers.keep("long", [{}] * (ROWS + 1))

    assert [answers.get(each) for each in ("first", "second", "third", "long")] == [[], None, [], None]
