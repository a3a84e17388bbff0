"""What phase 5 recommends, and what is published of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    HALTS,
    NIGHT,
    PICKS,
    PREDICTIONS,
    SCHEDULE,
    Case,
    JsonRow,
    Tables,
    at,
    games,
    halted,
    pick,
    predictions,
)

_TABLE = "player_prop_predictions"


def _recommended(over: int, under: int, **changes: Any) -> Tables:
    changes = {"is_actionable": True, **changes}
    rows = [
        *predictions(over, recommendation="OVER", **changes),
        *predictions(under, recommendation="UNDER", **changes),
    ]
    return {SCHEDULE: games(1), PREDICTIONS: rows}


_PASSED = predictions(100, recommendation="PASS", is_actionable=True)


def _published(
    *picks: JsonRow, days: int = 3, active: int = 10, actionable: bool = True, halts: tuple[JsonRow, ...] = ()
) -> Tables:
    earlier = [pick(NIGHT - timedelta(days=day)) for day in range(1, days + 1)]
    return {
        SCHEDULE: games(1),
        PREDICTIONS: predictions(active, is_actionable=actionable),
        PICKS: [*earlier, *picks],
        HALTS: halts,
    }


CASES = (
    *(
        Case(check="recommendations", name=name, tables=tables, expected={_TABLE: verdict})
        for name, tables, verdict in (
            ("95 of 100 say over", _recommended(95, 5), "passed as-expected"),
            ("96 of 100 say over", _recommended(96, 4), "P2 only-over"),
            ("95 of 100 say under", _recommended(5, 95), "passed as-expected"),
            ("96 of 100 say under", _recommended(4, 96), "P2 only-under"),
            ("all of 100 say pass", {SCHEDULE: games(1), PREDICTIONS: _PASSED}, "P2 none-recommended"),
            ("none of 60 is actionable", _recommended(30, 30, is_actionable=False), "P1 none-actionable"),
            ("none of 59 is actionable", _recommended(30, 29, is_actionable=False), "skipped few-lines"),
            ("no prediction", {SCHEDULE: games(1)}, "skipped few-lines"),
        )
    ),
    *(
        Case(check="picks-published", name=name, tables=tables, expected={"signal_best_bets_picks": verdict})
        for name, tables, verdict in (
            ("a pick", _published(pick()), "passed as-expected"),
            ("a pick, and no earlier one", _published(pick(), days=0), "passed as-expected"),
            ("none, and picks on three days before", _published(), "P1 nothing-published"),
            ("none, and picks on two days before", _published(days=2), "skipped no-history"),
            ("none, and ten predictions", _published(active=10), "P1 nothing-published"),
            ("none, and nine predictions", _published(active=9), "skipped few-predictions"),
            ("none, and nothing is actionable", _published(actionable=False), "skipped none-actionable"),
            ("none, and publishing is halted", _published(halts=(halted(),)), "skipped halted"),
            ("none, and the halt has no sport", _published(halts=(halted(sport=None),)), "skipped halted"),
            ("none, and another sport is halted", _published(halts=(halted(sport="MLB"),)), "P1 nothing-published"),
            (
                "none, and the halt is over",
                _published(halts=(halted(halt_active=False),)),
                "P1 nothing-published",
            ),
            ("picks of the evening before", _published(pick(created_at=at(-3))), "passed as-expected"),
            ("picks of a minute before that evening", _published(pick(created_at=at(-3 - 1 / 60))), "P1 picks-old"),
        )
    ),
)
