"""The pipeline as data: everything that is particular to one platform, and nothing else.

``bot.definition.pipeline_file`` reads these models from YAML. They live here because the checks are what reads
them. Every model is frozen and refuses keys that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from checks.column_types import TypeText
from checks.control_plane_spec import Deployment, Errors, Invocations, Messaging, SchedulerJobs
from checks.effects import FailureEffect
from checks.expectations_spec import Expectations
from checks.file_model import Day
from checks.intervals import Cadence, Calendar, Offset, Timeline, Words
from checks.notifications import Notifications
from checks.reconcile_spec import Reconciliation
from checks.repairs_spec import Repairs
from checks.staging_spec import Staging
from checks.tasks_spec import DbtSpec, TaskRuns
from checks.values import (
    LARGEST_COUNT,
    Bound,
    Comparison,
    Identifier,
    Integer64,
    Model,
    NamedSeverity,
    PatienceMinutes,
    Severity,
    WaitMinutes,
    ZoneName,
)

__all__ = [
    "Advice",
    "Comparison",
    "Condition",
    "Doubt",
    "Heartbeats",
    "Identifier",
    "KnownIssue",
    "Limits",
    "Model",
    "ParameterValue",
    "Phase",
    "PhaseGap",
    "PhaseLog",
    "Pipeline",
    "Rule",
    "Run",
    "RunHistory",
    "ServiceSpec",
    "SqlCheck",
    "Subjects",
    "Suppression",
    "Table",
    "Tier",
    "Transition",
]


MOST_LISTED = 5_000
"""Checks, services: far above any real pipeline, and a validation asks something of each."""

MOST_PROCESSORS = 1_000

LONGEST_RUN = 240
"""Seconds. Whoever writes a digest has a lease of five minutes; a validation has to end well within it."""


class Advice(Model):
    """What repairs a failure. ``text`` and ``command`` may name columns of the row as ``{column}``."""

    text: str
    """What to do, in a sentence."""
    command: str | None = None
    """The exact command; each value that it names becomes one shell word."""
    repair: str | None = None
    """The key of a repair that the product can carry out."""


class ParameterValue(Model):
    """A constant that queries read as ``@name``."""

    type: Literal["STRING", "INT64", "FLOAT64", "BOOL", "ARRAY<STRING>"]
    """Its type in GoogleSQL."""
    value: str | bool | Integer64 | Bound | tuple[str, ...]
    """A constant of that type."""

    @model_validator(mode="after")
    def _value_of_its_type(self) -> Self:
        kinds: Mapping[str, tuple[type, ...]] = {
            "STRING": (str,),
            "INT64": (int,),
            "FLOAT64": (int, float),
            "BOOL": (bool,),
            "ARRAY<STRING>": (tuple,),
        }
        # A boolean is an integer to Python, and to nobody else.
        if not isinstance(self.value, kinds[self.type]) or isinstance(self.value, bool) != (self.type == "BOOL"):
            message = f"the value {self.value!r} is not of the type {self.type}"
            raise ValueError(message)
        return self


class Doubt(Model):
    """What speaks against a day off: data of the date that would not be there on one."""

    query: str | None = None
    """Yields one row with a column ``number``: rows of ``@date`` that a day off has none of."""
    documents: tuple[str, ...] = ()
    """Firestore collections; a document named after the date speaks against a day off."""
    unless: str | None = None
    """Yields one row with a column ``number``; above zero, what exists has an explanation and is no doubt."""

    @model_validator(mode="after")
    def _something_to_look_at(self) -> Self:
        if self.query is None and not self.documents:
            message = "expected a query, documents or both"
            raise ValueError(message)
        return self


class Condition(Model):
    """Whether a date has anything to check."""

    title: str
    """What the condition asks, for people."""
    otherwise: str
    """What to say when it does not hold: "no games"."""
    query: str
    """Yields one row with a column ``number``; the condition holds when it is above zero. A column ``calendar``, where
    there is one, counts the entries around the date: at zero the calendar is empty, which is no day off."""
    doubt: Doubt | None = None
    """What speaks against it when it does not hold."""
    history: str | None = None
    """Yields a row an interval with ``period`` (its date, or an instant in it) and ``number``, also for the intervals
    before: what ``per`` of a volume counts rows for, and which intervals had nothing to do."""


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


class ServiceSpec(Model):
    """A Cloud Run service."""

    name: str
    """The name of the Cloud Run service."""
    phase: Identifier | None = None
    """The phase that it belongs to."""
    writes: tuple[str, ...] = ()
    """The tables (``dataset.table``) and collections that it writes: when one of them lacks something, its last deploy
    is suspected first."""
    reads: tuple[str, ...] = ()
    """The tables and collections that it works from."""
    callers: tuple[str, ...] | None = None
    """Members that must be able to invoke it; left out, the pipeline's invoker; an empty list, nobody."""
    optional: bool = False
    """It may be missing or closed without a failure."""
    minimum_instances: int | None = Field(default=None, ge=0, le=1_000)
    """Instances that must be kept warm."""
    environment: tuple[str, ...] = ()
    """Variables that must be present and not empty."""
    secrets: Mapping[str, str] = {}
    """Where a lost variable comes from: the name of a secret in Secret Manager, as ``name`` or ``name:version``."""
    source: tuple[str, ...] = ()
    """The folders of the repository that it is built from."""
    trigger: str | None = None
    """Its build trigger; left out, by the pattern of ``deployment``."""


