"""What cuts across the phases: the retry queue, columns that fell empty, sources that fell silent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    ACCURACY,
    CACHE,
    DECISIONS,
    EVENING,
    FEATURES,
    HISTORY,
    NIGHT,
    PLAYERS,
    PREDICTIONS,
    QUEUE,
    SCHEDULE,
    SCRAPES,
    TEAMS,
    Case,
    JsonRow,
    at,
    cached,
    decided,
    features,
    game,
    games,
    graded,
    player,
    predictions,
    queued,
    scraped,
    team,
)

_QUEUE = "failed_processor_queue"
_DAY_AGO = EVENING - timedelta(hours=24)

_SOURCES = (
    "player_daily_cache",
    "player_game_summary",
    "player_prop_predictions",
    "prediction_accuracy",
    "processor_run_history",
)

_COLUMNS = (
    "ml_feature_store_v2.matchup_quality_pct",
    "ml_feature_store_v2.player_history_quality_pct",
    "player_game_summary.minutes_played",
    "player_game_summary.points",
    "player_game_summary.usage_rate",
    "player_prop_predictions.predicted_points",
    "prediction_accuracy.actual_points",
    "team_offense_game_summary.fg_attempts",
    "team_offense_game_summary.possessions",
)


def _filled(**players: Any) -> dict[str, list[JsonRow]]:
    return {
        SCHEDULE: games(1),
        PLAYERS: [player(number, **players) for number in range(3)],
        TEAMS: [team(), team(0, 1)],
        FEATURES: features(3),
        PREDICTIONS: predictions(3),
        ACCURACY: graded(3),
    }


def _columns(**verdicts: str) -> dict[str, str]:
    fine = dict.fromkeys(_COLUMNS, "passed as-expected")
    return fine | {f"player_game_summary.{name}": verdict for name, verdict in verdicts.items()}


def _written(instant: str, game_date: date = NIGHT) -> dict[str, list[JsonRow]]:
    day = game_date.isoformat()
    return {
        SCHEDULE: [game(game_date=game_date)],
        HISTORY: [{"data_date": day, "started_at": instant}],
        PLAYERS: [player(game_date=day, processed_at=instant)],
        CACHE: cached(1, cache_date=day, processed_at=instant),
        PREDICTIONS: predictions(1, game_date=day, created_at=instant),
        ACCURACY: graded(1, game_date=day, graded_at=instant),
    }


CASES = (
    *(
        Case(
            check="retry-queue",
            name=name,
            tables={SCHEDULE: games(1), QUEUE: rows},
            expected={_QUEUE: verdict},
        )
        for name, rows, verdict in (
            ("an empty queue", [], "passed as-expected"),
            ("10 retries", queued(1, retry_count=10), "passed as-expected"),
            ("11 retries", queued(1, retry_count=11), "P1 retry-storm"),
            ("11 retries that go on", queued(1, retry_count=11, status="retrying"), "P1 retry-storm"),
            (
                "11 retries that ended long ago",
                queued(1, retry_count=11, status="resolved", inserted_at="2026-02-01T12:00:00+00:00"),
                "passed as-expected",
            ),
            ("15 pending", queued(15), "passed as-expected"),
            ("16 pending", queued(16), "P1 queue-long"),
            ("16 resolved", queued(16, status="resolved"), "passed as-expected"),
            (
                "3 older than a day",
                queued(3, inserted_at=(_DAY_AGO - timedelta(seconds=1)).isoformat()),
                "passed as-expected",
            ),
            (
                "4 older than a day",
                queued(4, inserted_at=(_DAY_AGO - timedelta(seconds=1)).isoformat()),
                "P1 queue-stuck",
            ),
            ("4 exactly a day old", queued(4, inserted_at=_DAY_AGO.isoformat()), "passed as-expected"),
            (
                "what came after the instant judged",
                queued(16, inserted_at=(EVENING + timedelta(seconds=1)).isoformat()),
                "passed as-expected",
            ),
        )
    ),
    Case(check="zero-columns", name="all filled", tables=_filled(), expected=_columns()),
    Case(
        check="zero-columns",
        name="a column of zeros",
        tables=_filled(points=0.0),
        expected=_columns(points="P1 always-zero"),
    ),
    Case(
        check="zero-columns",
        name="a column of NULLs",
        tables=_filled(usage_rate=None),
        expected=_columns(usage_rate="P1 always-null"),
    ),
    Case(
        check="zero-columns",
        name="one value is enough",
        tables={**_filled(), PLAYERS: [player(1, points=0.0), player(2, points=None), player(3, points=2.0)]},
        expected=_columns(),
    ),
    Case(
        check="zero-columns",
        name="no rows",
        tables={SCHEDULE: games(1)},
        expected=dict.fromkeys(_COLUMNS, "skipped no-rows"),
    ),
    Case(
        check="source-last-seen",
        name="36 hours before the morning after",
        tables=_written(at(0)),
        expected=dict.fromkeys(_SOURCES, "passed as-expected"),
    ),
    Case(
        check="source-last-seen",
        name="a second longer",
        tables=_written((datetime.fromisoformat(at(0)) - timedelta(seconds=1)).isoformat()),
        expected=dict.fromkeys(_SOURCES, "P1 source-stale"),
    ),
    Case(
        check="source-last-seen",
        name="one source fell silent",
        tables={**_written(at(20)), CACHE: cached(1, cache_date="2026-02-09", processed_at=at(-1))},
        expected=dict.fromkeys(_SOURCES, "passed as-expected") | {"player_daily_cache": "P1 source-stale"},
    ),
    Case(
        check="source-last-seen",
        name="a time of the future hides no silent source",
        tables={
            **_written(at(20)),
            CACHE: [
                *cached(1, cache_date="2026-02-09", processed_at=at(-1)),
                *cached(1, cache_date="2026-02-10", processed_at=at(24 * 30)),
            ],
        },
        expected=dict.fromkeys(_SOURCES, "passed as-expected") | {"player_daily_cache": "P1 source-stale"},
    ),
    Case(
        check="source-last-seen",
        name="not seen for two weeks",
        tables={SCHEDULE: games(1)},
        expected=dict.fromkeys(_SOURCES, "P1 source-lost"),
    ),
    Case(
        check="source-last-seen",
        name="a day of last month is judged by its own morning",
        tables=_written(at(20, date(2026, 1, 10)), date(2026, 1, 10)),
        expected=dict.fromkeys(_SOURCES, "passed as-expected"),
        night=date(2026, 1, 10),
        now=datetime(2026, 2, 20, 12, tzinfo=UTC),
    ),
    Case(
        check="controller-decides",
        name="neither log is kept, and records are there",
        tables={SCHEDULE: games(1), PLAYERS: [{"game_date": NIGHT.isoformat(), "player_lookup": "player1"}]},
        expected={"workflow_decisions": "P3 decisions-unrecorded"},
    ),
    *(
        Case(
            check="controller-decides",
            name=name,
            tables={SCHEDULE: games(1), DECISIONS: decisions},
            expected={"workflow_decisions": verdict},
        )
        for name, decisions, verdict in (
            ("no decision ever", [], "P1 no-decisions"),
            ("a decision twelve hours before the morning", [decided(24)], "passed as-expected"),
            ("a minute more", [decided(24 - 1 / 60)], "P1 controller-silent"),
            ("a decision of the future hides no silence", [decided(0), decided(24 * 30)], "P1 controller-silent"),
        )
    ),
    *(
        Case(
            check="scrapers-succeed",
            name=name,
            tables={SCHEDULE: games(1), SCRAPES: scrapes},
            expected={"scraper_execution_log": verdict},
        )
        for name, scrapes, verdict in (
            ("no run", [], "skipped no-runs"),
            ("all well", [scraped("success")], "passed as-expected"),
            ("one failed", [scraped("failed"), scraped("success", scraper_name="odds")], "P2 some-scrapers-failing"),
            ("made good later", [scraped("failed"), scraped("success", 21)], "passed as-expected"),
            ("failed after it had succeeded", [scraped("success"), scraped("FAILED", 21)], "P2 some-scrapers-failing"),
            ("nothing to fetch", [scraped("no_data")], "passed as-expected"),
            ("three failed", [scraped("error", scraper_name=f"s{n}") for n in range(3)], "P2 some-scrapers-failing"),
            ("four failed", [scraped("error", scraper_name=f"s{n}") for n in range(4)], "P1 scrapers-failing"),
            ("of another date", [scraped("failed", game_date="2026-02-09")], "skipped no-runs"),
        )
    ),
)
