"""The NBA pipeline file as a whole: what it must name, and how its sentences and commands must be made."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from bot.definition.pipeline_queries import DeclaredQuery, queries_of
from checks.context import parameters_in
from checks.intervals import Offset
from checks.ports.warehouse import Query
from checks.sql_check_spec import SqlCheck
from checks.templates import columns_in
from tests.pipelines.nba_world import NBA

SHOWN_ONLY = {"games-last-night", "games-tonight"}
"""Checks that report and cannot fail."""

QUERIES = tuple(queries_of(NBA))
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def test_every_data_check_is_there() -> None:
    assert [check.id for check in NBA.checks] == [
        "games-last-night",
        "games-final",
        "schedule-complete",
        "player-keys",
        "games-tonight",
        "analytics-coverage",
        "team-summaries",
        "team-records",
        "duplicate-team-records",
        "usage-rate",
        "precompute-rows",
        "feature-store-ready",
        "feature-quality",
        "feature-cache-misses",
        "features-complete",
        "precompute-fresh",
        "predictions-exist",
        "duplicate-predictions",
        "predictions-volume",
        "predictions-by-system",
        "predictions-fresh",
        "recommendations",
        "picks-published",
        "edge-filter",
        "superseded-active",
        "lines-enriched",
        "signal",
        "grading",
        "grades-once",
        "games-graded",
        "hit-rate",
        "retry-queue",
        "zero-columns",
        "source-last-seen",
        "controller-decides",
        "scrapers-succeed",
    ]


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
def test_a_check_says_why_it_exists_and_what_should_be(check: SqlCheck) -> None:
    assert check.rationale.strip()
    assert check.expected.strip()


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
def test_a_check_that_can_fail_says_what_it_means_and_what_to_do(check: SqlCheck) -> None:
    can_fail = any(rule.severity is not None for rule in check.rules)

    assert can_fail == (check.id not in SHOWN_ONLY)
    assert can_fail == bool(check.impact and check.unwanted and check.action is not None and check.action.text)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ".".join(map(str, query.path)))
def test_a_query_never_asks_the_database_for_the_time(query: DeclaredQuery) -> None:
    assert re.search(r"\bCURRENT_(DATE|DATETIME|TIME|TIMESTAMP)\b|\bNOW\(", query.sql, re.IGNORECASE) is None


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ".".join(map(str, query.path)))
def test_a_query_interpolates_datasets_and_nothing_else(query: DeclaredQuery) -> None:
    statement = Query(query.sql)

    assert set(NBA.datasets) >= statement.datasets
    # The end of a text's form is the one $ that is none of a template.
    assert re.search(r"[{}%]|\$(?!')|\?", statement.text()) is None


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ".".join(map(str, query.path)))
def test_every_table_goes_through_a_dataset_that_can_be_prefixed(query: DeclaredQuery) -> None:
    tree = sqlglot.parse_one(Query(query.sql).text("staging_"), read="bigquery")
    known = {cte.alias for cte in tree.find_all(exp.CTE)}

    read = [table for table in tree.find_all(exp.Table) if table.db or table.name not in known]

    assert read
    assert all(table.db.startswith("staging_nba_") for table in read)


PREDICTED = {"nba_predictions.prediction_accuracy", "nba_predictions.signal_best_bets_picks"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ".".join(map(str, query.path)))
def test_the_two_kinds_of_game_ids_are_never_joined(query: DeclaredQuery) -> None:
    tree = sqlglot.parse_one(Query(query.sql).text(), read="bigquery")

    joined = [
        each
        for each in tree.find_all(exp.EQ)
        if isinstance(each.left, exp.Column)
        and isinstance(each.right, exp.Column)
        and "game_id" in each.left.name
        # A grade and a pick have the game of their prediction, which is written as there.
        and not (each.left.name == "there_game_id" and not PREDICTED.isdisjoint(query.path))
    ]

    assert joined == []
    assert all(
        "game_id" not in [column.name for column in join.args.get("using") or []] for join in tree.find_all(exp.Join)
    )


def test_every_parameter_is_used() -> None:
    used = {name for query in QUERIES for name in parameters_in(query.sql)}

    assert {"date", "now", "interval_start", "interval_end", *NBA.parameters} == used


@pytest.mark.parametrize(
    "check", [check for check in NBA.checks if check.action and check.action.command], ids=lambda check: check.id
)
def test_only_what_the_run_itself_fills_in_stands_between_quotes_of_a_command(check: SqlCheck) -> None:
    # A value of a row is quoted when it is filled in; inside other quotes that would open them.
    assert check.action is not None
    command = check.action.command or ""

    quoted = {column for text in _QUOTED.findall(command) for column in columns_in(text)}

    assert quoted <= {"date", "project", "region"}
    assert command.count("'") % 2 == 0


@pytest.mark.parametrize(
    "check", [check for check in NBA.checks if check.action and check.action.command], ids=lambda check: check.id
)
def test_a_command_names_only_services_that_the_file_names(check: SqlCheck) -> None:
    assert check.action is not None
    filters = re.findall(r"service_name=\(?((?:\"[^\"]+\"(?: OR )?)+)", " ".join((check.action.command or "").split()))
    named = {name for found in filters for name in re.findall(r"\"([^\"]+)\"", found)}

    assert named <= {service.name for service in NBA.services}


def test_transitions_are_due_in_the_order_of_the_phases() -> None:
    judged = [transition for transition in NBA.transitions if "same_day" in transition.runs]

    same_day = [transition.runs["same_day"].due.clock for transition in judged]

    assert [transition.id for transition in judged] == ["phase3_to_phase4", "phase4_to_phase5", "phase5_to_phase6"]
    assert sorted(same_day) == same_day


def test_every_due_time_but_the_one_that_repeats_at_eight_is_before_the_digest() -> None:
    overnight = [run for each in NBA.transitions if (run := each.runs.get("overnight")) is not None]

    assert [run.due for run in overnight] == list(map(Offset, ("+1d 07:00", "+1d 07:00", "+1d 08:00", "13:00")))


def test_only_the_monitoring_orchestrator_is_optional() -> None:
    assert [service.name for service in NBA.services if service.optional] == ["phase2-to-phase3-orchestrator"]
    assert [each.id for each in NBA.transitions if each.monitoring_only] == ["phase2_to_phase3"]


def test_every_orchestrator_is_a_service_of_the_phase_that_it_starts() -> None:
    services = {service.name: service.phase for service in NBA.services}

    assert all(services[each.orchestrator] == each.target for each in NBA.transitions if each.orchestrator is not None)
