"""Data of this machine: the tables of a pipeline, and nothing else of its platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from bot.composition.extras import embedded_engine
from bot.render.words import shortened
from bot.settings import SettingsError
from checks.pipeline import Pipeline
from checks.ports.dbt import DBT
from checks.ports.warehouse import BIGQUERY
from checks.source import Ports

_OF_A_PLATFORM = (
    "services", "run_jobs", "messaging", "scheduler", "invocations", "errors", "deployment", "repairs", "heartbeats",
    "staging",
)  # fmt: skip

NAMED = 3


def tables_alone(pipeline: Pipeline) -> Pipeline:
    """Return what tables can tell of a pipeline: it without services, jobs, documents and deploys."""
    nothing = {name: Pipeline.model_fields[name].get_default() for name in _OF_A_PLATFORM}
    transitions = tuple(each.model_copy(update={"orchestrator": None, "state": None}) for each in pipeline.transitions)
    conditions = {
        name: each.model_copy(update={"doubt": each.doubt and each.doubt.model_copy(update={"documents": ()})})
        for name, each in pipeline.conditions.items()
    }
    in_bucket = pipeline.dbt is not None and pipeline.dbt.in_bucket
    nothing |= {"dbt": None} if in_bucket else {}
    return pipeline.model_copy(update={**nothing, "transitions": transitions, "conditions": conditions})


def local_ports(pipeline: Pipeline, path: Path) -> tuple[Ports, Callable[[], date | None]]:
    """Connect the tables that lie at a path; return the ports, and what says of which date the newest row is.

    Raises SettingsError for what cannot be read or holds no table of the pipeline, DemoExtraMissing.
    """
    embedded_engine("Tables of this machine")
    from bot.sources.warehouse.local import LocalData, LocalWarehouse  # noqa: PLC0415 - production does without

    data = LocalData(path)
    if not any(map(data.table_of, pipeline.tables)):
        if why := next(filter(None, map(data.why_unreadable, pipeline.tables)), None):
            raise SettingsError(why)
        held, named = (shortened(sorted(each), NAMED) for each in (data.tables, pipeline.tables))
        raise SettingsError(f"{path} holds none of the tables of {pipeline.name}: it holds {held}, and not {named}.")
    ports = Ports({BIGQUERY: LocalWarehouse(data, pipeline), **local_artifacts(pipeline).connected})
    return ports, partial(data.newest, pipeline)


def local_artifacts(pipeline: Pipeline) -> Ports:
    """Connect dbt's artifacts, where the pipeline file names a folder of this machine."""
    if pipeline.dbt is None or pipeline.dbt.in_bucket:
        return Ports({})
    from bot.sources.dbt.folder import FolderArtifacts  # noqa: PLC0415 - few pipelines have them

    return Ports({DBT: FolderArtifacts(Path(pipeline.dbt.artifacts))})
