"""The queries of the NBA pipeline that Python checks read: conditions, phase rows, phase log, run history."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.pipelines.nba_rows import (
    ACCURACY,
    CACHE,
    EVENING,
    HISTORY,
    LOG,
    NIGHT,
    PLAYERS,
    PREDICTIONS,
    SCHEDULE,
    JsonRow,
    at,
    cached,
    game,
    graded,
    player,
    predictions,
)
from tests.pipelines.nba_world import NBA, rows_of

STARTED = datetime(2026, 2, 11, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([], 0),
        ([game(prefix="003")], 0),
        ([game(prefix="001")], 0),
        ([game(game_date=date(2026, 2, 9))], 0),
        ([game(), game(), game(1, prefix="004")], 2),
        ([game(prefix="005"), game(1, prefix="006")], 2),
    ],
    ids=[
        "an empty schedule",
        "an All-Star entry",
        "a pre-season game",
        "another day",
        "regular season and play-offs",
        "play-in and cup final",
    ],
)
def test_only_games_that_owe_the_whole_pipeline_count(rows: list[JsonRow], number: int) -> None:
    (found,) = rows_of(NBA.conditions["games"].query, {SCHEDULE: rows}, NIGHT)

    assert number == found["number"]


@pytest.mark.parametrize(
    ("game_date", "entries"),
    [
        pytest.param(date(2026, 5, 11), 1, id="90 days away"),
        pytest.param(date(2026, 5, 12), 0, id="just past 90 days"),
    ],
)
def test_a_schedule_is_empty_that_has_nothing_for_half_a_year(game_date: date, entries: int) -> None:
    (found,) = rows_of(NBA.conditions["games"].query, {SCHEDULE: [game(game_date=game_date)]}, NIGHT)

    assert entries == found["calendar"]


@pytest.mark.parametrize(
    ("phase", "table", "rows"),
    [
        ("phase3", PLAYERS, [player(1, processed_at=at(34)), player(2, processed_at=at(35))]),
        ("phase4", CACHE, [*cached(1, processed_at=at(34)), *cached(1, processed_at=at(35))]),
        ("phase5", PREDICTIONS, [*predictions(1, created_at=at(34)), *predictions(1, created_at=at(35))]),
        ("grading", ACCURACY, [*graded(1, graded_at=at(34)), *graded(1, graded_at=at(35))]),
    ],
)
def test_the_rows_of_a_phase_are_counted_and_dated(phase: str, table: str, rows: list[JsonRow]) -> None:
    other_day = [{**row, "game_date": "2026-02-09", "cache_date": "2026-02-09"} for row in rows]
    known = NBA.tables[table].columns
    tables = {table: [{key: value for key, value in row.items() if key in known} for row in [*rows, *other_day]]}

    (found,) = rows_of(NBA.phase(phase).rows or "", tables, NIGHT)

    assert (2, STARTED, datetime(2026, 2, 11, 11, tzinfo=UTC)) == (
        found["row_count"],
        found["first_at"],
        found["last_at"],
    )


def test_a_phase_without_rows_gives_a_row_that_says_so() -> None:
    assert rows_of(NBA.phase("phase4").rows or "", {}, NIGHT) == [{"row_count": 0, "first_at": None, "last_at": None}]


def _logged(transition: str, game_date: str, instant: str) -> JsonRow:
    return {"phase_name": transition, "game_date": game_date, "execution_timestamp": instant, "status": "complete"}


def test_the_phase_log_tells_the_date_from_all_others() -> None:
    assert NBA.phase_log is not None
    tables = {
        LOG: [
            _logged("phase3_to_phase4", "2026-02-10", at(34)),
            _logged("phase3_to_phase4", "2026-02-10", at(35)),
            _logged("phase4_to_phase5", "2026-02-08", at(-13)),
            _logged("phase4_to_phase5", "2026-02-10", "2026-02-12T12:00:00+00:00"),  # after the instant judged
        ]
    }

    found = {row["transition"]: row for row in rows_of(NBA.phase_log.query, tables, NIGHT)}

    assert (2, STARTED, datetime(2026, 2, 11, 11, tzinfo=UTC)) == tuple(
        found["phase3_to_phase4"][name] for name in ("rows_for_date", "first_at", "last_at")
    )
    assert (0, None, None, datetime(2026, 2, 9, 11, tzinfo=UTC)) == tuple(
        found["phase4_to_phase5"][name] for name in ("rows_for_date", "first_at", "last_at", "last_ever_at")
    )


def _run(run_id: str, *statuses: str, data_date: str = "2026-02-10") -> list[JsonRow]:
    return [
        {
            "data_date": data_date,
            "processor_name": "player_game_summary",
            "run_id": run_id,
            "phase": "phase_3_analytics",
            "status": status,
            "started_at": at(34),
        }
        for status in statuses
    ]


@pytest.mark.parametrize(
    ("rows", "open_runs"),
    [
        (_run("a", "running"), {"a"}),
        (_run("a", "running", "running"), {"a"}),
        (_run("a", "running", "success"), set()),
        (_run("a", "running", "failed"), set()),
        (_run("a", "failed", "success"), set()),
        (_run("a", "running", data_date="2026-02-09"), set()),
        ([*_run("a", "running", "success"), *_run("b", "running")], {"b"}),
        ([], set()),
    ],
    ids=[
        "only started",
        "started twice",
        "ended",
        "failed",
        "the clean-up marked its first row",
        "another day",
        "one of two",
        "none",
    ],
)
def test_a_run_is_open_until_any_of_its_rows_says_otherwise(rows: list[JsonRow], open_runs: set[str]) -> None:
    assert NBA.run_history is not None

    found = rows_of(NBA.run_history.unfinished, {HISTORY: rows}, NIGHT, EVENING)

    assert open_runs == {row["run_id"] for row in found}
    assert all(row["started_at"] == STARTED for row in found)


@pytest.mark.parametrize("written", ["phase3", "phase_3_analytics", "3"])
def test_a_phase_has_succeeded_however_the_history_writes_its_name(written: str) -> None:
    assert NBA.run_history is not None
    assert NBA.run_history.succeeded is not None
    rows = [*_run("a", "running", "success"), *_run("b", "failed"), *_run("c", "success", data_date="2026-02-09")]

    (found,) = rows_of(
        NBA.run_history.succeeded, {HISTORY: [{**row, "phase": written} for row in rows]}, NIGHT, EVENING
    )

    assert (found["phase"], found["run_count"]) == ("phase3", 1)
