"""Every query of the NBA pipeline through Google's client: the BigQuery emulator and the embedded default agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from bot.definition.pipeline_queries import DeclaredQuery, queries_of
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from bot.sources.warehouse.live import BigQueryWarehouse
from checks.ports.warehouse import Row
from tests.pipelines.nba_rows import (
    ACCURACY,
    CACHE,
    EVENING,
    FEATURES,
    HALTS,
    HISTORY,
    LOG,
    NIGHT,
    PICKS,
    PLAYERS,
    PREDICTIONS,
    QUEUE,
    SCHEDULE,
    SIGNALS,
    TEAMS,
    at,
    cached,
    features,
    game,
    games,
    graded,
    halted,
    pick,
    player,
    predictions,
    queued,
    signal,
    sources,
    team,
)
from tests.pipelines.nba_world import NBA, on
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables

pytestmark = pytest.mark.xdist_group("emulators")

PROJECT = "example-project"

BUSY_NIGHT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    SCHEDULE: [*games(3), game(3, 2), game(4, 1), game(5, prefix="003")],
    PLAYERS: [player(1), player(2, usage_rate=None), player(3, 1, usage_rate=120.0), player(4, 1, is_dnp=True)],
    TEAMS: [team(), team(0, 1), team(fg_attempts=60), team(1, 1)],
    CACHE: cached(3),
    FEATURES: [*features(5), *features(2, is_quality_ready=False, quality_alert_level="red", vegas_quality_pct=None)],
    PREDICTIONS: [
        *predictions(12, is_actionable=True),
        *predictions(3, 1, predicted_points=22.0, is_actionable=True),
        *predictions(4, 1, system_id="shadow", current_points_line=None, line_source=None),
        *predictions(2, 2, superseded_by="prediction9"),
    ],
    ACCURACY: [*graded(20), *graded(5, prediction_correct=False, game_date="2026-02-02"), *graded(1, is_voided=True)],
    SIGNALS: [signal("red"), signal("GREEN", calculated_at=at(16))],
    LOG: [{"phase_name": "phase3_to_phase4", "game_date": "2026-02-10", "execution_timestamp": at(35)}],
    HISTORY: [
        {
            "data_date": "2026-02-10",
            "processor_name": "player_daily_cache",
            "run_id": "r1",
            "phase": "phase_4",
            "status": "running",
            "started_at": at(34),
        },
        {
            "data_date": "2026-02-10",
            "processor_name": "player_game_summary",
            "run_id": "r2",
            "phase": "phase_3_analytics",
            "status": "success",
            "started_at": at(33),
            "processed_at": at(34),
        },
    ],
    "nba_orchestration.service_errors": [
        {
            "service_name": "prediction-worker",
            "error_timestamp": at(34),
            "error_type": None,
            "error_message": "it broke",
        }
    ],
    "nba_orchestration.workflow_decisions": [
        {"decision_time": at(20), "workflow_name": "betting_lines", "action": "RUN"}
    ],
    PICKS: [pick(), pick(NIGHT - timedelta(days=2))],
    HALTS: [halted(halt_active=False)],
    **sources(),
    QUEUE: [*queued(2), *queued(1, processor_name="ml_feature_store", retry_count=12)],
}


@pytest.fixture(scope="module")
def emulated(bigquery_address: str) -> Iterator[BigQueryWarehouse]:
    prefix = "nba_queries_"
    columns = {name: dict(table.columns) for name, table in NBA.tables.items()}
    create_tables(bigquery_address, PROJECT, columns, BUSY_NIGHT, prefix)
    client = emulator_client(bigquery_address, PROJECT, connections=2, bytes_cap=20 * 1024**2)
    with closing(BigQueryWarehouse(client, project=PROJECT, dataset_prefix=prefix)) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def embedded() -> Iterator[DuckDbWarehouse]:
    with closing(DuckDbWarehouse(NBA, BUSY_NIGHT, Faults(()))) as warehouse:
        yield warehouse


def comparable(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows in an order of their own, fractions with the digits that two engines share."""
    rounded = [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]
    return sorted(rounded, key=str)


@pytest.mark.parametrize("query", tuple(queries_of(NBA)), ids=lambda query: ".".join(map(str, query.path)))
@pytest.mark.slow
def test_both_give_the_same_rows(query: DeclaredQuery, emulated: BigQueryWarehouse, embedded: DuckDbWarehouse) -> None:
    bound = query.bound(NBA, on(NIGHT), EVENING)

    found = emulated.query(bound)

    assert found
    assert comparable(embedded.query(bound)) == comparable(found)
