"""The parts of a pipeline file about tasks: dbt, and whatever an orchestrator runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from checks.intervals import Offset
from checks.values import Identifier, Model, PatienceMinutes

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://")
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/[^?#\x00-\x1f]*)?")


class DbtSpec(Model):
    """dbt: models, tests and sources as its artifacts tell of them."""

    artifacts: str = Field(min_length=1)
    """The folder with ``manifest.json``, ``run_results.json`` and ``sources.json``: a path, from this file on, or
    ``gs://BUCKET/FOLDER``."""
    due: Offset | None = None
    """When the run for an interval must be over; left out, results from before the interval are no evidence."""
    phase: Identifier | None = None
    """The phase that the models belong to."""

    @model_validator(mode="after")
    def _path_or_bucket(self) -> Self:
        if _ADDRESS.match(self.artifacts) and not _BUCKET.fullmatch(self.artifacts):
            message = f"the artifacts are at '{self.artifacts}'; expected a path, or gs://BUCKET/FOLDER"
            raise ValueError(message)
        return self

    @property
    def in_bucket(self) -> bool:
        """Whether the artifacts lie in Cloud Storage."""
        return self.artifacts.startswith("gs://")


class TaskSpec(Model):
    """A task of an orchestrator."""

    phase: Identifier | None = None
    """The phase that it belongs to."""
    after: tuple[str, ...] = ()
    """The tasks that it waits for."""
    reads: tuple[str, ...] = ()
    """The tables that it works from."""
    writes: tuple[str, ...] = ()
    """The tables (``dataset.table``) and collections that it writes."""
    due: Offset | None = None
    """When its run for an interval must be over; left out, a task without a run is told by nobody."""
    minutes: PatienceMinutes | None = None
    """How long a run may take; left out, as long as ``task_runs.minutes``."""


class TaskRuns(Model):
    """The runs of tasks, from a table that an orchestrator writes: Airflow, Dagster, Prefect."""

    query: str
    """Yields one row a run of a task for the interval: ``task``, ``state``, and where they are known ``started``,
    ``ended``, ``log`` (the address of its log), ``message``, and ``period`` where rows of other intervals come too."""
    tasks: Mapping[str, TaskSpec] = {}
    """What is known of a task, by its name as the query writes it. Of any other one only its own failure is told."""
    minutes: PatienceMinutes = 360
    """How long a run may take, in minutes."""
