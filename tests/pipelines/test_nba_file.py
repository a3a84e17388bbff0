"""The NBA pipeline file as a whole: what it must name, and how its sentences and commands must be made."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

from bot.definition.pipeline_queries import DeclaredQuery, queries_of
from checks.context import parameters_in
from checks.intervals import Offset
from checks.ports.warehouse import Query
from checks.templates import columns_in
from tests.pipelines.nba_world import NBA

SHOWN_ONLY = {"games-last-night", "games-tonight"}
"""Checks that report and cannot fail."""

QUERIES = tuple(queries_of(NBA))
COMMANDS = {each.id: each.action.command for each in NBA.checks if each.action and each.action.command}
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


def test_a_check_says_why_it_exists_and_what_should_be() -> None:
    assert [check.id for check in NBA.checks if not (check.rationale.strip() and check.expected.strip())] == []


def test_a_check_that_can_fail_says_what_it_means_and_what_to_do() -> None:
    failing = [check.id for check in NBA.checks if any(rule.severity is not None for rule in check.rules)]
    told = [check.id for check in NBA.checks if check.impact and check.unwanted and check.action and check.action.text]

    assert failing == [check.id for check in NBA.checks if check.id not in SHOWN_ONLY]
    assert failing == told


def test_a_query_never_asks_the_database_for_the_time() -> None:
    asks = re.compile(r"\bCURRENT_(DATE|DATETIME|TIME|TIMESTAMP)\b|\bNOW\(", re.IGNORECASE)

    assert [query.path for query in QUERIES if asks.search(query.sql)] == []


def test_a_query_interpolates_datasets_and_nothing_else() -> None:
    statements = {query.path: Query(query.sql) for query in QUERIES}
    # The end of a text's form is the one $ that is none of a template.
    template = re.compile(r"[{}%]|\$(?!')|\?")

    assert [path for path, each in statements.items() if not set(NBA.datasets) >= each.datasets] == []
    assert [path for path, each in statements.items() if template.search(each.text())] == []


def test_every_table_goes_through_a_dataset_that_can_be_prefixed() -> None:
    read = {query.path: datasets_read(query) for query in QUERIES}

    assert [path for path, datasets in read.items() if not datasets] == []
    assert [
        path for path, datasets in read.items() if not all(each.startswith("staging_nba_") for each in datasets)
    ] == []


def datasets_read(query: DeclaredQuery) -> list[str]:
    """The dataset of each table that a query reads in a staging environment."""
    tree = sqlglot.parse_one(Query(query.sql).text("staging_"), read="bigquery")
    known = {cte.alias for cte in tree.find_all(exp.CTE)}
    return [table.db for table in tree.find_all(exp.Table) if table.db or table.name not in known]


PREDICTED = {"nba_predictions.prediction_accuracy", "nba_predictions.signal_best_bets_picks"}


def test_the_two_kinds_of_game_ids_are_never_joined() -> None:
    assert [(query.path, joined) for query in QUERIES if (joined := joins_of_game_ids(query))] == []


def joins_of_game_ids(query: DeclaredQuery) -> list[str]:
    """What a query joins by the id of a game."""
    tree = sqlglot.parse_one(Query(query.sql).text(), read="bigquery")
    compared = [
        each.sql()
        for each in tree.find_all(exp.EQ)
        if isinstance(each.left, exp.Column)
        and isinstance(each.right, exp.Column)
        and "game_id" in each.left.name
        # A grade and a pick have the game of their prediction, which is written as there.
        and not (each.left.name == "there_game_id" and not PREDICTED.isdisjoint(query.path))
    ]
    joins = ((join.sql(), join.args.get("using") or []) for join in tree.find_all(exp.Join))
    return compared + [text for text, using in joins if "game_id" in [column.name for column in using]]


def test_every_parameter_is_used() -> None:
    used = {name for query in QUERIES for name in parameters_in(query.sql)}

    assert {"date", "now", "interval_start", "interval_end", *NBA.parameters} == used


def test_only_what_the_run_itself_fills_in_stands_between_quotes_of_a_command() -> None:
    # A value of a row is quoted when it is filled in; inside other quotes that would open them.
    quoted = {
        (id_, each) for id_, told in COMMANDS.items() for text in _QUOTED.findall(told) for each in columns_in(text)
    }

    assert [each for each in quoted if each[1] not in {"date", "project", "region"}] == []
    assert [id_ for id_, told in COMMANDS.items() if told.count("'") % 2] == []


def test_a_command_names_only_services_that_the_file_names() -> None:
    asked = re.compile(r"service_name=\(?((?:\"[^\"]+\"(?: OR )?)+)")
    filters = [(id_, each) for id_, told in COMMANDS.items() for each in asked.findall(" ".join(told.split()))]
    named = {(id_, name) for id_, each in filters for name in re.findall(r"\"([^\"]+)\"", each)}

    assert [each for each in named if each[1] not in {service.name for service in NBA.services}] == []


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
