"""The queries that expectations become: GoogleSQL for Google's own analyser, and filtered where they must be."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from bot.definition.pipeline_queries import query_problems
from bot.definition.statement_checks import statement_problems
from checks.expansion import expansions
from checks.expansion.sql_words import RESERVED, quoted
from checks.pipeline import Pipeline
from tests.fakes import pipeline

COLUMNS = {
    "order_id": "STRING",
    "day": "DATE",
    "at": "TIMESTAMP",
    "loaded_at": "TIMESTAMP",
    "order": "STRING",
    "amount": "NUMERIC",
    "ratio": "FLOAT64",
    "number": "INT64",
    "open": "BOOL",
}
VALUES: dict[str, Any] = {
    "unique": [{"key": ["order", "number"]}, {"key": ["order_id"]}],
    "not_null": ["ratio", "order"],
    "values": {"order": ["it's", "a\\b"], "number": [1, 2], "amount": {"between": [0, 9.5]}},
    "not_constant": ["ratio", "open"],
    "not_one_sided": {"ratio": "amount", "amount": 2.5},
    "references": {"order_id": "data.others.order_id"},
}
HISTORY: dict[str, Any] = {
    "freshness": "24h",
    "volume": [{}, {"by": ["order", "open"]}],
    "mean": ["ratio", "amount", "number"],
}
SETS = {
    "history": HISTORY,
    "values": VALUES,
    "both": {**HISTORY, **VALUES},
    "a condition": {"where": "open OR order_id IS NULL", **HISTORY, **VALUES},
    "volume": {"volume": {}},
}
CADENCES: dict[str, Any] = {
    "daily": "daily",
    "hourly": "hourly",
    "weekly": {"weekly": "sunday"},
    "monthly": {"monthly": 5},
}


def described(expect: Any, date: str, cadence: str = "daily") -> Pipeline:
    table = {"columns": COLUMNS, "partition": date, "filter_required": True, "loaded": "loaded_at", "expect": expect}
    others = {"columns": {"order_id": "STRING", "day": "DATE"}, "partition": "day", "filter_required": True}
    quiet: dict[str, Any] = {"phases": (), "conditions": {}}
    tables = {"data.orders": table, "data.others": others}
    return pipeline(tables=tables, cadence=CADENCES[cadence], **quiet)


SHAPES = [
    pytest.param(SETS[name], date, cadence, id=f"{name}, {date}, {cadence}")
    for name in SETS
    for date, cadence in (
        ("day", "daily"),
        ("at", "daily"),
        ("at", "hourly"),
        ("day", "weekly"),
        ("at", "monthly"),
    )
]


def test_the_reserved_words_are_those_of_googlesql() -> None:
    assert {word.upper() for word in BigQuery.Generator.RESERVED_KEYWORDS} == RESERVED


def test_a_column_with_the_name_of_a_word_is_quoted_in_any_letters() -> None:
    names = (*RESERVED, *map(str.lower, RESERVED))

    assert [name for name in names if quoted(name) != f"`{name}`"] == []


@pytest.mark.parametrize(("expect", "date", "cadence"), SHAPES)
def test_each_query_filters_its_partitions_and_reads_declared_columns(expect: Any, date: str, cadence: str) -> None:
    made = described(expect, date, cadence)
    (expansion,) = expansions(made)

    assert list(statement_problems(expansion.spec.query, made)) == []
    assert list(query_problems(made)) == []


@pytest.mark.parametrize("name", HISTORY)
def test_each_expectation_of_history_alone_reads_the_history(name: str) -> None:
    made = described({name: HISTORY[name]}, "day")
    (expansion,) = expansions(made)

    assert "'history' AS part" in expansion.spec.query
    assert list(query_problems(made)) == []


@pytest.mark.xdist_group("googlesql")
@pytest.mark.slow
def test_each_query_is_one_for_googles_analyser(googlesql_compiled: None) -> None:
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it

    analyser = GoogleSql(described(SETS["volume"], "day"))  # columns and parameters are those of every shape

    for shape in SHAPES:
        expect, date, cadence = shape.values
        (expansion,) = expansions(described(expect, str(date), str(cadence)))
        assert "part" in analyser.columns(expansion.spec.query)


def scans(expect: Any, date: str, cadence: str = "daily") -> list[exp.Select]:
    """Return every SELECT of the query that reads the table itself."""
    (expansion,) = expansions(described(expect, date, cadence))
    tree = sqlglot.parse_one(expansion.spec.query.replace("{data}", "data"), read="bigquery")
    tables = [each for each in tree.find_all(exp.Table) if each.name == "orders"]
    return [select for each in tables if (select := each.find_ancestor(exp.Select)) is not None]


def test_the_past_is_read_without_the_columns_of_the_interval() -> None:
    """BigQuery bills the columns that are read, for as many days as they are read."""
    history, judged = (
        {column.name for column in part.find_all(exp.Column)} & COLUMNS.keys()
        for part in scans({**SETS["both"], "volume": [{"by": "open"}]}, "day")
    )

    assert history == {"day", "loaded_at", "open", "ratio", "amount", "number"}
    assert "order_id" in judged


PARAMETERS = {
    "@interval_start": "DATETIME '2026-02-08 00:00:00'",
    "@interval_end": "DATETIME '2026-02-15 00:00:00'",
    "@date": "DATE '2026-02-08'",
}
SPANS = [
    ("day", "daily", 8),
    ("day", "hourly", 15),
    ("day", "weekly", 14),
    ("day", "monthly", 14),
    ("at", "hourly", 14),
]
"""Until which day of February the interval lasts."""


@pytest.mark.parametrize(("date", "cadence", "end"), SPANS)
@pytest.mark.parametrize("name", ["freshness", "volume", "mean", "both"])
def test_no_column_of_any_row_is_read_twice(name: str, date: str, cadence: str, end: int) -> None:
    expect = SETS["both"] if name == "both" else {name: HISTORY[name], "not_null": ["amount", "number"]}
    own = {each: value for each, value in expect.items() if each != "references"}
    wheres = [select.args["where"].this.sql("bigquery") for select in scans(own, date, cadence)]
    for parameter, value in PARAMETERS.items():
        wheres = [re.sub(rf"DATE\({parameter}, '.*?'\)|{parameter}", value, each) for each in wheres]
    tests = [sqlglot.transpile(each, read="bigquery", write="duckdb")[0] for each in wheres]
    days = "SELECT d AS at, d::DATE AS day FROM range(DATE '2026-01-25', DATE '2026-03-01', INTERVAL 1 DAY) t(d)"

    read = duckdb.sql(f"SELECT day, {' + '.join(f'({each})::INT' for each in tests)} FROM ({days})").fetchall()

    later = int("freshness" in expect)
    assert len(tests) == 2
    assert [times for day, times in read] == [1 if day <= dt.date(2026, 2, end) else later for day, _ in read]


def test_what_needs_no_past_reads_the_table_once_and_one_partition_of_it() -> None:
    own = {name: each for name, each in VALUES.items() if name != "references"}
    (expansion,) = expansions(described({**own, "schema": "strict"}, "day"))
    tree = sqlglot.parse_one(expansion.spec.query.replace("{data}", "data"), read="bigquery")

    (table,) = tree.find_all(exp.Table)
    (scan,) = [each for each in tree.find_all(exp.Select) if table.find_ancestor(exp.Select) is each]
    assert scan.args["where"].sql("bigquery") == "WHERE day = @date"
    assert len(expansion.queries) == 0
