"""The timetables of several pipelines as one: each follows its own on threads of its own, so none waits for another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from bot.log_fields import extra
from bot.timetable.slots import UnknownJobError

Outcome = TypeVar("Outcome")

_logger = logging.getLogger(__name__)


class OneTimetable(Protocol):
    """The timetable of one pipeline."""

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self, seconds: float = 0.0) -> bool: ...

    def run(self, job: str) -> str: ...


class Timetables:
    """The timetables of all pipelines of a process, by their names."""

    def __init__(self, by_pipeline: Mapping[str, OneTimetable]) -> None:
        self._by_pipeline = by_pipeline

    @property
    def running(self) -> bool:
        """Whether every one of them is followed; for readiness."""
        return all(each.running for each in self._by_pipeline.values())

    def start(self) -> None:
        """Follow each, and catch up at once with what is owed."""
        for each in self._by_pipeline.values():
            each.start()

    def stop(self, seconds: float = 0.0) -> bool:
        """Start nothing more, and give what runs so many seconds for all of it together; whether it has ended."""
        return all(_at_once([partial(each.stop, seconds) for each in self._by_pipeline.values()]))

    def run(self, job: str) -> str:
        """Do a job now, ``digest`` for each pipeline or ``nba/digest`` for one, and say what came of it.

        One that fails keeps no other from its own; the first failure is raised when all had their turn. Raises
        UnknownJobError, and what the job raises.
        """
        pipeline, slash, name = job.rpartition("/")
        if slash and pipeline not in self._by_pipeline:
            raise UnknownJobError(f"There is no pipeline '{pipeline}'; there are {', '.join(self._by_pipeline)}.")
        if slash or len(self._by_pipeline) == 1:
            return self._by_pipeline[pipeline or next(iter(self._by_pipeline))].run(name)
        runs = [partial(_tried, pipeline, each, job) for pipeline, each in self._by_pipeline.items()]
        outcomes = dict(zip(self._by_pipeline, _at_once(runs), strict=True))
        for outcome in outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        return "; ".join(f"{pipeline}: {outcome}" for pipeline, outcome in outcomes.items())


def _tried(pipeline: str, timetable: OneTimetable, job: str) -> str | Exception:
    try:
        return timetable.run(job)
    except UnknownJobError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the first of them is raised when all had their turn
        fields = extra(pipeline=pipeline, job=job)
        _logger.warning("the job %s of the pipeline %s failed: %s", job, pipeline, type(error).__name__, extra=fields)
        return error


def _at_once(calls: Sequence[Callable[[], Outcome]]) -> Sequence[Outcome]:
    with ThreadPoolExecutor(max(1, len(calls)), thread_name_prefix="timetables") as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]