class RunJobSpec(Model):
    """A Cloud Run job: what is executed, ends, and is executed again."""

    name: str
    """The name of the Cloud Run job."""
    phase: Identifier | None = None
    """The phase that it belongs to; a failure of its latest execution is P1 then, otherwise P2."""
    writes: tuple[str, ...] = ()
    """The tables (``dataset.table``) and collections that it writes."""
    reads: tuple[str, ...] = ()
    """The tables and collections that it works from."""
    minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60)
    """How long an execution may take; left out, as long as the job's own time-out and retries let it."""


class Suppression(Model):
    """A failure that is known and tolerated until a date."""

    check: str
    """The id of a check."""
    subject: str = "*"
    """What the finding is about; * and ? stand for anything."""
    code: str | None = None
    """Only this code; left out, any."""
    until: Day
    """The last local date on which it holds."""
    reason: str
    """Why it is tolerated, for the report."""


class KnownIssue(Model):
    """Something that looks wrong and is as it should be; shown at the end of the report."""

    text: str
    """A sentence for the end of the report."""
    until: Day | None = None
    """The last date on which it is shown."""


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


def _is_nothing(comparison: Comparison) -> bool:
    """Whether a comparison asks for none: 0, or less than 1."""
    return comparison.holds(0) and not comparison.holds(1)


