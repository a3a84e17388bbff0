"""The table of sources: what each is called, where its adapters are, which pipelines need it, and how it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from checks.pipeline import Pipeline
from checks.ports.audit import AUDIT
from checks.ports.builds import CLOUD_BUILD
from checks.ports.dbt import DBT
from checks.ports.documents import FIRESTORE, Documents
from checks.ports.logs import LOGS
from checks.ports.messaging import PUBSUB
from checks.ports.policies import RESOURCE_MANAGER
from checks.ports.repository import REPOSITORY
from checks.ports.requests import MONITORING
from checks.ports.run_jobs import CLOUD_RUN_JOBS
from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from checks.ports.warehouse import BIGQUERY, Query, Warehouse
from checks.source import Source
from checks.table_names import project_of


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source, its folder in ``bot/sources``, and whether a pipeline needs it.

    The folder's modules are imported when they are used: Google's clients take a second, the recorded ones need an
    extra. ``connect`` of each returns the port, or None where there is nothing to connect. ``tried`` asks a port,
    given ``pipeline`` and ``now``, the cheapest question that takes the permissions of the others; None where there is
    nothing to ask from afar.
    """

    source: Source[Any]
    folder: str
    needed: Callable[[Pipeline], bool]
    tried: Callable[..., object] | None = None

    def live(self, access: Any) -> Any:
        """Connect it to the vendor, or to what the settings name instead."""
        return import_module(f"bot.sources.{self.folder}.live").connect(access)

    @property
    def recorder(self) -> Any:
        """The module that makes sections of a scenario of what the source answered (``bot.recording.recorder``)."""
        return import_module(f"bot.sources.{self.folder}.recorder")

    def recorded(self, scene: Any) -> Any:
        """Connect it to a scenario."""
        return import_module(f"bot.sources.{self.folder}.recorded").connect(scene)


def _warehouse(pipeline: Pipeline) -> bool:
    """Whether anything asks a statement; what is expected of data stands at the table that it is expected of."""
    sections = (pipeline.tables, pipeline.conditions, pipeline.checks, pipeline.phase_log, pipeline.run_history)
    tasks = pipeline.task_runs is not None
    logged = pipeline.errors is not None and pipeline.errors.query is not None
    return logged or tasks or any(sections) or any(phase.rows is not None for phase in pipeline.phases)


def _documents(pipeline: Pipeline) -> bool:
    return (
        pipeline.heartbeats is not None
        or any(each.state is not None for each in pipeline.transitions)
        or any(each.doubt is not None and each.doubt.documents for each in pipeline.conditions.values())
    )


def _services(pipeline: Pipeline) -> bool:
    sections = (pipeline.messaging, pipeline.scheduler, pipeline.invocations, pipeline.deployment, pipeline.repairs)
    return bool(pipeline.services) or any(each is not None for each in sections)


def _run_jobs(pipeline: Pipeline) -> bool:
    """Whether Cloud Run's jobs are part of it: named, or started by scheduler jobs."""
    return bool(pipeline.run_jobs) or pipeline.scheduler is not None


def _monitored(pipeline: Pipeline) -> bool:
    delivery = pipeline.messaging.delivery if pipeline.messaging is not None else None
    return pipeline.invocations is not None or delivery is not None


def _try_documents(port: Documents, pipeline: Pipeline, now: datetime) -> object:
    del now
    collections = [each.state for each in pipeline.transitions if each.state is not None]
    if pipeline.heartbeats is not None:
        collections.append(pipeline.heartbeats.collection)
    return port.list(collections[0], 1) if collections else None


def _try_warehouse(port: Warehouse, pipeline: Pipeline, now: datetime) -> object:
    """Analyse a query that reads nothing, and look at one table of each project: these take different roles."""
    del now
    port.dry_run(Query("SELECT 1 AS one", label="status"))
    first = {project_of(name): name for name in reversed(list(pipeline.tables))}
    return [port.columns(name) for name in first.values()]


_MOMENT = timedelta(minutes=10)
"""How far back figures and logs are asked for: a source that answers with nothing answers."""


def _deployed(pipeline: Pipeline) -> bool:
    return pipeline.deployment is not None


def _logged(pipeline: Pipeline) -> bool:
    return pipeline.errors is not None and pipeline.errors.logging


SOURCES = (
    SourceLine(FIRESTORE, "documents", _documents, _try_documents),
    SourceLine(BIGQUERY, "warehouse", _warehouse, _try_warehouse),
    SourceLine(CLOUD_RUN, "services", _services, lambda port, **_: port.services()),
    SourceLine(CLOUD_RUN_JOBS, "run_jobs", _run_jobs, lambda port, **_: port.run_jobs()),
    SourceLine(RESOURCE_MANAGER, "policies", _services, lambda port, **_: port.project_policy()),
    SourceLine(PUBSUB, "messaging", lambda pipeline: pipeline.messaging is not None, lambda port, **_: port.topics()),
    SourceLine(SCHEDULER, "scheduler", lambda pipeline: pipeline.scheduler is not None, lambda port, **_: port.jobs()),
    SourceLine(CLOUD_BUILD, "builds", _deployed, lambda port, **_: port.triggers()),
    SourceLine(MONITORING, "requests", _monitored, lambda port, now, **_: port.counts(now - _MOMENT, now)),
    SourceLine(LOGS, "logs", _logged, lambda port, now, **_: port.changes(now - _MOMENT, 1)),
    SourceLine(REPOSITORY, "repository", _deployed, lambda port, **_: port.head()),
    SourceLine(AUDIT, "audit", lambda _: True),
    SourceLine(DBT, "dbt", lambda pipeline: pipeline.dbt is not None, lambda port, **_: port.project()),
)
"""Every source that checks may ask. A new one: its port in ``checks/ports``, its folder here, and a line.
The folder holds ``live.py``, ``recorded.py`` and ``recorder.py``."""
