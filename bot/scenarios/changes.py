"""What a scenario may change of its world at any time: rows, documents, and what surrounds the services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from bot.scenarios.platform_states import (
    BuildState,
    DbtState,
    FiguresState,
    JobState,
    LogsState,
    RepositoryState,
    RunJobState,
    SubscriptionState,
    TriggerState,
    ViolationState,
)
from checks.column_types import TypeText
from checks.file_model import Model
from checks.values import Bound, Identifier, Integer64

AnswerClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]

Cell = str | bool | Integer64 | Bound | date | datetime | None

WORDS = frozenset({"date", "yyyymmdd", "now", "n", "invoker", "commit", "secret", "absent"})
"""What gaps in texts can name beside lists."""


MOST_ROWS = 100_000
"""Rows of one group; a recorded world lives in memory."""


Repeat = Annotated[int, Field(ge=0, le=MOST_ROWS)]


class RowGroup(Model):
    """Rows of a table: ``row`` as often as ``repeat`` says, a number or the name of a list; by default once.

    With ``each`` they are there for every item of a list, of which the rows of one have only that one; ``repeat`` may
    then be several numbers, which the items take in turn. So a few lines are a history of days of different size.
    """

    each: str | None = None
    repeat: Repeat | tuple[Repeat, ...] | str | None = None
    row: Mapping[str, Cell | tuple[Cell, ...]] = {}


class WorldChanges(Model):
    """What a scenario may say of its world beside the services, which repairs write themselves."""

    lists: Mapping[Identifier, tuple[str | Integer64 | Bound, ...]] = {}
    firestore: Mapping[str, Mapping[str, Any] | None] = {}
    bigquery: Mapping[str, Mapping[str, RowGroup | None]] = {}
    """By ``dataset.table``, then by a name for the group of rows; null takes a group of the base away."""
    columns: Mapping[str, Mapping[str, TypeText | None]] = {}
    """By ``dataset.table``, columns that are not as the pipeline file declares them: their type; null for one that is
    lost."""
    topics: Mapping[str, bool] = {}
    """Pub/Sub topics that exist, or do not."""
    subscriptions: Mapping[str, SubscriptionState | None] = {}
    """``all`` stands for every subscription that the pipeline file asks for."""
    jobs: Mapping[str, JobState | None] = {}
    """``all`` stands for every job that the pipeline file asks for."""
    run_jobs: Mapping[str, RunJobState | None] | None = None
    """Cloud Run jobs. Left out by every layer, they are not read."""
    dbt: DbtState | None = None
    """dbt's artifacts. Left out by every layer, they are not read."""
    triggers: Mapping[str, TriggerState | None] = {}
    builds: Mapping[str, BuildState | None] = {}
    requests: Mapping[str, Annotated[int, Field(ge=0, le=2**53)]] = {}
    """Requests by service; ``all`` stands for every service of the pipeline."""
    responses: Mapping[str, Mapping[AnswerClass, Annotated[int, Field(ge=0, le=2**53)]]] = {}
    """Answers to requests by service and class; ``all`` stands for every service that there is. Without an entry there
    are no figures."""
    deliveries: Mapping[str, FiguresState | None] = {}
    """Figures by subscription; ``all`` stands for every one that there is. Without an entry there are none."""
    logs: LogsState | None = None
    """Left out, Cloud Logging is not connected."""
    repository: RepositoryState | None = None
    audit: tuple[ViolationState, ...] | None = None

    @field_validator("lists")
    @classmethod
    def _lists_have_names_of_their_own(cls, lists: Mapping[str, Any]) -> Mapping[str, Any]:
        taken = sorted(WORDS & set(lists))
        if taken:
            message = f"a list cannot be named {', '.join(taken)}, which stands for something else in texts"
            raise ValueError(message)
        return lists


class Aftermath(WorldChanges):
    """What follows once repairs are made in this process, all those that are named; undoing one takes it back."""

    repairs: tuple[str, ...] = Field(min_length=1)
    """Keys of repairs, as ``reveille repair`` takes them: ``grant-invoker:SERVICE``."""
