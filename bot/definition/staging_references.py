"""What the section about staging says of the rest of a pipeline file, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterator

from bot.definition.model_errors import nearest
from bot.yaml_tree import Path
from checks.pipeline import Pipeline
from checks.staging_spec import Staging

DAY_TYPES = ("DATE", "TIMESTAMP")


def staging_problems(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Yield what does not fit together."""
    staging = pipeline.staging
    if staging is None:
        return
    for index, dataset in enumerate(staging.datasets):
        if dataset not in pipeline.datasets:
            yield (
                ("staging", "datasets", index),
                f"there is no dataset '{dataset}'; {nearest(dataset, list(pipeline.datasets))}",
            )
    yield from _seeds(pipeline, staging)
    yield from _services(pipeline, staging)


def _seeds(pipeline: Pipeline, staging: Staging) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for index, seed in enumerate(staging.seed):
        here: Path = ("staging", "seed", index)
        table = pipeline.tables.get(seed.table)
        if table is None:
            yield (*here, "table"), f"there is no table '{seed.table}'; {nearest(seed.table, list(pipeline.tables))}"
            continue
        if seed.table in seen:
            yield (*here, "table"), f"'{seed.table}' stands twice; once is enough"
        seen.add(seed.table)
        if seed.table.partition(".")[0] not in (staging.datasets or pipeline.datasets):
            yield (*here, "table"), f"the dataset of '{seed.table}' is not one of 'datasets' of staging"
        column = seed.date or table.partition
        if column is None:
            yield here, f"'{seed.table}' has no partition; add 'date', the column that says which date a row belongs to"
        elif table.columns.get(column) not in DAY_TYPES:
            days = [name for name, kind in table.columns.items() if kind in DAY_TYPES]
            yield (
                (*here, "date"),
                f"'{column}' is no DATE or TIMESTAMP column of '{seed.table}'; {nearest(column, days)}",
            )


def _services(pipeline: Pipeline, staging: Staging) -> Iterator[tuple[Path, str]]:
    known = [service.name for service in pipeline.services]
    seen: set[str] = set()
    for index, service in enumerate(staging.services):
        here: Path = ("staging", "services", index, "name")
        if service.name not in known:
            yield here, f"there is no service '{service.name}'; {nearest(service.name, known)}"
        if service.name in seen:
            yield here, f"'{service.name}' stands twice; once is enough"
        seen.add(service.name)
