"""The schedule, and what phase 3 wrote about the games in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.pipelines.nba_rows import (
    PAIRS,
    PLAYERS,
    PREDICTIONS,
    SCHEDULE,
    TEAMS,
    Case,
    JsonRow,
    game,
    games,
    player,
    predictions,
    team,
)


def _covered(final: int, covered: int) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(final), PLAYERS: [player(pair=pair) for pair in range(covered)]}


def _summaries(missing: int) -> dict[str, list[JsonRow]]:
    both = [team(pair, side) for pair in range(4) for side in (0, 1)]
    return {SCHEDULE: games(4), TEAMS: both[missing:]}


def _usage(present: int, players: int = 10, usage: float = 21.5) -> dict[str, list[JsonRow]]:
    return {
        SCHEDULE: games(1),
        PLAYERS: [player(number, usage_rate=usage if number < present else None) for number in range(players)],
    }


def _spread(attempts: int) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(1), TEAMS: [team(), team(0, 1), team(fg_attempts=88 - attempts)]}


AT_ANALYTICS = datetime(2026, 2, 11, 12, tzinfo=UTC)
"""07:00 in New York on the day after the night."""
BEFORE_ANALYTICS = AT_ANALYTICS - timedelta(minutes=1)


def _recorded(players: int, **changes: Any) -> dict[str, list[JsonRow]]:
    return {SCHEDULE: games(1), PLAYERS: [player(number, **changes) for number in range(players)]}


_A_TEAM = f"{PAIRS[0][0]} 20260210_A00_H00"

CASES = (
    *(
        Case(
            check="schedule-complete",
            name=f"{scheduled} of {played} games that were played",
            tables={SCHEDULE: games(scheduled), PLAYERS: [player(pair=pair) for pair in range(played)]},
            expected={"nba_schedule": verdict},
        )
        for scheduled, played, verdict in (
            (3, 3, "passed as-expected"),
            (2, 3, "passed as-expected"),
            (1, 3, "P1 games-unscheduled"),
            (2, 1, "skipped too-few-games"),
        )
    ),
    Case(
        check="schedule-complete",
        name="other games were played",
        tables={SCHEDULE: games(1), PLAYERS: [player(pair=pair) for pair in (1, 2)]},
        expected={"nba_schedule": "skipped other-games"},
    ),
    Case(
        check="games-last-night",
        name="final games are counted",
        tables={SCHEDULE: [*games(13), game(13, 2)]},
        expected={"games": "passed as-expected"},
    ),
    Case(
        check="games-tonight",
        name="games are named",
        tables={SCHEDULE: games(14, 1)},
        expected={"games": "passed as-expected"},
    ),
    Case(
        check="games-tonight",
        name="an All-Star entry is no game",
        tables={SCHEDULE: [game(prefix="003")]},
        expected={"games": "skipped off-day"},
    ),
    Case(
        check="games-tonight",
        name="pre-season is none",
        tables={SCHEDULE: [game(prefix="001")]},
        expected={"games": "skipped off-day"},
    ),
    *(
        Case(
            check="games-tonight",
            name=f"{kind} counts",
            tables={SCHEDULE: [game(prefix=prefix, status=1)]},
            expected={"games": "passed as-expected"},
        )
        for prefix, kind in (("004", "a play-off game"), ("005", "a play-in game"), ("006", "the cup final"))
    ),
    Case(
        check="games-final",
        name="an empty schedule and predictions",
        tables={PREDICTIONS: predictions(5)},
        expected={"games": "unknown P1 no-games"},
    ),
    Case(
        check="games-final",
        name="all final",
        tables={SCHEDULE: games(14)},
        expected={"games": "passed as-expected"},
    ),
    Case(
        check="games-final",
        name="one in progress",
        tables={SCHEDULE: [*games(13), game(13, 2)]},
        expected={"games": "P1 game-stuck"},
    ),
    Case(
        check="games-final",
        name="one never started",
        tables={SCHEDULE: [*games(13), game(13, 1)]},
        expected={"games": "P1 game-not-started"},
    ),
    Case(
        check="games-final",
        name="one never started, and the others have records",
        tables={SCHEDULE: [*games(13), game(13, 1)], PLAYERS: [player(pair=pair) for pair in range(13)]},
        expected={"games": "P3 game-postponed"},
    ),
    Case(
        check="games-final",
        name="one never started, and has records itself",
        tables={SCHEDULE: [*games(13), game(13, 1)], PLAYERS: [player(pair=13)]},
        expected={"games": "P1 game-not-started"},
    ),
    Case(
        check="games-final",
        name="the only one never started",
        tables={SCHEDULE: [game(0, 1)]},
        expected={"games": "P3 game-postponed"},
    ),
    Case(
        check="games-final",
        name="none has records before analytics are due",
        tables={SCHEDULE: [*games(13), game(13, 1)]},
        expected={"games": "P3 game-postponed"},
        now=BEFORE_ANALYTICS,
    ),
    Case(
        check="games-final",
        name="none has records when analytics are due",
        tables={SCHEDULE: [*games(13), game(13, 1)]},
        expected={"games": "P1 game-not-started"},
        now=AT_ANALYTICS,
    ),
    Case(
        check="games-final",
        name="one without a status",
        tables={SCHEDULE: [*games(13), game(13, None)]},
        expected={"games": "P1 game-not-started"},
    ),
    Case(
        check="games-final",
        name="an open All-Star entry does not count",
        tables={SCHEDULE: [*games(13), game(13, 1, prefix="003")]},
        expected={"games": "passed as-expected"},
    ),
    *(
        Case(
            check="analytics-coverage",
            name=f"{covered} of {final} games covered",
            tables=_covered(final, covered),
            expected={"player_game_summary": verdict},
        )
        for final, covered, verdict in (
            (14, 14, "passed as-expected"),
            (14, 13, "P2 some-games-missing"),
            (14, 12, "P2 some-games-missing"),
            (14, 11, "P1 games-missing"),
            (14, 1, "P1 games-missing"),
            (14, 0, "P0 no-analytics"),
            (1, 0, "P0 no-analytics"),
        )
    ),
    Case(
        check="analytics-coverage",
        name="no game is final yet",
        tables={SCHEDULE: games(14, 2)},
        expected={"player_game_summary": "skipped no-final-games"},
    ),
    Case(
        check="analytics-coverage",
        name="records of another day do not count",
        tables={SCHEDULE: games(2), PLAYERS: [player(game_date="2026-02-09")]},
        expected={"player_game_summary": "P0 no-analytics"},
    ),
    *(
        Case(
            check="team-summaries",
            name=f"{missing} of 8 missing",
            tables=_summaries(missing),
            expected={"team_offense_game_summary": verdict},
        )
        for missing, verdict in (
            (0, "passed as-expected"),
            (1, "P2 some-summaries-missing"),
            (2, "P2 some-summaries-missing"),
            (3, "P1 summaries-missing"),
        )
    ),
    Case(
        check="team-summaries",
        name="no game is final yet",
        tables={SCHEDULE: games(4, 1)},
        expected={"team_offense_game_summary": "skipped no-final-games"},
    ),
    *(
        Case(check="team-records", name=name, tables=tables, expected={"player_game_summary": verdict})
        for name, tables, verdict in (
            ("twelve players of both teams", _recorded(12), "passed as-expected"),
            ("eleven players", _recorded(11), "P2 players-missing"),
            ("one team alone", _recorded(20, team_abbr="A00"), "P1 team-missing"),
            ("no record", {SCHEDULE: games(1)}, "skipped no-records"),
        )
    ),
    Case(
        check="duplicate-team-records",
        name="one record a team",
        tables={SCHEDULE: games(1), TEAMS: [team(), team(0, 1, fg_attempts=60)]},
        expected={TEAMS.partition(".")[2]: "passed one-record"},
    ),
    Case(
        check="duplicate-team-records",
        name="no record at all",
        tables={SCHEDULE: games(1)},
        expected={TEAMS.partition(".")[2]: "skipped no-records"},
    ),
    *(
        Case(
            check=check,
            name="an empty schedule and predictions",
            tables={PREDICTIONS: predictions(5)},
            expected={subject: f"unknown {worst} no-games"},
        )
        for check, subject, worst in (
            ("games-last-night", "games", "P3"),
            ("games-tonight", "games", "P3"),
            ("analytics-coverage", "player_game_summary", "P1"),
            ("team-summaries", "team_offense_game_summary", "P1"),
        )
    ),
    *(
        Case(
            check="duplicate-team-records",
            name=f"a spread of {attempts}",
            tables=_spread(attempts),
            expected={_A_TEAM: verdict},
        )
        for attempts, verdict in (
            (0, "passed as-expected"),
            (5, "passed as-expected"),
            (6, "P2 records-disagree"),
            (20, "P2 records-disagree"),
            (21, "P1 partial-record"),
        )
    ),
    Case(
        check="duplicate-team-records",
        name="attempts unknown",
        tables={SCHEDULE: games(1), TEAMS: [team(fg_attempts=None), team(fg_attempts=None)]},
        expected={_A_TEAM: "unknown P1 no-value"},
    ),
    *(
        Case(
            check="usage-rate",
            name=f"{present} of 10 present",
            tables=_usage(present),
            expected={"A00_H00": verdict},
        )
        for present, verdict in (
            (10, "passed as-expected"),
            (8, "passed as-expected"),
            (7, "P2 usage-incomplete"),
            (5, "P2 usage-incomplete"),
            (4, "P1 usage-missing"),
            (0, "P1 usage-missing"),
        )
    ),
    Case(
        check="usage-rate",
        name="exactly 100 percent",
        tables=_usage(10, usage=100.0),
        expected={"A00_H00": "passed as-expected"},
    ),
    Case(
        check="usage-rate",
        name="just above 100 percent",
        tables=_usage(10, usage=100.1),
        expected={"A00_H00": "P1 usage-above-100"},
    ),
    Case(
        check="usage-rate",
        name="who did not play does not count",
        tables={
            SCHEDULE: games(1),
            PLAYERS: [
                player(1),
                player(2, usage_rate=None, is_dnp=True),
                player(3, usage_rate=None, minutes_played=0.0),
            ],
        },
        expected={"A00_H00": "passed as-expected"},
    ),
    Case(
        check="usage-rate",
        name="each game for itself",
        tables={SCHEDULE: games(3), PLAYERS: [player(1), player(2, 1, usage_rate=None)]},
        expected={
            "A00_H00": "passed as-expected",
            "A01_H01": "P1 usage-missing",
            "A02_H02": "skipped no-players",
        },
    ),
)
