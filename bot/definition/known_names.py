"""Names in a pipeline file that must be those of something in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from bot.definition.model_errors import nearest
from bot.yaml_tree import Path
from checks.pipeline import Pipeline
from checks.table_names import is_foreign, own_dataset

Fault = tuple[Path, str]


def unless_known(path: Path, kind: str, name: str | None, known: Collection[str]) -> Iterator[Fault]:
    """Yield that nothing of a kind has the name; nothing where none is stated."""
    if name is not None and name not in known:
        yield path, f"there is no {kind} '{name}'; {nearest(name, list(known))}"


def unknown_tables(here: Path, names: Iterable[str], pipeline: Pipeline) -> Iterator[Fault]:
    """Yield what tables and collections are named whose dataset, or of another project the table, is not declared."""
    for position, name in enumerate(names):
        if is_foreign(name):
            yield from unless_known((*here, position), "table", name, pipeline.tables)
        else:
            yield from unless_known((*here, position), "dataset", own_dataset(name), pipeline.datasets)