class Rule(Model):
    """The first rule whose comparisons all hold decides about a row."""

    condition: Mapping[str, Comparison] = Field(alias="if", min_length=1)
    """Comparisons by column; all must hold."""
    outcome: Literal["failed", "passed", "skipped", "waiting", "unknown"] = "failed"
    """What the row becomes; ``unknown`` where it holds nothing to judge although something is expected."""
    severity: NamedSeverity | None = None
    """How loud a failure is; for ``failed`` only."""
    code: Identifier
    """The permanent name of this result: suppressions and alerts refer to it."""
    summary: str | None = None
    """A sentence instead of the check's own."""
    effect: FailureEffect | None = None
    """What a failure does to what comes after it; left out, a comparison with 0 rows ``stops``, P3 is a ``note``, and
    anything else ``harms``."""

    @property
    def effects(self) -> FailureEffect:
        """What a failure does, stated or not."""
        if self.effect is not None:
            return self.effect
        if self.severity is Severity.P3:
            return FailureEffect.NOTE
        return FailureEffect.STOPS if self.finds_none else FailureEffect.HARMS

    @property
    def finds_none(self) -> bool:
        """Whether it finds that there is nothing: one of its comparisons asks for 0."""
        return any(_is_nothing(comparison) for comparison in self.condition.values())

    @model_validator(mode="after")
    def _severity_of_failure(self) -> Self:
        if (self.outcome == "failed") != (self.severity is not None):
            message = "a rule that fails needs a severity, any other must not have one"
            raise ValueError(message)
        return self

    @property
    def test(self) -> str:
        """What the rule asks of a row, in words: ``missing ≥ 1 and missing < 3``."""
        return " and ".join(f"{column} {comparison}" for column, comparison in self.condition.items())

    @property
    def consequence(self) -> str:
        """The severity of a rule that fails, else its outcome."""
        return self.severity.name if self.severity is not None else self.outcome

    def implies(self, other: Rule) -> bool:
        """Whether the other rule holds for every row for which this one does."""
        return all(
            column in self.condition and self.condition[column].implies(comparison)
            for column, comparison in other.condition.items()
        )

    def __str__(self) -> str:
        return f"{self.test} → {self.consequence} {self.code}"


class Subjects(Model):
    """What a check must have a row about: a grouped query does not show what is gone."""

    names: tuple[str, ...] = ()
    """The subjects, as ``subject`` writes them."""
    query: str | None = None
    """Yields one row a subject, with a column ``subject``."""
    severity: NamedSeverity = Severity.P1
    """How loud a missing one is."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.names) == (self.query is not None):
            message = "expected either names or a query"
            raise ValueError(message)
        return self


_TABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}\.([A-Za-z_]\w*)")


def tables_in(query: str) -> tuple[str, ...]:
    """Return the tables that a query of the file names as ``{dataset}.table``, each once."""
    return tuple(dict.fromkeys(".".join(each) for each in _TABLE.findall(query)))


class SqlCheck(Model):
    """A check as data. Each row of the query is one finding.

    ``subject``, ``summary``, ``impact`` and ``action`` name columns of the row as ``{column}``, and may name
    ``{date}``, ``{project}`` and ``{region}``.
    """

    id: Identifier
    """The permanent name of the check."""
    title: str
    """The name that people read."""
    rationale: str
    """Why it matters."""
    phase: Identifier | None = None
    """The phase whose work it judges."""
    interval: Literal["previous", "current", "both"] = "previous"
    """The interval that it judges: the newest that should be complete, the one being prepared, or each of both."""
    when: str | None = None
    """A condition; on a date on which it does not hold the check is skipped."""
    due: Offset | None = None
    """Before this time the check waits."""
    before_due: Literal["wait", "note"] = "wait"
    """What to do before its time: wait, or look and only note a failure (P3)."""
    quick: bool = False
    """It also runs in a quick validation."""
    query: str
    """GoogleSQL; each row is one finding."""
    subject: str
    """What a row is about; unique among the rows of an interval."""
    subjects: Subjects | None = None
    """What there must be a row about; a missing one fails as ``absent``."""
    summary: str
    """The sentence about a row."""
    empty: Literal["unknown", "passed"] = "unknown"
    """What no row means; where one is owed it is unknown."""
    empty_summary: str = "nothing found"
    """What to say of no row."""
    place: str | None = None
    """The table (``dataset.table``) or collection that it judges; left out, the one that its subject names, else the
    last that its query reads."""
    reads: tuple[str, ...] = ()
    """The tables that it reads; left out, those that its query names."""
    explains: tuple[Identifier, ...] = ()
    """Phases whose failures a failure of this check may have caused."""
    rules: tuple[Rule, ...] = ()
    """The first rule that holds decides; none means passed."""
    impact: str = ""
    """What a failure means for people."""
    action: Advice | None = None
    """What repairs a failure."""
    runbook: str | None = None
    """The address of a page about it."""
    expected: str
    """What should be."""
    unwanted: str = ""
    """What should not be."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, in the order in which its query names them."""
        return self.reads or tables_in(self.query)

    def judges(self, subject: str) -> str | None:
        """Return the table that a finding is about, None where nothing says so."""
        if self.place is not None:
            return self.place
        named = subject.partition(".")[0]
        return next(
            (each for each in self.tables if each.partition(".")[2] == named), next(iter(self.tables[::-1]), None)
        )

    @property
    def finds_none(self) -> bool:
        """Whether a failure of it can mean that there are no rows."""
        return any(rule.severity is not None and rule.finds_none for rule in self.rules)

    def effect_of(self, code: str) -> FailureEffect:
        """Return what a failure with a code does to what comes after it. What is gone as a whole stops."""
        rule = next((each for each in self.rules if each.code == code), None)
        if rule is not None:
            return rule.effects
        return FailureEffect.STOPS if code in ("absent", "column-lost", "column-retyped") else FailureEffect.HARMS

    @property
    def worst(self) -> Severity:
        """The loudest severity that a rule can give; a check that only reports is a note."""
        stated = [rule.severity for rule in self.rules if rule.severity is not None]
        return min([*stated, *([self.subjects.severity] if self.subjects is not None else [])], default=Severity.P3)

    @model_validator(mode="after")
    def _rows_where_subjects_are_named(self) -> Self:
        if self.subjects is not None and self.empty == "passed":
            message = "a check with subjects expects a row about each; leave out 'empty: passed'"
            raise ValueError(message)
        return self


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


