"""Grading, and the hit rate that it allows to judge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    ACCURACY,
    NIGHT,
    PAIRS,
    PLAYERS,
    PREDICTIONS,
    SCHEDULE,
    Case,
    JsonRow,
    game,
    games,
    graded,
    pair_id,
    player,
    predictions,
)

_CHAMPION = "catboost_v9"


def _graded(count: int, gradable: int = 100, **changes: Any) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(1), PREDICTIONS: predictions(gradable), ACCURACY: graded(count, **changes)}


def _twice(**changes: Any) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(1), ACCURACY: [*graded(10), *graded(1, **changes)]}


def _picks(right: int, wrong: int, **changes: Any) -> dict[str, list[JsonRow]]:
    return {
        SCHEDULE: games(1),
        ACCURACY: [*graded(right, **changes), *graded(wrong, prediction_correct=False, **changes)],
    }


def _ago(days: int) -> str:
    return (NIGHT - timedelta(days=days)).isoformat()


def _both(verdict: str) -> dict[str, str]:
    return {"7 days": verdict, "14 days": verdict}


CASES = (
    *(
        Case(
            check="grading",
            name=f"{count} of 100 graded",
            tables=_graded(count),
            expected={_CHAMPION: verdict},
        )
        for count, verdict in (
            (100, "passed as-expected"),
            (95, "passed as-expected"),
            (94, "P3 almost-graded"),
            (80, "P3 almost-graded"),
            (79, "P2 partly-graded"),
            (50, "P2 partly-graded"),
            (49, "P1 mostly-ungraded"),
            (0, "P1 mostly-ungraded"),
        )
    ),
    Case(
        check="grading",
        name="voided ones count as graded",
        tables=_graded(100, is_voided=True, prediction_correct=None),
        expected={_CHAMPION: "passed as-expected"},
    ),
    Case(
        check="grading",
        name="estimated lines cannot be graded",
        tables={SCHEDULE: games(1), PREDICTIONS: predictions(9, line_source="ESTIMATED_AVG")},
        expected={_CHAMPION: "skipped nothing-to-grade"},
    ),
    Case(
        check="grading",
        name="no prediction",
        tables={SCHEDULE: games(1)},
        expected={_CHAMPION: "skipped nothing-to-grade"},
    ),
    Case(
        check="grading",
        name="graded twice is graded once",
        tables={SCHEDULE: games(1), PREDICTIONS: predictions(100), ACCURACY: [*graded(60), *graded(60)]},
        expected={_CHAMPION: "P2 partly-graded"},
    ),
    Case(
        check="grading",
        name="a game that was postponed owes nothing",
        tables={
            SCHEDULE: [*games(1), game(1, 1)],
            PREDICTIONS: [*predictions(10), *predictions(10, 1)],
            ACCURACY: graded(10),
        },
        expected={_CHAMPION: "passed as-expected"},
    ),
    *(
        Case(
            check="games-graded",
            name=name,
            tables={
                SCHEDULE: games(3),
                PLAYERS: [player(pair=pair) for pair in range(played)],
                PREDICTIONS: [row for pair in range(3) for row in predictions(2, pair)],
                ACCURACY: [row for pair in range(marked) for row in graded(2, game_id=pair_id(PAIRS[pair]))],
            },
            expected={"prediction_accuracy": verdict},
        )
        for name, played, marked, verdict in (
            ("each game", 3, 3, "passed as-expected"),
            ("a third of them not", 3, 2, "passed as-expected"),
            ("more of them not", 3, 1, "P2 games-ungraded"),
            ("no grade", 3, 0, "skipped no-grades"),
            ("none was played", 0, 1, "skipped no-games"),
        )
    ),
    *(
        Case(check="grades-once", name=name, tables=tables, expected={"prediction_accuracy": verdict})
        for name, tables, verdict in (
            ("each once", _graded(10), "passed as-expected"),
            ("two lines of one player", _twice(line_value=21.5), "passed as-expected"),
            ("one twice", _twice(), "P1 grades-repeated"),
            (
                "one twice, without a line",
                {SCHEDULE: games(1), ACCURACY: graded(1, line_value=None) * 2},
                "P1 grades-repeated",
            ),
            ("no grade", {SCHEDULE: games(1)}, "skipped no-grades"),
        )
    ),
    Case(
        check="grading",
        name="each system for itself",
        tables={
            SCHEDULE: games(1),
            PREDICTIONS: [*predictions(10), *predictions(10, system_id="shadow", line_source="BETTINGPROS")],
            ACCURACY: graded(10),
        },
        expected={_CHAMPION: "passed as-expected", "shadow": "P1 mostly-ungraded"},
    ),
    *(
        Case(
            check="hit-rate",
            name=f"{right} of 1000 right",
            tables=_picks(right, 1000 - right),
            expected=_both(verdict),
        )
        for right, verdict in (
            (550, "passed as-expected"),
            (549, "P2 below-target"),
            (524, "P2 below-target"),
            (523, "P1 below-break-even"),
        )
    ),
    Case(
        check="hit-rate",
        name="20 picks are enough",
        tables=_picks(0, 20),
        expected=_both("P1 below-break-even"),
    ),
    Case(
        check="hit-rate",
        name="19 picks are too few",
        tables=_picks(0, 19),
        expected=_both("skipped too-few-picks"),
    ),
    Case(
        check="hit-rate",
        name="an edge of 2.9 is no pick",
        tables=_picks(0, 20, predicted_points=22.9),
        expected=_both("skipped too-few-picks"),
    ),
    Case(
        check="hit-rate",
        name="a voided pick is none",
        tables=_picks(0, 20, is_voided=True),
        expected=_both("skipped too-few-picks"),
    ),
    Case(
        check="hit-rate",
        name="another system's picks do not count",
        tables=_picks(0, 20, system_id="shadow"),
        expected=_both("skipped too-few-picks"),
    ),
    Case(
        check="hit-rate",
        name="six days ago is within both windows",
        tables=_picks(0, 20, game_date=_ago(6)),
        expected=_both("P1 below-break-even"),
    ),
    Case(
        check="hit-rate",
        name="seven days ago is within the longer window only",
        tables=_picks(0, 20, game_date=_ago(7)),
        expected={"7 days": "skipped too-few-picks", "14 days": "P1 below-break-even"},
    ),
    Case(
        check="hit-rate",
        name="fourteen days ago is within none",
        tables=_picks(0, 20, game_date=_ago(14)),
        expected=_both("skipped too-few-picks"),
    ),
)
