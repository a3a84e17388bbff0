"""Scheduler jobs that an earlier run saw enabled and that are missed: deleted or paused, while the pipeline file still
depends on them. A run hands them on to the next, for as long as that lasts.
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.control_plane.job_inventory import unreplaced
from checks.control_plane.job_targets import feeding, targets_among
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service


def missed_jobs(
    pipeline: Pipeline,
    before: Sequence[SchedulerJob],
    jobs: Sequence[SchedulerJob] | None,
    services: Sequence[Service] | None,
) -> tuple[SchedulerJob, ...]:
    """Return those of ``before`` that are neither enabled nor replaced, and that work for a phase.

    ``jobs`` and ``services`` are None when they could not be read: what cannot be judged then is kept.
    """
    if jobs is None:
        return tuple(before)
    enabled = {each.name for each in jobs if each.enabled}
    absent = unreplaced(before, jobs, [each for each in before if each.name not in enabled])
    if services is None:
        return tuple(absent)
    needed = feeding(pipeline, targets_among(pipeline, services, absent), absent)
    return tuple(each for each in absent if each.name in needed)
