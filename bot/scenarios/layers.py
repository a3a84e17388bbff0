"""Laying one file of a scenario over another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot import yaml_tree
from bot.definition.files import PipelineFileError, ReadFile
from bot.scenarios.template import GapError

ABSENT = "<absent>"
"""As a value it takes a key of the base away."""

EVERY = "all"
"""As a name it stands for everything that the pipeline file names."""


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, mappings inside included; ``<absent>`` takes a key away."""
    result = dict(below)
    for key, value in above.items():
        if value == ABSENT:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            lower = result.get(key)
            result[key] = merged(lower if isinstance(lower, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def is_whole(layers: Sequence[ReadFile[Any]]) -> bool:
    """Whether nothing is made up around what the files state."""
    return any(layer.content.whole for layer in layers)


@contextmanager
def placed(layer: ReadFile[Any], path: yaml_tree.Path) -> Iterator[None]:
    """Turn a gap that nothing fills into a problem of the file at a key."""
    try:
        yield
    except GapError as error:
        raise PipelineFileError((layer.problem(path, str(error)),)) from None
