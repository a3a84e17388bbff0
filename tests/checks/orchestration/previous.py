"""A small pipeline with every kind of transition, and documents and rows to put into its world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.intervals import Offset
from checks.model import CheckResult, Finding, Interval
from checks.orchestration_spec import Phase, PhaseLog, RunHistory, Tier, Transition
from checks.orchestration_spec import Run as RunSpec
from checks.pipeline import Pipeline
from checks.registry import Check
from checks.services_spec import ServiceSpec
from checks.source import Ports
from tests.fakes import NIGHT, Answer, FakeDocuments, FakeWarehouse, pipeline, ports, run_check

NEW_YORK = ZoneInfo("America/New_York")

CRITICAL = ("players", "upcoming_players")
OPTIONAL = ("offense", "defense", "upcoming_teams")
FIVE = CRITICAL + OPTIONAL


def local(clock: str, day: int = 11, month: int = 2) -> datetime:
    """Return a time in New York, on the morning after the night unless stated."""
    hour, minute = clock.split(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=NEW_YORK).astimezone(UTC)


OVERNIGHT = RunSpec(
    opens=Offset("+1d 00:00"), due=Offset("+1d 07:00"), expected=5, critical=CRITICAL, optional=OPTIONAL, majority=60
)
SAME_DAY = RunSpec(
    opens=Offset("00:00"),
    due=Offset("11:00"),
    expected=1,
    critical=("upcoming_players",),
    optional=("upcoming_teams",),
)
TIERED = RunSpec(
    opens=Offset("+1d 00:00"),
    due=Offset("+1d 08:00"),
    expected=5,
    optional=FIVE,
    tiers=(Tier(at_least=4, after_minutes=60), Tier(at_least=3, after_minutes=120)),
)

THREE_TO_FOUR = Transition(
    id="phase3_to_phase4",
    title="3 to 4",
    source="phase3",
    target="phase4",
    orchestrator="three-to-four",
    state="phase3_completion",
    when="games",
    runs={"overnight": OVERNIGHT, "same_day": SAME_DAY},
    impact="No features for the next slate.",
)
FOUR_TO_FIVE = Transition(
    id="phase4_to_phase5",
    title="4 to 5",
    source="phase4",
    target="phase5",
    orchestrator="four-to-five",
    state="phase4_completion",
    when="games",
    runs={"overnight": TIERED},
)
FIVE_TO_SIX = Transition(
    id="phase5_to_phase6",
    title="5 to 6",
    source="phase5",
    target="phase6",
    orchestrator="five-to-six",
    minimum_rows=10,
    when="games",
    runs={"overnight": RunSpec(opens=Offset("08:00"), due=Offset("13:00"))},
)
TWO_TO_THREE = Transition(
    id="phase2_to_phase3",
    title="2 to 3",
    source="phase2",
    target="phase3",
    orchestrator="two-to-three",
    state="phase2_completion",
    monitoring_only=True,
    logged=False,
    when="games",
    runs={"overnight": RunSpec(opens=Offset("+1d 00:00"), due=Offset("+1d 06:30"))},
)


def described(*transitions: Transition, **parts: Any) -> Pipeline:
    """Return the tiny pipeline with transitions, a phase log and a run history; phase 6 shows no rows."""
    phases = tuple(
        Phase(id=f"phase{number}", title=f"Phase {number}", rows=None if number == 6 else f"SELECT {number} -- @date")
        for number in range(1, 7)
    )
    defaults: dict[str, Any] = {
        "phases": phases,
        "transitions": transitions or (THREE_TO_FOUR,),
        "phase_log": PhaseLog(table="orchestration.log", query="SELECT 'log' -- @date"),
        "run_history": RunHistory(
            unfinished="SELECT 'unfinished' -- @date", succeeded="SELECT 'succeeded' -- @date", after_minutes=30
        ),
        "services": (ServiceSpec(name="four", phase="phase4"), ServiceSpec(name="five", phase="phase5")),
    }
    return pipeline(**{**defaults, **parts})


def rows(count: int, first_at: datetime | None = None, last_at: datetime | None = None) -> list[dict[str, Any]]:
    """Return what the rows query of a phase gives."""
    return [{"row_count": count, "first_at": first_at, "last_at": last_at or first_at}]


def log_row(
    transition: str, count: int = 1, last_at: datetime | None = None, ever: datetime | None = None
) -> dict[str, Any]:
    """Return one row of the phase log's query."""
    return {
        "transition": transition,
        "rows_for_date": count,
        "first_at": last_at,
        "last_at": last_at,
        "last_ever_at": ever or last_at,
    }


ANOTHER = log_row("phase1_to_phase2", 1, local("04:00"))
"""Makes the log of the date speak, so that another transition's missing row means something."""


def entry(completed_at: Any = None, status: Any = "success") -> dict[str, Any]:
    """Return a finished processor as its document holds it."""
    return {"completed_at": completed_at or local("06:10"), "status": status, "record_count": 1}


def document(*processors: str, completed_at: Any = None, **orchestrator: Any) -> dict[str, Any]:
    """Return a completion document: its processors, and ``_`` keys given without the underscore."""
    entries: dict[str, Any] = {name: entry(completed_at) for name in processors}
    return entries | {f"_{name}": value for name, value in orchestrator.items()}


def world(documents: Mapping[str, Any] | None = None, *, failure: Any = None, **answers: Answer) -> Ports:
    """Return a world with games, empty phases and an empty log, except for what is given.

    ``answers`` are ``games``, ``log``, ``history``, ``succeeded`` and ``phase1`` to ``phase5``.
    """
    labels = {"log": "phase-log", "history": "run-history", "succeeded": "run-history-succeeded"}
    prepared: dict[Any, Answer] = {
        "games": [{"number": 6}],
        "phase-log": [],
        "run-history": [],
        "run-history-succeeded": [],
        **{f"phase{number}": rows(0) for number in range(1, 6)},
    }
    prepared |= {labels.get(name, name): answer for name, answer in answers.items()}
    return ports(documents=FakeDocuments(documents, failure=failure), warehouse=FakeWarehouse(prepared))


def findings(
    check: Check,
    of: Ports,
    *transitions: Transition,
    now: datetime | None = None,
    previous: Interval = NIGHT,
    current: Interval | None = None,
    **parts: Any,
) -> list[Finding]:
    """Run a check on the small pipeline at 08:00 in New York, unless stated, and return what it found."""
    result: CheckResult = run_check(
        check, described(*transitions, **parts), of, now=now or local("08:00"), previous=previous, current=current
    )
    return list(result.findings)
