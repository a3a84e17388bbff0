"""What the folder of every source has in ``recorder.py``: the part of a scenario that its answers make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.recording.calls import Call, Calls
from bot.recording.veil import Veil
from checks.model import Interval
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.reads import Reads

MOST_ROWS = 60_000
"""Rows of a table, unless somebody says another number: with ten columns a file that people still open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A run that is being written down. ``reads`` ask what nobody keeps.

    ``jobs_before`` are the scheduler jobs that an earlier run knew, ``notes`` sentences for the top of the file: what
    is not in it although it was read.
    """

    pipeline: Pipeline
    interval: Interval
    veil: Veil
    calls: Calls
    reads: Reads
    most_rows: int = MOST_ROWS
    jobs_before: tuple[SchedulerJob, ...] = ()
    notes: list[str] = field(default_factory=list)


class Recorder(Protocol):
    """The module ``bot.sources.FOLDER.recorder``."""

    def sections(self, recording: Recording) -> Mapping[str, Any]:
        """Return the sections of the scenario that this source fills, by the keys of the format."""

    def narrowed(self, call: Call) -> str | None:
        """Return what a scenario calls the part of the source that did not answer; None for all of it."""


def differing(state: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a state a scenario has to say, because it is not what is taken for granted."""
    return {key: value for key, value in state.items() if key not in usual or usual[key] != value}


def never_narrowed(call: Call) -> str | None:
    """The ``narrowed`` of a source that has no parts."""
    del call
    return None
