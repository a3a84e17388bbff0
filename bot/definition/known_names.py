"""Names in a pipeline file that must be those of something in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from bot.nearest import no_such
from bot.yaml_tree import Path
from checks.pipeline import Pipeline
from checks.table_names import is_foreign, own_dataset

Fault = tuple[Path, str]

_DIGITS = re.compile("[0-9]+")

ALL_BUT_THE_SAME = 0.94
"""Of 1: a letter of a name of twelve."""


def unless_known(path: Path, kind: str, name: str | None, known: Collection[str]) -> Iterator[Fault]:
    """Yield that nothing of a kind has the name; nothing where none is stated."""
    if name is not None and name not in known:
        yield path, no_such(kind, name, known)


def unknown_tables(here: Path, names: Iterable[str], pipeline: Pipeline) -> Iterator[Fault]:
    """Yield what tables and collections are named whose dataset, or of another project the table, is not declared."""
    for position, name in enumerate(names):
        if is_foreign(name):
            yield from unless_known((*here, position), "table", name, pipeline.tables)
        elif "." not in name and (alike := _tables_called(name, pipeline)):
            yield (*here, position), f"is the name of a collection; of a table write {' or '.join(alike)}"
        elif own_dataset(name) not in pipeline.datasets:
            yield from unless_known((*here, position), "dataset", own_dataset(name), pipeline.datasets)
        else:
            yield from misspelled_table((*here, position), name, pipeline)


def _tables_called(name: str, pipeline: Pipeline) -> list[str]:
    """Return the tables of a name without its dataset, in quotes; none where it is a collection's."""
    called = [repr(each) for each in pipeline.tables if each.rpartition(".")[2] == name]
    return called if name not in collections_of(pipeline) else []


def misspelled_table(path: Path, name: str, pipeline: Pipeline) -> Iterator[Fault]:
    """Yield that a table nobody declares is a declared one with a slip."""
    yield from misspelled(path, "table", name, pipeline.tables)


def misspelled(
    path: Path, kind: str, name: str | None, known: Collection[str], numbers: Collection[str] = ()
) -> Iterator[Fault]:
    """Yield that what nobody declares is something declared with a slip; others need no declaration, and what differs
    by a number is another, but from one of ``numbers``."""
    if name is None or name in known:
        return
    alike = get_close_matches(name, known, n=1, cutoff=ALL_BUT_THE_SAME)
    same_numbers = any(_DIGITS.findall(name) == _DIGITS.findall(each) for each in alike)
    if same_numbers or any(_DIGITS.sub("", name) == _DIGITS.sub("", each) for each in numbers):
        yield from unless_known(path, kind, name, known)


def collections_of(pipeline: Pipeline) -> frozenset[str]:
    """Return the collections that transitions and heartbeats name."""
    states = {each.state for each in pipeline.transitions if each.state is not None}
    return frozenset(states | ({pipeline.heartbeats.collection} if pipeline.heartbeats is not None else set()))
