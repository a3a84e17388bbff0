"""What a pipeline file says of its phases: what each makes, what moves one to the next, and where that is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from checks.intervals import Offset
from checks.values import LARGEST_COUNT, Identifier, Model, PatienceMinutes, WaitMinutes

MOST_PROCESSORS = 1_000


class Phase(Model):
    """One step of the pipeline."""

    id: Identifier
    """The name that the other sections use."""
    title: str
    """The name that people read."""
    makes: str = ""
    """What it makes, as titles of alerts say it: "predictions" for "No predictions for 7 Feb"."""
    rows: str | None = None
    """A query that yields one row: ``row_count``, ``first_at``, ``last_at`` of what it wrote for the interval."""


class Tier(Model):
    """Enough after a wait: at least ``at_least`` processors, ``after_minutes`` after the first."""

    at_least: int = Field(ge=1, le=MOST_PROCESSORS)
    """Processors that are enough."""
    after_minutes: WaitMinutes
    """Minutes since the first processor finished."""


class Run(Model):
    """One run of a transition for an interval: when it is due and what it waits for."""

    opens: Offset
    """When the window starts; a trigger set before it belongs to an earlier run."""
    due: Offset
    """When the next phase must have been triggered."""
    expected: int = Field(default=0, ge=0, le=MOST_PROCESSORS)
    """How many processors complete the run."""
    critical: tuple[str, ...] = ()
    """Processors that the run cannot do without."""
    optional: tuple[str, ...] = ()
    """The other processors that it knows."""
    majority: int | None = Field(default=None, ge=1, le=100)
    """The percentage of ``expected`` that suffices once every critical one is in."""
    tiers: tuple[Tier, ...] = ()
    """What is enough after a wait, the shortest first."""

    @model_validator(mode="after")
    def _enough_processors(self) -> Self:
        if self.expected > len(self.critical) + len(self.optional):
            message = (
                f"expected is {self.expected}, but only {len(self.critical) + len(self.optional)} processors are named"
            )
            raise ValueError(message)
        return self

    @property
    def processors(self) -> tuple[str, ...]:
        return self.critical + self.optional


class Transition(Model):
    """What moves one phase to the next, and how to tell that it did.

    Without a ``state``, ``minimum_rows`` of the phase before are what the trigger waits for, and the phase log
    is the effect.
    """

    id: Identifier
    """As the phase log names it, for instance phase3_to_phase4."""
    title: str
    """The name that people read."""
    source: Identifier = Field(alias="from")
    """The phase that is complete."""
    target: Identifier = Field(alias="to")
    """The phase that is triggered."""
    orchestrator: str | None = None
    """The Cloud Run service that triggers."""
    state: str | None = None
    """The Firestore collection of completion documents, one an interval, by its name."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    """Days after which these documents are deleted."""
    minimum_rows: int = Field(default=1, ge=1, le=LARGEST_COUNT)
    """Rows of the phase before that a trigger without documents waits for."""
    grace_minutes: WaitMinutes = 30
    """Minutes between enough processors and a trigger that is late."""
    monitoring_only: bool = False
    """It only watches, and is never judged."""
    logged: bool = True
    """Whether the phase log gets a row for each run."""
    when: str | None = None
    """A condition; on a date on which it does not hold nothing is expected."""
    runs: Mapping[Identifier, Run] = {}
    """Its runs for one interval, by names of your own: when each is due and what it waits for. The newest that has
    opened is judged."""
    impact: str = ""
    """What it means for people when it fails."""


class PhaseLog(Model):
    """Where orchestrators write what they triggered. One row per transition, columns ``transition``,
    ``rows_for_date``, ``first_at``, ``last_at`` (of the date, nullable) and ``last_ever_at``."""

    table: str
    """The table, as ``dataset.table``."""
    query: str
    """Columns ``transition``, ``rows_for_date``, ``first_at``, ``last_at``, ``last_ever_at``."""


class RunHistory(Model):
    """Where processors write when they start and finish."""

    unfinished: str
    """The runs that started and did not finish: ``processor``, ``run_id``, ``phase`` (the id of a phase,
    nullable), ``started_at``."""
    succeeded: str | None = None
    """What the phase log falls back on: one row a phase with runs of ``@date`` that succeeded, with ``phase``,
    ``run_count``, ``last_at``."""
    after_minutes: PatienceMinutes = 30
    """Minutes after which a run that did not finish is stalled."""


class PhaseGap(Model):
    """How long the next phase may take to complete after the one before, in minutes."""

    watch_minutes: PatienceMinutes = 60
    """Longer is P2."""
    act_minutes: PatienceMinutes = 120
    """Longer is P1."""


class Heartbeats(Model):
    """Documents that running processors refresh."""

    collection: str
    """The Firestore collection, one document a processor."""
    stale_minutes: PatienceMinutes = 5
    """Minutes without a heartbeat after which a processor is stale."""
    dead_minutes: PatienceMinutes = 15
    """Minutes without a heartbeat after which it is dead."""
    many: int = Field(default=100, ge=1, le=LARGEST_COUNT)
    """More documents than this are P1."""
    too_many: int = Field(default=500, ge=1, le=LARGEST_COUNT)
    """More documents than this are a burden to every reader; P1 too, since a count alone stops no pipeline."""
    bad_id: str
    """A regular expression; an id that contains a match is a leak."""
    running: tuple[str, ...] = ("running",)
    """The values of ``status`` that promise a fresh heartbeat."""
