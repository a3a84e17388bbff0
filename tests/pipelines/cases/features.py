"""Phase 4: the cache, the feature store, its quality."""

from __future__ import annotations

from typing import Any

from tests.pipelines.nba_rows import CACHE, FEATURES, SCHEDULE, Case, JsonRow, cached, features, games


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
            check="feature-store-ready",
            name=f"{100 - unready} of 100 ready",
            tables=_hundred(unready, is_quality_ready=False),
            expected={"ml_feature_store_v2": verdict},
        )
        for unready, verdict in (
            (0, "passed as-expected"),
            (20, "passed as-expected"),
            (21, "P2 features-partly-ready"),
            (40, "P2 features-partly-ready"),
            (41, "P1 features-not-ready"),
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