_DATASET = re.compile(r"([a-z][a-z0-9_]*)\.")


class Pipeline(Model):
    """One platform: the whole content of a pipeline file."""

    version: Literal[2] = 2
    """The version of the format."""
    name: Identifier
    """A short name for addresses and keys."""
    title: str = ""
    """The name that people read; left out, ``name``."""
    timezone: ZoneName
    """The zone of every local time in this file."""
    cadence: Cadence = Cadence()
    """How often a run is made: ``daily``, ``hourly``, ``{weekly: sunday}``, ``{monthly: 1}``."""
    calendar: Calendar = Calendar()
    """On which dates a run is expected."""
    words: Words = Words()
    """What people call the intervals."""
    project: str = ""
    """The Google Cloud project; data of this machine needs none."""
    project_number: str = Field(default="", pattern=r"^\d+$")
    """Its number, in quotes; for addresses of services."""
    region: str = ""
    """The region of its services."""
    invoker: str = ""
    """The member that Pub/Sub and Cloud Scheduler call services as."""
    groups_without_callers: tuple[Annotated[str, Field(pattern=r"^(group|domain):\S+$")], ...] = ()
    """Groups and domains, as IAM names them, that hold people alone: what is granted to them lets no caller in."""
    runbook: str | None = None
    """The address of a page about the whole pipeline."""
    limits: Limits = Limits()
    """How much is asked at once, and how long a run waits."""
    datasets: tuple[Identifier, ...] = ()
    """The datasets that queries name as ``{dataset}``; left out, those of ``tables``."""
    tables: Mapping[str, Table] = {}
    """By ``dataset.table``."""
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
        """Say what the file leaves out, where another part of it tells: the title, the datasets, and the ``when`` of
        transitions and checks that depend on the calendar's condition."""
        if not isinstance(data, Mapping):
            return data
        tables, calendar = data.get("tables"), data.get("calendar")
        named = [_DATASET.match(str(each)) for each in tables] if isinstance(tables, Mapping) else []
        datasets = dict.fromkeys(match[1] for match in named if match)
        condition = calendar.get("condition") if isinstance(calendar, Mapping) else None
        parts = [part for part in ("transitions", "checks") if part in data]
        conditioned = {part: _conditioned(data[part], condition) for part in parts}
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
