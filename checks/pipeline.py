"""The pipeline as data: everything that is particular to one platform, and nothing else.

``bot.definition.pipeline_file`` reads these models from YAML. They live here because the checks are what reads
them. Every model is frozen and refuses keys that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from checks.column_types import TypeText
from checks.control_plane_spec import Deployment, Errors, Invocations, Messaging, SchedulerJobs
from checks.expectations_spec import Expectations
from checks.intervals import Cadence, Calendar, Timeline, Words
from checks.notifications import Notifications
from checks.orchestration_spec import (
    Heartbeats,
    Phase,
    PhaseGap,
    PhaseLog,
    RunHistory,
    Transition,
)
from checks.queries_spec import Condition, ParameterValue
from checks.reconcile_spec import Reconciliation
from checks.repairs_spec import Repairs
from checks.services_spec import RunJobSpec, ServiceSpec
from checks.sql_check_spec import SqlCheck
from checks.staging_spec import Staging
from checks.table_names import SUFFIX, is_sharded
from checks.tasks_spec import DbtSpec, TaskRuns
from checks.tolerated_spec import KnownIssue, Suppression
from checks.values import (
    DatasetName,
    Identifier,
    Model,
    ProjectId,
    RegionName,
    ZoneName,
)

MOST_LISTED = 5_000
"""Checks, services: far above any real pipeline, and a validation asks something of each."""

LONGEST_RUN = 240
"""Seconds. Whoever writes a digest has a lease of five minutes; a validation has to end well within it."""


ALWAYS = "always"
"""As ``when``: it depends on no condition, not even on that of the calendar."""


def _conditioned(entries: Any, condition: object) -> Any:
    if not isinstance(entries, list):
        return entries
    whens = (each.get("when", condition) if isinstance(each, Mapping) else None for each in entries)
    return [
        {**each, "when": None if when == ALWAYS else when} if isinstance(each, Mapping) else each
        for each, when in zip(entries, whens, strict=True)
    ]


class Table(Model):
    """A table as the queries see it."""

    partition: str | None = None
    """The partition column."""
    filter_required: bool = False
    """BigQuery refuses a query that does not filter on it."""
    reads: tuple[str, ...] = ()
    """The tables that it is made of, by ``dataset.table``: what they lack, it lacks."""
    personal: tuple[str, ...] = ()
    """Columns that name people: ``reveille record`` writes a hash of their values, in every table."""
    columns: Mapping[str, TypeText]
    """The columns that queries may use, with their types."""
    date: str | None = None
    """The column that says to which interval a row belongs, a DATE or a TIMESTAMP; left out, the partition column."""
    loaded: str | None = None
    """The column that says when a row was loaded, a TIMESTAMP."""
    expect: Expectations = ()
    """What is expected of its rows in each interval: a check, or several."""


def _with_shards(tables: Any) -> Any:
    """Partition a table that is split into shards by what tells them apart."""
    if not isinstance(tables, Mapping):
        return tables
    return {
        name: {"partition": SUFFIX, "filter_required": True, **table, "columns": {SUFFIX: "STRING", **table["columns"]}}
        if is_sharded(str(name)) and isinstance(table, Mapping) and isinstance(table.get("columns"), Mapping)
        else table
        for name, table in tables.items()
    }


class Limits(Model):
    """How many questions each source is asked at once, and how long a run waits, in seconds."""

    firestore: int = Field(default=16, ge=1, le=256)
    """Questions to Firestore at once."""
    bigquery: int = Field(default=96, ge=1, le=256)
    """Queries at once; BigQuery itself runs 100 for a project."""
    control_plane: int = Field(default=48, ge=1, le=256)
    """Questions to Cloud Run, and to each of the services around it, at once."""
    repository: int = Field(default=16, ge=1, le=256)
    """Questions to the repository at once."""
    check_seconds: float = Field(default=30, gt=0, le=LONGEST_RUN)
    """Seconds that one check may take."""
    run_seconds: float = Field(default=60, gt=0, le=LONGEST_RUN)
    """Seconds that a whole run may take."""


_DATASET = re.compile(r"([a-z][a-z0-9_]*)\.[^.]*")
"""In the name of a table of this project."""


class Pipeline(Model):
    """One platform: the whole content of a pipeline file."""

    version: Literal[2] = 2
    """The version of the format."""
    name: Identifier
    """A short name for addresses and keys."""
    title: str = ""
    """The name that people read; left out, ``name``."""
    timezone: ZoneName = "UTC"
    """The zone of every local time in this file."""
    cadence: Cadence = Cadence()
    """How often a run is made: ``daily``, ``hourly``, ``{weekly: sunday}``, ``{monthly: 1}``."""
    calendar: Calendar = Calendar()
    """On which dates a run is expected."""
    words: Words = Words()
    """What people call the intervals."""
    project: ProjectId = ""
    """The Google Cloud project; data of this machine needs none."""
    project_number: str = Field(default="", pattern=r"^\d+$")
    """Its number, in quotes; for addresses of services."""
    region: RegionName = ""
    """The region of its services."""
    invoker: str = ""
    """The member that Pub/Sub and Cloud Scheduler call services as."""
    groups_without_callers: tuple[Annotated[str, Field(pattern=r"^(group|domain):\S+$")], ...] = ()
    """Groups and domains, as IAM names them, that hold people alone: what is granted to them lets no caller in."""
    runbook: str | None = None
    """The address of a page about the whole pipeline."""
    limits: Limits = Limits()
    """How much is asked at once, and how long a run waits."""
    datasets: tuple[DatasetName, ...] = ()
    """The datasets that queries name as ``{dataset}``; left out, those of ``tables``."""
    tables: Mapping[str, Table] = {}
    """By ``dataset.table``, those of another project by ``project.dataset.table``, shards by ``dataset.events_*``."""
    parameters: Mapping[Identifier, ParameterValue] = {}
    """Constants that queries name as ``@name``, beside those of the interval (``@date``, ``@interval_start``,
    ``@interval_end``) and ``@now``."""
    conditions: Mapping[Identifier, Condition] = {}
    """What ``when`` may name."""
    phases: tuple[Phase, ...] = ()
    """The steps of the pipeline, in their order."""
    transitions: tuple[Transition, ...] = ()
    """What moves one phase to the next."""
    phase_log: PhaseLog | None = None
    """Where orchestrators write what they triggered."""
    run_history: RunHistory | None = None
    """Where processors write when they start and finish."""
    phase_gap: PhaseGap = PhaseGap()
    """How long the next phase may take."""
    heartbeats: Heartbeats | None = None
    """Documents that running processors refresh."""
    services: tuple[ServiceSpec, ...] = Field(default=(), max_length=MOST_LISTED)
    """The Cloud Run services to look at."""
    run_jobs: tuple[RunJobSpec, ...] = Field(default=(), max_length=MOST_LISTED)
    """The Cloud Run jobs that the pipeline needs; the latest execution of every other one is looked at as well."""
    dbt: DbtSpec | None = None
    """dbt: what its artifacts say of models, tests and sources."""
    task_runs: TaskRuns | None = None
    """What an orchestrator ran, from a table that it writes."""
    messaging: Messaging | None = None
    """Pub/Sub: what each topic must push to."""
    scheduler: SchedulerJobs | None = None
    """Cloud Scheduler: the jobs that must be there."""
    invocations: Invocations | None = None
    """Services that nobody calls any more."""
    errors: Errors | None = None
    """What services logged as errors, and who changed what."""
    deployment: Deployment | None = None
    """The repository, its builds, and how far behind a service may run."""
    checks: tuple[SqlCheck, ...] = Field(default=(), max_length=MOST_LISTED)
    """Checks on data, each a query and its rules."""
    reconcile: tuple[Reconciliation, ...] = Field(default=(), max_length=MOST_LISTED)
    """Figures of two tables that must agree, each a check."""
    notifications: Notifications | None = None
    """Slack: channels, digest, alerts, permissions. Without it nothing can be served."""
    staging: Staging | None = None
    """A staging environment beside production, told apart by a prefix."""
    repairs: Repairs | None = None
    """What may be repaired; without it nothing may."""
    suppressions: tuple[Suppression, ...] = ()
    """Failures that are known and tolerated until a date."""
    known_issues: tuple[KnownIssue, ...] = ()
    """What looks wrong and is as it should be."""

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, data: Any) -> Any:
        """Say what the file leaves out, where another part of it tells: the title, the datasets, the word for an
        interval that is no date, and the ``when`` of transitions and checks that depend on the calendar's condition."""
        if not isinstance(data, Mapping):
            return data
        tables, calendar = data.get("tables"), data.get("calendar")
        named = [_DATASET.fullmatch(str(each)) for each in tables] if isinstance(tables, Mapping) else []
        datasets = dict.fromkeys(match[1] for match in named if match)
        condition = calendar.get("condition") if isinstance(calendar, Mapping) else None
        parts = [part for part in ("transitions", "checks") if part in data]
        conditioned = {part: _conditioned(data[part], condition) for part in parts}
        words = data.get("words") or {}
        if isinstance(words, Mapping) and data.get("cadence", "daily") not in ("daily", Cadence()):
            conditioned["words"] = {"interval": "interval", **words}
        if "tables" in data:
            conditioned["tables"] = _with_shards(tables)
        return {"title": data.get("name", ""), "datasets": [*datasets], **data, **conditioned}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def timeline(self) -> Timeline:
        """The intervals of this pipeline."""
        return Timeline(self.zone, self.cadence, self.calendar)

    @property
    def digest_timeline(self) -> Timeline:
        """The intervals that digests belong to: its own; where they are shorter than a day, the days."""
        return self.timeline if self.cadence.has_dates else Timeline(self.zone, calendar=self.calendar)

    def condition_for(self, when: str | None) -> str | None:
        """Return the condition on which expectations depend that say ``when``: their own, or that of the calendar."""
        return None if when == "always" else when or self.calendar.condition

    def phase(self, phase_id: str) -> Phase:
        """Return a phase by id. Raises KeyError."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)
