"""Blind spots that a team accepts, each with the reason why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from bot.definition.files import PipelineFileError, read_text
from bot.drill.scoring import Score
from bot.request import RequestError
from bot.yaml_tree import YamlError, read_yaml

FORM = "expected lines such as 'jobs silent weekly-*: they run once a week', a pattern of faults and the reason"


def accepted_beside(pipeline_file: Path) -> Mapping[str, str]:
    """Read the blind spots that lie beside a pipeline file: of ``nba.yaml`` those of ``nba.blind-spots.yaml``; none
    where there is no such file. Raises PipelineFileError, RequestError."""
    path = pipeline_file.with_suffix(".blind-spots.yaml")
    return read_accepted(path) if path.is_file() else {}


def read_accepted(path: Path) -> Mapping[str, str]:
    """Read the reasons by pattern of faults. Raises PipelineFileError for a file that cannot be read, RequestError for
    one that says no reason."""
    try:
        stated = read_yaml(read_text(path), str(path)).value
    except YamlError as error:
        raise PipelineFileError(error.problems) from None
    if not isinstance(stated, dict) or not all(
        isinstance(pattern, str) and isinstance(reason, str) and reason.strip() for pattern, reason in stated.items()
    ):
        raise RequestError(f"{path}: {FORM}.")
    return stated


def reasons_for(scores: Iterable[Score], accepted: Mapping[str, str]) -> Mapping[str, str]:
    """Return the reason by key of each fault that may go unnoticed; the first pattern that fits gives it."""
    found: dict[str, str] = {}
    for each in scores:
        reason = next((reason for pattern, reason in accepted.items() if fnmatchcase(each.key, pattern)), None)
        if reason is not None:
            found[each.key] = reason
    return found
