"""A pipeline of one check, a store in memory and a clock that tests turn: everything a digest needs but Slack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.store.model import Delivery, DeliveryKind, StateStore, StoredReport
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.validation import Validation
from checks.intervals import Offset
from checks.model import Report, Severity
from checks.notifications import DigestTimes, Notifications, Routes
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query, Row
from checks.source import SourceError
from checks.sql_check_spec import Rule, SqlCheck
from checks.values import Comparison
from tests import fakes

DAY = fakes.day("2026-02-11")
EIGHT = datetime(2026, 2, 11, 13, tzinfo=UTC)
"""08:00 in New York: the digest's time."""

CHANNEL = "C0EXAMPLE1"
POSTING = "digest:tiny:2026-02-11"

Answer = Sequence[Row] | SourceError


def players_check(*, quick: bool = False) -> SqlCheck:
    return SqlCheck(
        id="players",
        title="Every game has its players",
        rationale="Because.",
        quick=quick,
        query="SELECT game, players FROM {data}.games WHERE game_date = @date",
        subject="{game}",
        summary="{players} players in {game}.",
        rules=(Rule(**{"if": {"players": Comparison(below=16)}}, severity=Severity.P1, code="few-players"),),
        expected="At least 16 players a game.",
    )


def pipeline(
    post: str = "08:00",
    refresh: Sequence[str] = ("11:30", "17:00"),
    *,
    zone: str = "America/New_York",
    quiet: bool = True,
    quick: bool = False,
    **parts: Any,
) -> Pipeline:
    times = DigestTimes(post=Offset(post), refresh=tuple(map(Offset, refresh)), quiet=quiet)
    notifications = Notifications(routes=Routes(default=CHANNEL), digest=times)
    checks = (players_check(quick=quick),)
    return fakes.pipeline(timezone=zone, notifications=notifications, checks=checks, **parts)


class Desk:
    """Incidents that only listen; ``failure`` is raised, ``loud`` has to reach people without a store.

    ``meanwhile`` is what happens elsewhere while they decide.
    """

    def __init__(self) -> None:
        self.processed: list[Report] = []
        self.stored: list[StoredReport] = []
        self.failure: Exception | None = None
        self.loud: tuple[Delivery, ...] = ()
        self.meanwhile: list[Callable[[], object]] = []

    def process(self, report: Report, now: datetime, *, stored: StoredReport | None = None) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()
        if self.failure is not None:
            raise self.failure
        self.processed.append(report)
        if stored is not None:
            self.stored.append(stored)

    def without_store(self, report: Report, now: datetime) -> tuple[Delivery, ...]:
        return self.loud


class Watcher:
    """Somebody outside who waits for heartbeats; ``hears`` says whether they arrive."""

    def __init__(self) -> None:
        self.beats = 0
        self.hears = True

    def beat(self) -> bool:
        self.beats += self.hears
        return self.hears


@dataclass
class Morning:
    """One world in which any number of instances live. Time goes only where a test sends it."""

    described: Pipeline = field(default_factory=pipeline)
    now: datetime = EIGHT
    players: int | SourceError = 20
    rows: Sequence[Row] = ()
    """What the query gives instead of one row with ``players``."""
    store: StateStore = field(default_factory=lambda: SqliteStore(":memory:"))
    desk: Desk = field(default_factory=Desk)
    watcher: Watcher = field(default_factory=Watcher)
    past_store: list[Delivery] = field(default_factory=list)
    runs: int = 0

    def instance(self, owner: str = "one", **parts: Any) -> Digests:
        world = fakes.ports(warehouse=fakes.FakeWarehouse(self._answer))
        validation = Validation(self.described, world, lambda: self.now)
        return Digests(
            validation,
            parts.pop("store", self.store),
            self.desk,
            lambda: self.now,
            owner,
            heartbeat=self.watcher,
            past_store=self.past_store.append,
            **parts,
        )

    def _answer(self, query: Query) -> Answer:
        if not query.label.startswith("players"):
            return ()
        self.runs += 1
        if isinstance(self.players, SourceError):
            raise self.players
        return self.rows or ({"game": "MIL at OKC", "players": self.players},)

    def at(self, text: str) -> Morning:
        """Turn the clock to a local time: ``2026-02-11 08:00``."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=self.described.zone).astimezone(UTC)
        return self

    def later(self, **parts: float) -> Morning:
        self.now += timedelta(**parts)
        return self

    def slack_takes_everything(self) -> list[Delivery]:
        """Mark all that may go as sent; return it in the order in which Slack got it."""
        taken: list[Delivery] = []
        while claimed := self.store.claim("outbox", self.now, self.now + timedelta(minutes=1), 100):
            for each in claimed:
                self.store.record_sent(each.key, "outbox", ts=f"{len(taken)}.0", channel=each.channel, now=self.now)
            taken += claimed
        return taken

    def waiting(self, kind: DeliveryKind | None = None) -> list[str]:
        return [each.key for each in self.store.pending() if kind in (None, each.kind)]
