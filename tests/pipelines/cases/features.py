"""Phase 4: the cache, the feature store, its quality."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    CACHE,
    FEATURES,
    NIGHT,
    PREDICTIONS,
    SCHEDULE,
    Case,
    JsonRow,
    at,
    cached,
    features,
    games,
    predictions,
)


def _hundred(some: int, **changes: Any) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(4), FEATURES: [*features(some, **changes), *features(100 - some)]}


def _quality(**changes: Any) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(4), FEATURES: features(10, **changes)}


def _categories(**verdicts: str) -> dict[str, str]:
    fine = dict.fromkeys(("matchup", "player history", "vegas"), "passed as-expected")
    return fine | {name.replace("_", " "): verdict for name, verdict in verdicts.items()}


CASES = (
    *(
        Case(
            check="precompute-rows",
            name=f"{count} rows",
            tables={SCHEDULE: games(4), CACHE: cached(count)},
            expected={"player_daily_cache": verdict},
        )
        for count, verdict in (
            (0, "P1 cache-empty"),
            (1, "P2 cache-small"),
            (49, "P2 cache-small"),
            (50, "passed as-expected"),
        )
    ),
    *(
        Case(
            check="precompute-rows",
            name=f"{count} rows, {players} players, one game",
            tables={SCHEDULE: games(1), CACHE: [*cached(players), *cached(count - players, player_lookup="player0")]},
            expected={"player_daily_cache": verdict},
        )
        for count, players, verdict in (
            (20, 8, "passed as-expected"),
            (19, 8, "P2 cache-small"),
            (20, 7, "P2 cache-small"),
        )
    ),
    *(
        Case(
            check="precompute-rows",
            name=f"{of} players, {made} of them have features",
            tables={SCHEDULE: games(4), CACHE: cached(of), FEATURES: features(made)},
            expected={"player_daily_cache": verdict},
        )
        for of, made, verdict in ((70, 100, "passed as-expected"), (69, 100, "P2 cache-incomplete"))
    ),
    *(
        Case(
            check="player-keys",
            name=name,
            tables={
                SCHEDULE: games(4),
                CACHE: cached(players),
                FEATURES: features(players),
                PREDICTIONS: [
                    {**each, "player_lookup": f"other{number}" if number >= known else f"player{number}"}
                    for number, each in enumerate(predictions(predicted))
                ],
            },
            expected={
                "player_daily_cache": "passed as-expected" if players >= 20 else "skipped too-few-players",
                "ml_feature_store_v2": "passed as-expected" if players >= 20 else "skipped too-few-players",
                "player_prop_predictions": verdict,
            },
        )
        for name, players, predicted, known, verdict in (
            ("5 % are known", 40, 40, 2, "passed as-expected"),
            ("fewer are known", 40, 40, 1, "P1 keys-unknown"),
            ("few players", 40, 19, 0, "skipped too-few-players"),
        )
    ),
    Case(
        check="player-keys",
        name="two tables",
        tables={SCHEDULE: games(4), CACHE: cached(40), FEATURES: features(40)},
        expected={
            "player_daily_cache": "skipped too-few-tables",
            "ml_feature_store_v2": "skipped too-few-tables",
        },
    ),
    *(
        Case(
            check="features-complete",
            name=f"{made} of {of} players",
            tables={SCHEDULE: games(4), CACHE: cached(of), FEATURES: features(made)},
            expected={"ml_feature_store_v2": verdict},
        )
        for made, of, verdict in (
            (80, 100, "passed as-expected"),
            (79, 100, "P2 some-features-missing"),
            (50, 100, "P2 some-features-missing"),
            (49, 100, "P1 features-missing"),
            (0, 100, "skipped no-features"),
            (100, 0, "skipped no-cache"),
        )
    ),
    *(
        Case(
            check="precompute-fresh",
            name=name,
            tables={SCHEDULE: games(4), CACHE: rows},
            expected={"player_daily_cache": verdict},
            night=NIGHT - timedelta(days=1),
            slate=NIGHT,
        )
        for name, rows, verdict in (
            ("written as the day began", cached(3, processed_at=at(5)), "passed as-expected"),
            ("a minute before", cached(3, processed_at=at(5 - 1 / 60)), "P1 cache-not-refreshed"),
            (
                "the day before was written again instead",
                [
                    *cached(3, processed_at=at(4)),
                    *cached(3, cache_date=(NIGHT - timedelta(days=1)).isoformat(), processed_at=at(12.1)),
                ],
                "P1 cache-not-refreshed",
            ),
            ("some rows refreshed", [*cached(3, processed_at=at(3)), *cached(1)], "passed as-expected"),
            ("without a time", cached(3, processed_at=None), "passed as-expected"),
            ("no row", (), "skipped cache-empty"),
        )
    ),
    *(
        Case(
            check="feature-store-ready",
            name=f"{100 - unready} of 100 ready",
            tables=_hundred(unready, is_quality_ready=False),
            expected={"ml_feature_store_v2": verdict},
        )
        for unready, verdict in (
            (0, "passed as-expected"),
            (45, "passed as-expected"),
            (46, "P2 features-partly-ready"),
            (60, "P2 features-partly-ready"),
            (61, "P1 features-not-ready"),
        )
    ),
    *(
        Case(
            check="feature-store-ready",
            name=f"{red} of 100 red",
            tables=_hundred(red, quality_alert_level="RED"),
            expected={"ml_feature_store_v2": verdict},
        )
        for red, verdict in ((15, "passed as-expected"), (16, "P1 red-alerts"))
    ),
    Case(
        check="feature-store-ready",
        name="partly ready and red is as loud as red",
        tables={SCHEDULE: games(4), FEATURES: features(10, is_quality_ready=None, quality_alert_level="red")},
        expected={"ml_feature_store_v2": "P1 features-not-ready"},
    ),
    Case(
        check="feature-store-ready",
        name="no row",
        tables={SCHEDULE: games(4)},
        expected={"ml_feature_store_v2": "P1 feature-store-empty"},
    ),
    Case(
        check="feature-quality",
        name="each at its limit",
        tables=_quality(matchup_quality_pct=50.0, player_history_quality_pct=60.0, vegas_quality_pct=30.0),
        expected=_categories(),
    ),
    Case(
        check="feature-quality",
        name="matchup just below",
        tables=_quality(matchup_quality_pct=49.9),
        expected=_categories(matchup="P1 matchup-quality"),
    ),
    Case(
        check="feature-quality",
        name="player history just below",
        tables=_quality(player_history_quality_pct=59.9),
        expected=_categories(player_history="P2 player-history-quality"),
    ),
    Case(
        check="feature-quality",
        name="vegas just below",
        tables=_quality(vegas_quality_pct=29.9),
        expected=_categories(vegas="P3 vegas-quality"),
    ),
    Case(
        check="feature-quality",
        name="a category that nobody filled is not known",
        tables=_quality(matchup_quality_pct=None),
        expected=_categories(matchup="unknown P1 no-value"),
    ),
    Case(
        check="feature-quality",
        name="no row",
        tables={SCHEDULE: games(4)},
        expected=dict.fromkeys(("matchup", "player history", "vegas"), "skipped no-features"),
    ),
    *(
        Case(
            check="feature-cache-misses",
            name=f"{misses} of 100",
            tables=_hundred(misses, cache_miss_fallback_used=True),
            expected={"ml_feature_store_v2": verdict},
        )
        for misses, verdict in (
            (0, "passed as-expected"),
            (1, "P2 cache-misses"),
            (5, "P2 cache-misses"),
            (6, "P1 many-cache-misses"),
        )
    ),
    Case(
        check="feature-cache-misses",
        name="no row",
        tables={SCHEDULE: games(4)},
        expected={"ml_feature_store_v2": "skipped no-features"},
    ),
)
