"""What a scenario file may say of the platform around the services: who calls them, what was built and deployed.

All of it is optional: ``bot.scenarios.healthy`` makes what a file leaves out, from the pipeline file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from checks.file_model import Model
from checks.ports.requests import SubscriptionFigure
from checks.values import LARGEST_COUNT

Moment = str | datetime

PushAnswer = Literal[
    "ack", "deadline_exceeded", "internal", "invalid", "remote_server_4xx", "remote_server_5xx", "unreachable"
]
"""Pub/Sub's classes of answers to a push."""
MOST_ERRORS = 10_000
"""Equal lines of a service; each is an entry of the recorded log."""


class SubscriptionState(Model):
    """A Pub/Sub subscription. One that pushes names its ``service``, or an ``endpoint``; any other is pulled."""

    topic: str = ""
    service: str | None = None
    """The service that it pushes to, in the form that Eventarc gives its address."""
    endpoint: str = ""
    account: str | None = None
    """The e-mail of its OIDC token; by default the pipeline's invoker, empty for none."""
    audience: str = ""
    trigger: str = ""
    trigger_region: str = ""
    """Where the Eventarc trigger is, empty for the pipeline's region."""
    active: bool = True
    topic_project: str = ""
    """The project of the topic, where it is another one."""
    detached: bool = False
    filter: str = ""
    labels: Mapping[str, str] = {}


class FiguresState(Model):
    """What Cloud Monitoring has of a subscription by now; what is left out it has no figure of."""

    oldest_seconds: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """The age of the oldest message that nobody acknowledged."""
    undelivered: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    answers: Mapping[PushAnswer, Annotated[int, Field(ge=0, le=LARGEST_COUNT)]] = {}
    """Pushes by the class of their answer."""
    dead_letters: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)

    def figure(self, figure: SubscriptionFigure) -> int | None:
        """Return a figure, None where there is none."""
        match figure:
            case SubscriptionFigure.OLDEST:
                return self.oldest_seconds
            case SubscriptionFigure.UNDELIVERED:
                return self.undelivered
            case SubscriptionFigure.DEAD_LETTERS:
                return self.dead_letters


class JobState(Model):
    """A Cloud Scheduler job. What is left out is OK: enabled, attempted just now and successful."""

    enabled: bool = True
    fault: Literal["", "DISABLED", "UPDATE_FAILED"] = ""
    """Why Cloud Scheduler itself has stopped the job, which is then not ``enabled``."""
    schedule: str = "0 * * * *"
    zone: str | None = None
    """By default the pipeline's."""
    service: str | None = None
    """The service that it calls, by the address with the project number."""
    url: str = ""
    topic: str = ""
    account: str | None = None
    """The e-mail of its OIDC token; by default the pipeline's invoker, empty for none."""
    audience: str = ""
    last_attempt: Moment | None = "<now>"
    status: int | None = Field(default=0, ge=0, le=16)
    """The gRPC code of the last attempt; null, with ``last_attempt: null``, for a job that never ran."""
    message: str = ""
    updated_at: Moment | None = None
    gone: bool = False
    """An earlier run saw it enabled, and it does not exist any more."""


class RunJobState(Model):
    """A Cloud Run job and its latest execution. What is left out is OK: executed an hour ago and successful."""

    state: Literal["succeeded", "failed", "running", "pending", "cancelled"] | None = "succeeded"
    """How the latest execution stands; null, with ``started_at: null``, for a job that was never executed."""
    execution: str = ""
    """Its name, by default made from the job's."""
    started_at: Moment | None = "<now-1h>"
    ended_at: Moment | None = None
    longest_seconds: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    """How long an execution may take with all retries, as the job itself says."""
    deployed_at: Moment | None = None
    deployed_by: str = ""


class TriggerState(Model):
    """A build trigger; its id is its name unless stated."""

    id: str | None = None
    disabled: bool = False
    repository: str = ""
    branch: str = "^main$"
    included: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    location: str = "global"
    """The region that it lives in."""


class BuildState(Model):
    """A build; ``trigger`` is the name of its trigger, ``commit`` by default what every service runs."""

    trigger: str = ""
    status: str = "SUCCESS"
    commit: str = "<commit>"
    created_at: Moment = "<now-1h>"
    finished_at: Moment | None = None
    detail: str = ""
    log_url: str = ""
    by: str = ""


class RevisionState(Model):
    """A revision that came before the service's latest."""

    created_at: Moment
    created_by: str = ""
    ready: bool = True
    image: str = ""
    environment: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}


class CommitState(Model):
    """A commit of the deployed branch."""

    id: str
    at: Moment
    author: str = "someone@example.com"
    subject: str = ""
    files: tuple[str, ...] = ()


class RepositoryState(Model):
    """The repository that the services are deployed from."""

    commits: tuple[CommitState, ...] = ()
    """The newest first. ``<commit>`` is the one that every service runs; unless it is among them it is the oldest."""
    missing: tuple[str, ...] = ()
    """Folders and files that do not exist; every other one does."""


class ErrorState(Model):
    """A line that a service logged as an error, ``count`` times from ``first`` to ``last``, evenly spread."""

    text: str
    count: int = Field(default=1, ge=1, le=MOST_ERRORS)
    last: Moment = "<now-10m>"
    first: Moment | None = None
    """By default ``last``."""
    revision: str = ""


class ChangeState(Model):
    """An entry of the audit log. It names one of ``service``, ``job``, ``subscription``, ``topic``; without any it is
    about the project's policy. One with ``gave`` or ``took``, members by role, is a change of a policy."""

    at: Moment
    by: str = ""
    what: str = "deployed"
    service: str | None = None
    job: str | None = None
    subscription: str | None = None
    topic: str | None = None
    gave: Mapping[str, tuple[str, ...]] = {}
    took: Mapping[str, tuple[str, ...]] = {}


class LogsState(Model):
    """What Cloud Logging holds. ``{}`` says that it was read and held nothing."""

    errors: Mapping[str, tuple[ErrorState, ...] | None] = {}
    """By service; null takes those of the base away."""
    changes: tuple[ChangeState, ...] | None = None
    """Replaces what the base says of them."""


class DbtNodeState(Model):
    """A model, a test or a source of dbt, and what its last run did. What is left out is OK."""

    kind: Literal["model", "test", "unit-test", "source"] = "model"
    name: str = ""
    """By default what follows the package in its id, ``model.PACKAGE.NAME``."""
    table: str = ""
    """What it makes, is, or is about, as ``dataset.table``."""
    after: tuple[str, ...] = ()
    """The ids of what it is made of."""
    state: Literal["succeeded", "warned", "failed", "blocked", "unknown"] | None = "succeeded"
    """Null for one that the run did not touch."""
    started_at: Moment | None = None
    ended_at: Moment | None = "<now-2h>"
    """Of a source when dbt looked."""
    newest_at: Moment | None = None
    """The newest row of a source."""
    message: str = ""
    failures: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    test: str = ""
    """The kind of a test, by default its name."""
    column: str = ""


class DbtState(Model):
    """What dbt's artifacts say."""

    project: str = "dbt"
    ran_at: Moment | None = "<now-2h>"
    """When its last run ended; null without results."""
    nodes: Mapping[str, DbtNodeState | None] = {}
    """By dbt's id; null takes one of the base away."""


class ViolationState(Model):
    """What the deployment audit finds in the repository."""

    rule: str
    path: str
    line: int = Field(default=1, ge=1, le=LARGEST_COUNT)
    column: int = Field(default=1, ge=1, le=LARGEST_COUNT)
    message: str
    fix: str = ""
    severity: str = "error"
