"""Rows of the NBA tables, each function the ordinary case with what a test changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests import fakes

JsonRow = Mapping[str, Any]
Tables = Mapping[str, Sequence[JsonRow]]

NIGHT, SLATE = fakes.NIGHT.day, fakes.SLATE.day
"""The dates of the rows."""

EVENING = datetime(2026, 2, 11, 23, tzinfo=UTC)
"""18:00 in New York on the day after the night: everything is due."""

SCHEDULE = "nba_reference.nba_schedule"
PLAYERS = "nba_analytics.player_game_summary"
TEAMS = "nba_analytics.team_offense_game_summary"
CACHE = "nba_precompute.player_daily_cache"
FEATURES = "nba_predictions.ml_feature_store_v2"
PREDICTIONS = "nba_predictions.player_prop_predictions"
ACCURACY = "nba_predictions.prediction_accuracy"
SIGNALS = "nba_predictions.daily_prediction_signals"
LOG = "nba_orchestration.phase_execution_log"
HISTORY = "nba_reference.processor_run_history"
PICKS = "nba_predictions.signal_best_bets_picks"
DECISIONS = "nba_orchestration.workflow_decisions"
SCRAPES = "nba_orchestration.scraper_execution_log"
HALTS = "nba_orchestration.halt_state"
QUEUE = "nba_orchestration.failed_processor_queue"

LOADED = {
    "nba_raw.nbac_gamebook_player_stats": ("game_date", "processed_at"),
    "nba_raw.nbac_team_boxscore": ("game_date", "processed_at"),
    "nba_raw.nbac_player_boxscores": ("game_date", "processed_at"),
    "nba_raw.bigdataball_play_by_play": ("game_date", "processed_at"),
    "nba_raw.odds_api_player_points_props": ("game_date", "snapshot_timestamp"),
    "nba_raw.odds_api_game_lines": ("game_date", "snapshot_timestamp"),
    "nba_raw.bettingpros_player_points_props": ("game_date", "processed_at"),
    "nba_raw.vsin_betting_splits": ("game_date", "processed_at"),
    "nba_raw.nbac_injury_report": ("report_date", "processed_at"),
}
"""Tables of sources: the columns of their date and of when a row was loaded."""

PAIRS = tuple((f"A{number:02}", f"H{number:02}") for number in range(14))
"""Away and home team of fourteen games."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One world and what one check says of it: outcome or severity, and code, by subject.

    ``name`` is the id of the test. The slate is the night unless stated.
    """

    check: str
    name: str
    tables: Tables
    expected: Mapping[str, str]
    now: datetime = EVENING
    night: date = NIGHT
    slate: date | None = None


def pair_id(pair: tuple[str, str], game_date: date = NIGHT) -> str:
    """Return the game id that every table but the schedule uses."""
    return f"{game_date:%Y%m%d}_{pair[0]}_{pair[1]}"


def game(number: int = 0, status: int | None = 3, *, prefix: str = "002", game_date: date = NIGHT) -> JsonRow:
    away, home = PAIRS[number]
    return {
        "game_id": f"{prefix}25{number:05}",
        "game_date": game_date.isoformat(),
        "game_status": status,
        "home_team_tricode": home,
        "away_team_tricode": away,
    }


def games(count: int, status: int = 3, *, game_date: date = NIGHT) -> list[JsonRow]:
    return [game(number, status, game_date=game_date) for number in range(count)]


def at(hours: float, game_date: date = NIGHT) -> str:
    """Return an instant, in hours after midnight UTC of a game date."""
    midnight = datetime(game_date.year, game_date.month, game_date.day, tzinfo=UTC)
    return (midnight + timedelta(hours=hours)).isoformat()


def player(number: int = 0, pair: int = 0, **changes: Any) -> JsonRow:
    return {
        "game_date": NIGHT.isoformat(),
        "player_lookup": f"player{number}",
        "game_id": pair_id(PAIRS[pair]),
        "team_abbr": PAIRS[pair][number % 2],
        "is_dnp": False,
        "minutes_played": 24.0,
        "points": 12.0,
        "usage_rate": 21.5,
        "primary_source_used": "box-score",
        "processed_at": at(34),
        **changes,
    }


def team(pair: int = 0, side: int = 0, **changes: Any) -> JsonRow:
    return {
        "game_date": NIGHT.isoformat(),
        "game_id": pair_id(PAIRS[pair]),
        "team_abbr": PAIRS[pair][side],
        "fg_attempts": 88,
        "possessions": 99.5,
        **changes,
    }


def cached(count: int, **changes: Any) -> list[JsonRow]:
    return [
        {"cache_date": NIGHT.isoformat(), "player_lookup": f"player{number}", "processed_at": at(35), **changes}
        for number in range(count)
    ]


def features(count: int, **changes: Any) -> list[JsonRow]:
    return [
        {
            "game_date": NIGHT.isoformat(),
            "player_lookup": f"player{number}",
            "is_quality_ready": True,
            "quality_alert_level": "green",
            "matchup_quality_pct": 90.0,
            "player_history_quality_pct": 90.0,
            "vegas_quality_pct": 90.0,
            "default_feature_count": 0,
            "cache_miss_fallback_used": False,
            **changes,
        }
        for number in range(count)
    ]


def predictions(count: int, pair: int = 0, **changes: Any) -> list[JsonRow]:
    return [
        {
            "prediction_id": f"prediction{pair}-{number}",
            "system_id": "catboost_v9",
            "player_lookup": f"player{number}",
            "game_id": pair_id(PAIRS[pair]),
            "game_date": NIGHT.isoformat(),
            "predicted_points": 25.0,
            "current_points_line": 20.0,
            "line_source": "ODDS_API",
            "has_prop_line": True,
            "is_active": True,
            "is_actionable": False,
            "superseded_by": None,
            "created_at": at(17),
            **changes,
        }
        for number in range(count)
    ]


def graded(count: int, **changes: Any) -> list[JsonRow]:
    return [
        {
            "system_id": "catboost_v9",
            "player_lookup": f"player{number}",
            "game_id": pair_id(PAIRS[0]),
            "game_date": NIGHT.isoformat(),
            "actual_points": 19.0,
            "line_value": 20.0,
            "predicted_points": 25.0,
            "prediction_correct": True,
            "is_voided": False,
            "absolute_error": 6.0,
            "graded_at": at(31),
            **changes,
        }
        for number in range(count)
    ]


def pick(game_date: date = NIGHT, **changes: Any) -> JsonRow:
    return {
        "game_date": game_date.isoformat(),
        "system_id": "catboost_v9",
        "player_lookup": "player0",
        "created_at": at(18, game_date),
        **changes,
    }


def halted(**changes: Any) -> JsonRow:
    return {
        "effective_date": NIGHT.isoformat(),
        "sport": "NBA",
        "halt_active": True,
        "halt_reason": "the model is retrained",
        **changes,
    }


def decided(hours: float, game_date: date = NIGHT) -> JsonRow:
    return {"workflow_name": "morning_operations", "action": "RUN", "decision_time": at(hours, game_date)}


def scraped(status: str, hours: float = 20, **changes: Any) -> JsonRow:
    return {
        "scraper_name": "nbac_schedule",
        "game_date": NIGHT.isoformat(),
        "status": status,
        "triggered_at": at(hours),
        "completed_at": at(hours),
        **changes,
    }


def sources(game_date: date = NIGHT) -> dict[str, list[JsonRow]]:
    """Return one row of each source, loaded in the evening of a date."""
    return {table: [{day: game_date.isoformat(), loaded: at(23, game_date)}] for table, (day, loaded) in LOADED.items()}


def signal(daily_signal: str, **changes: Any) -> JsonRow:
    return {
        "game_date": NIGHT.isoformat(),
        "system_id": "catboost_v9",
        "total_picks": 60,
        "high_edge_picks": 7,
        "pct_over": 41.0,
        "daily_signal": daily_signal,
        "signal_explanation": "enough games, both sides",
        "slate_size": 4,
        "calculated_at": at(17),
        **changes,
    }


def queued(count: int, **changes: Any) -> list[JsonRow]:
    return [
        {
            "processor_name": "player_game_summary",
            "status": "pending",
            "retry_count": 1,
            "inserted_at": (EVENING - timedelta(hours=2)).isoformat(),
            **changes,
        }
        for _ in range(count)
    ]
