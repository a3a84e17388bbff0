"""Phase 5: predictions by game and by system, their edges, their lines, the signal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    FEATURES,
    NIGHT,
    PREDICTIONS,
    SCHEDULE,
    SIGNALS,
    Case,
    JsonRow,
    at,
    features,
    games,
    predictions,
    signal,
)

_TABLE = "player_prop_predictions"
_CHAMPION = "catboost_v9"
BEFORE_ENRICHMENT = datetime(2026, 2, 10, 18, 39, tzinfo=UTC)
AT_ENRICHMENT = datetime(2026, 2, 10, 18, 40, tzinfo=UTC)


def _shadow(champion: int, shadow: int) -> dict[str, list[JsonRow]]:
    return {
        SCHEDULE: games(1),
        PREDICTIONS: [*predictions(champion), *predictions(shadow, system_id="shadow")],
    }


def _lined(lined: int, count: int = 100) -> dict[str, list[JsonRow]]:
    return {
        SCHEDULE: games(1),
        PREDICTIONS: [*predictions(lined), *predictions(count - lined, current_points_line=None)],
    }


def _edge(predicted: float, line: float | None, **changes: Any) -> dict[str, list[JsonRow]]:
    row: dict[str, Any] = {"predicted_points": predicted, "current_points_line": line, "is_actionable": True, **changes}
    return {PREDICTIONS: predictions(1, **row)}


CASES = (
    Case(
        check="predictions-exist",
        name="every game",
        tables={SCHEDULE: games(2), PREDICTIONS: [*predictions(5), *predictions(5, 1)]},
        expected={_TABLE: "passed as-expected"},
    ),
    Case(
        check="predictions-exist",
        name="a game without",
        tables={SCHEDULE: games(2), PREDICTIONS: predictions(5)},
        expected={_TABLE: "P1 games-without-predictions"},
    ),
    Case(
        check="predictions-exist",
        name="none at all",
        tables={SCHEDULE: games(2)},
        expected={_TABLE: "P0 no-predictions"},
    ),
    Case(
        check="predictions-exist",
        name="an empty schedule",
        tables={PREDICTIONS: predictions(5)},
        expected={_TABLE: "unknown P1 no-games"},
    ),
    Case(
        check="predictions-exist",
        name="only inactive ones",
        tables={SCHEDULE: games(1), PREDICTIONS: predictions(5, is_active=False)},
        expected={_TABLE: "P0 no-predictions"},
    ),
    Case(
        check="duplicate-predictions",
        name="two lines of one player are two predictions",
        tables={SCHEDULE: games(1), PREDICTIONS: [*predictions(5), *predictions(1, current_points_line=99.5)]},
        expected={_TABLE: "passed as-expected"},
    ),
    Case(
        check="duplicate-predictions",
        name="one that is not active is none",
        tables={SCHEDULE: games(1), PREDICTIONS: [*predictions(5), *predictions(1, is_active=False)]},
        expected={_TABLE: "passed as-expected"},
    ),
    *(
        Case(
            check="duplicate-predictions",
            name=f"a row twice, with the line {line}",
            tables={SCHEDULE: games(1), PREDICTIONS: predictions(1, current_points_line=line) * 2},
            expected={_TABLE: "P1 predictions-repeated"},
        )
        for line in (21.5, None)
    ),
    *(
        Case(
            check="predictions-volume",
            name=f"{count} of {ready} ready players",
            tables={
                SCHEDULE: games(1),
                PREDICTIONS: predictions(count),
                FEATURES: features(ready),
            },
            expected={_TABLE: verdict},
        )
        for count, ready, verdict in (
            (20, 100, "passed as-expected"),
            (19, 100, "P1 predictions-few"),
            (11, 60, "P1 predictions-few"),
            (1, 59, "skipped few-players"),
            (0, 100, "skipped no-predictions"),
        )
    ),
    *(
        Case(
            check="predictions-by-system",
            name=f"a shadow with {count} of 100",
            tables=_shadow(100, count),
            expected={_CHAMPION: "passed as-expected", "shadow": verdict},
        )
        for count, verdict in (
            (80, "passed as-expected"),
            (79, "P2 system-behind"),
            (50, "P2 system-behind"),
            (49, "P1 system-far-behind"),
        )
    ),
    Case(
        check="predictions-by-system",
        name="a shadow with inactive ones only",
        tables={
            SCHEDULE: games(1),
            PREDICTIONS: [*predictions(9), *predictions(9, system_id="shadow", is_active=False)],
        },
        expected={_CHAMPION: "passed as-expected", "shadow": "P1 system-absent"},
    ),
    Case(
        check="predictions-by-system",
        name="the champion is absent",
        tables=_shadow(0, 9),
        expected={_CHAMPION: "P1 system-absent", "shadow": "skipped no-champion"},
    ),
    *(
        Case(
            check="predictions-by-system",
            name=f"a system with {count} predictions {days} days ago",
            tables={
                SCHEDULE: games(1),
                PREDICTIONS: [
                    *predictions(9),
                    *predictions(count, system_id="shadow", game_date=(NIGHT - timedelta(days=days)).isoformat()),
                ],
            },
            expected={_CHAMPION: "passed as-expected", **absent},
        )
        for count, days, absent in (
            (20, 1, {"shadow": "P1 system-absent"}),
            (20, 4, {"shadow": "P1 system-absent"}),
            (19, 1, {}),
            (20, 5, {}),
        )
    ),
    *(
        Case(
            check="predictions-fresh",
            name=name,
            tables={SCHEDULE: games(1), PREDICTIONS: rows},
            expected={_TABLE: verdict},
        )
        for name, rows, verdict in (
            ("made a day before the date began", predictions(3, created_at=at(-19)), "passed as-expected"),
            ("made a minute earlier", predictions(3, created_at=at(-19 - 1 / 60)), "P1 predictions-old"),
            ("one made again", [*predictions(3, created_at=at(-48)), *predictions(1)], "passed as-expected"),
            ("without a time", predictions(3, created_at=None), "passed as-expected"),
            ("no prediction", [], "skipped no-predictions"),
        )
    ),
    *(
        Case(check="edge-filter", name=name, tables=tables, expected={_TABLE: verdict})
        for name, tables, verdict in (
            ("an edge of 3", _edge(23.0, 20.0), "passed as-expected"),
            ("an edge of 3 that floating point makes smaller", _edge(28.6, 25.6), "passed as-expected"),
            ("an edge of 2.9", _edge(22.9, 20.0), "P1 small-edges"),
            ("an edge of 2.9 below the line", _edge(17.1, 20.0), "P1 small-edges"),
            ("a small edge that is inactive", _edge(21.0, 20.0, is_active=False), "passed none-actionable"),
            ("a small edge that was filtered", _edge(21.0, 20.0, is_actionable=False), "passed none-actionable"),
            ("no line", _edge(21.0, None), "passed as-expected"),
            ("no prediction, and no game", {}, "skipped no-predictions"),
        )
    ),
    *(
        Case(
            check="superseded-active",
            name=name,
            tables={SCHEDULE: games(1), PREDICTIONS: [*predictions(3), *predictions(1, **changes)]},
            expected={_TABLE: verdict},
        )
        for name, changes, verdict in (
            ("none", {}, "passed as-expected"),
            ("superseded and inactive", {"superseded_by": "p9", "is_active": False}, "passed as-expected"),
            ("superseded and active", {"superseded_by": "p9"}, "P0 superseded-active"),
        )
    ),
    *(
        Case(
            check=check, name="no prediction", tables={SCHEDULE: games(1)}, expected={_TABLE: "skipped no-predictions"}
        )
        for check in ("duplicate-predictions", "superseded-active")
    ),
    Case(
        check="duplicate-predictions",
        name="no active prediction",
        tables={SCHEDULE: games(1), PREDICTIONS: predictions(2, is_active=False)},
        expected={_TABLE: "passed none-active"},
    ),
    Case(
        check="superseded-active",
        name="no active prediction",
        tables={SCHEDULE: games(1), PREDICTIONS: predictions(2, is_active=False, superseded_by="p9")},
        expected={_TABLE: "passed none-active"},
    ),
    *(
        Case(
            check="lines-enriched",
            name=f"{lined} of 100 have a line",
            tables=_lined(lined),
            expected={_TABLE: verdict},
        )
        for lined, verdict in (
            (60, "passed as-expected"),
            (59, "P2 lines-incomplete"),
            (40, "P2 lines-incomplete"),
            (39, "P1 lines-missing"),
        )
    ),
    Case(
        check="lines-enriched",
        name="a minute before enrichment runs",
        tables=_lined(0),
        expected={_TABLE: "P3 lines-missing"},
        now=BEFORE_ENRICHMENT,
    ),
    Case(
        check="lines-enriched",
        name="when enrichment runs",
        tables=_lined(0),
        expected={_TABLE: "P1 lines-missing"},
        now=AT_ENRICHMENT,
    ),
    Case(
        check="lines-enriched",
        name="no prediction",
        tables={SCHEDULE: games(1)},
        expected={_TABLE: "skipped no-predictions"},
    ),
    Case(
        check="signal",
        name="a signal",
        tables={**_lined(10), SIGNALS: [signal("GREEN")]},
        expected={_CHAMPION: "passed as-expected"},
    ),
    Case(
        check="signal",
        name="RED is no failure",
        tables={**_lined(10), SIGNALS: [signal("RED")]},
        expected={_CHAMPION: "passed red-signal"},
    ),
    Case(
        check="signal",
        name="the latest of two counts",
        tables={**_lined(10), SIGNALS: [signal("GREEN", calculated_at=at(18)), signal("RED")]},
        expected={_CHAMPION: "passed as-expected"},
    ),
    Case(
        check="signal",
        name="missing with 10 lined predictions",
        tables=_lined(10, 12),
        expected={_CHAMPION: "P2 signal-missing"},
    ),
    Case(
        check="signal",
        name="missing with 9 lined predictions",
        tables=_lined(9, 12),
        expected={_CHAMPION: "skipped light-slate"},
    ),
    Case(
        check="signal",
        name="each system for itself",
        tables={**_shadow(10, 10), SIGNALS: [signal("GREEN")]},
        expected={_CHAMPION: "passed as-expected", "shadow": "P2 signal-missing"},
    ),
)
