"""The parts of a pipeline file about what surrounds the services: topics, scheduler jobs, builds, the repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from checks.file_model import Day
from checks.values import LARGEST_COUNT, Identifier, Model

MOST_OF_A_KIND = 10_000
"""Subscriptions of a topic, jobs, services: what Google's quotas allow of each, or more."""

LONGEST_METRIC = 6 * 7 * 24
"""Hours. Cloud Monitoring keeps requests for six weeks."""

LONGEST_LOG = 30 * 24
"""Hours. Cloud Logging keeps entries for thirty days."""


class DeliveryLimits(Model):
    """Cloud Monitoring: messages that nobody takes."""

    minutes: int = Field(default=60, ge=10, le=LONGEST_METRIC * 60)
    """How far back the answers to pushes are counted."""
    few: int = Field(default=3, ge=1, le=LARGEST_COUNT)
    """Fewer pushes than these say nothing."""
    watch: int = Field(default=15, ge=1, le=LONGEST_METRIC * 60)
    """Minutes; a message that waits for so long is P2."""
    act: int = Field(default=60, ge=1, le=LONGEST_METRIC * 60)
    """Minutes; a backlog whose oldest message waits for so long is P1."""

    @model_validator(mode="after")
    def _louder_the_older(self) -> Self:
        if self.watch > self.act:
            message = f"watch is {self.watch}, more than act, {self.act}"
            raise ValueError(message)
        return self


class Messaging(Model):
    """Pub/Sub: how many push subscriptions each topic must have."""

    topics: Mapping[str, Annotated[int, Field(ge=0, le=MOST_OF_A_KIND)]]
    """Push subscriptions by topic; pull subscriptions and dead letters do not count."""
    targets: Mapping[str, tuple[str, ...]] = {}
    """The services that a topic pushes to, as far as they are known: a finding names the one that is left out."""
    dead_letter_suffix: str = "-dlq"
    """A subscription whose name or topic ends so carries dead letters."""
    delivery: DeliveryLimits | None = None
    """With it, Cloud Monitoring is asked whether messages arrive."""


class Season(Model):
    """Scheduler jobs that may fail or be paused for a time."""

    prefix: str
    """The jobs whose names begin so."""
    since: Day
    """The first local date on which they are excused."""
    until: Day
    """The last local date on which they are excused."""
    reason: str
    """Why, for the report."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            message = f"until is {self.until}, before since, {self.since}"
            raise ValueError(message)
        return self


class Rest(Model):
    """Days on which fewer jobs need to be enabled."""

    when: str
    """A condition: the pipeline rests when it holds for neither of the intervals that are looked at."""
    at_least: int = Field(ge=0, le=MOST_OF_A_KIND)
    """How many enabled jobs there must be all the same."""


class SchedulerJobs(Model):
    """Cloud Scheduler: the jobs that must be there, and those that may fail for a season."""

    expected: tuple[str, ...] = ()
    """Names of jobs that must exist and be enabled."""
    at_least: int = Field(default=0, ge=0, le=MOST_OF_A_KIND)
    """How many enabled jobs there must be; fewer mean that many were deleted together."""
    rests: Rest | None = None
    """When fewer suffice."""
    many: int = Field(default=4, ge=1, le=MOST_OF_A_KIND)
    """From so many failing jobs on it is P1; fewer are P2."""
    seasons: tuple[Season, ...] = ()
    """Jobs that are excused between two dates."""
    explains: Mapping[str, tuple[Identifier, ...]] = {}
    """By names of jobs, in which * and ? stand for anything: the checks on data, and the phases, whose failures a
    failure of such a job may have caused."""


class ErrorLimits(Model):
    """How many requests may end with 5xx."""

    hours: int = Field(default=6, ge=1, le=LONGEST_METRIC)
    """How far back answers are counted."""
    requests: int = Field(default=20, ge=1, le=LARGEST_COUNT)
    """Fewer requests than these say nothing."""
    watch: int = Field(default=10, ge=1, le=100)
    """Percent; from this share on it is P2."""
    act: int = Field(default=50, ge=1, le=100)
    """Percent; from this share on it is P1."""

    @model_validator(mode="after")
    def _louder_the_more(self) -> Self:
        if self.watch > self.act:
            message = f"watch is {self.watch}, more than act, {self.act}"
            raise ValueError(message)
        return self


class Invocations(Model):
    """Cloud Monitoring: services that nobody calls any more, although subscriptions target them."""

    hours: int = Field(default=24, ge=1, le=LONGEST_METRIC)
    """How far back requests are counted."""
    when: str | None = None
    """A condition; on a date on which it does not hold, silence is a note."""
    many: int = Field(default=4, ge=1, le=MOST_OF_A_KIND)
    """From so many silent services on it is P0; fewer are P2."""
    errors: ErrorLimits | None = None
    """With it, the answers of services are judged."""


class Errors(Model):
    """What services logged as errors, and who changed what: Cloud Logging, and the platform's own table of errors."""

    logging: bool = True
    """Whether Cloud Logging is asked; it needs ``roles/logging.viewer``."""
    hours: int = Field(default=24, ge=1, le=LONGEST_LOG)
    """How far back errors and changes are read, and always back to the start of the previous interval."""
    query: str | None = None
    """Errors that the platform keeps in a table of its own, one row an error: ``service``, ``at``, ``message``."""


class Deployment(Model):
    """The repository that services are deployed from, and how builds deploy them."""

    repository: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")
    """GitHub's ``owner/name``; read through GitHub unless a clone is configured in the environment."""
    branch: str = "main"
    """The branch that is deployed."""
    trigger: str = "deploy-{service}"
    """The name of a service's build trigger."""
    documentation: tuple[str, ...] = ("*.md", "docs/*")
    """Files that do not change what runs; * and ? stand for anything."""
    watch: int = Field(default=1, ge=1, le=LARGEST_COUNT)
    """From so many commits behind on it is P2."""
    act: int = Field(default=3, ge=1, le=LARGEST_COUNT)
    """From so many commits behind on it is P1."""
    block: int = Field(default=6, ge=1, le=LARGEST_COUNT)
    """From so many commits behind on it is P0."""
    builds_days: int = Field(default=14, ge=1, le=365)
    """How far back builds are read, in days."""

    @model_validator(mode="after")
    def _louder_the_farther(self) -> Self:
        if not self.watch <= self.act <= self.block:
            message = f"watch, act and block are {self.watch}, {self.act} and {self.block}: none may exceed the next"
            raise ValueError(message)
        return self
