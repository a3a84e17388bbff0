"""Whether the scheduler jobs of the pipeline file's inventory are all there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from checks.actions import Action
from checks.control_plane.gcloud import gcloud
from checks.control_plane.job_failures import season_of
from checks.control_plane_spec import SchedulerJobs
from checks.facts.control_plane import InventoryFacts, NumberOfJobsFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob

MOST_NAMED = 10
"""Jobs that a sentence names; the evidence has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Jobs that bring nothing and rest for no season: ``gone`` are those that an earlier run knew and that do not
    exist, ``paused`` those that were changed last first."""

    gone: Sequence[SchedulerJob]
    paused: Sequence[SchedulerJob]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that are gone."""
        return tuple(each.name for each in self.gone)


def console(pipeline: Pipeline) -> str:
    return f"https://console.cloud.google.com/cloudscheduler?project={pipeline.project}"


def judge_expected(pipeline: Pipeline, spec: SchedulerJobs, jobs: Sequence[SchedulerJob], today: date) -> Finding:
    """Judge whether every job of the inventory is there and enabled; a job of a season may be paused."""
    known = {each.name: each for each in jobs}
    absent = [name for name in spec.expected if name not in known]
    paused = [
        name
        for name in spec.expected
        if name in known and not known[name].enabled and season_of(known[name], spec.seasons, today) is None
    ]
    code = "jobs-missing" if absent else "jobs-paused" if paused else "expected-jobs-present"
    faults = [f"{len(absent)} do not exist ({_named(absent)})"] if absent else []
    faults += [f"{len(paused)} are not enabled ({_named(paused)})"] if paused else []
    words = "; ".join(faults) or "all are there and enabled"
    return Finding(
        outcome=Outcome.FAILED if faults else Outcome.PASSED,
        code=code,
        subject="expected jobs",
        summary=f"Of {len(spec.expected)} expected jobs {words}.",
        severity=Severity.P1 if faults else None,
        facts=InventoryFacts(missing=tuple(absent), paused=tuple(paused), expected_count=len(spec.expected)),
        impact="What these jobs start does not happen." if faults else "",
        action=_restore(pipeline, paused) if faults else None,
        link=console(pipeline),
    )


def _restore(pipeline: Pipeline, paused: Sequence[str]) -> Action:
    """Return what brings jobs back: a command for those that exist, and for the others none that could be exact."""
    place = f"--location={pipeline.region}"
    return Action(
        text="Make the missing jobs again from their definitions, and resume the others unless they are paused on "
        "purpose.",
        commands=tuple(gcloud(pipeline, "scheduler jobs", "resume", name, place) for name in paused[:MOST_NAMED])
        or (gcloud(pipeline, "scheduler jobs", "list", "", place),),
    )


def judge_number(pipeline: Pipeline, jobs: Sequence[SchedulerJob], absent: Absent, least: int) -> Finding:
    """Judge whether ``least`` jobs are enabled, which must be."""
    enabled = sum(each.enabled for each in jobs)
    enough = enabled >= least
    paused = () if enough else tuple(each.name for each in absent.paused)
    gone = () if enough else absent.names
    return Finding(
        outcome=Outcome.PASSED if enough else Outcome.FAILED,
        code="enough-jobs" if enough else "too-few-jobs",
        subject="number of jobs",
        summary=" ".join(
            [
                f"{enabled} jobs are enabled, and {least} or more are expected.",
                *([f"Gone since an earlier run: {_named(gone)}."] if gone else []),
                *([f"Paused: {_named(paused)}."] if paused else []),
            ]
        ),
        severity=None if enough else Severity.P1,
        facts=NumberOfJobsFacts(enabled_count=enabled, total_count=len(jobs), at_least=least, gone=gone, paused=paused),
        impact="" if enough else "Jobs were deleted or paused together, and what they start does not happen.",
        action=None
        if enough
        else Action(
            text="Find out who deleted or paused them, and recreate them from their definitions.",
            commands=(gcloud(pipeline, "scheduler jobs", "list", "", f"--location={pipeline.region}"),),
        ),
        link=console(pipeline),
    )


def judge_gone(pipeline: Pipeline, absent: Absent, total: int) -> Finding:
    """Return the note about jobs that an earlier run knew, while enough are left."""
    gone = absent.names
    one = len(gone) == 1
    return Finding(
        outcome=Outcome.FAILED,
        code="jobs-gone",
        subject="jobs of earlier runs",
        summary=f"{len(gone)} {'job that was' if one else 'jobs that were'} enabled in an earlier run "
        f"{'does' if one else 'do'} not exist: {_named(gone)}.",
        severity=Severity.P3,
        facts=NumberOfJobsFacts(total_count=total, gone=gone),
        action=Action(
            text="If somebody deleted what is needed, make it again from its definition.",
            commands=(gcloud(pipeline, "scheduler jobs", "list", "", f"--location={pipeline.region}"),),
        ),
        link=console(pipeline),
    )


def absent_of(spec: SchedulerJobs, before: Sequence[SchedulerJob], jobs: Sequence[SchedulerJob], today: date) -> Absent:
    """Return the jobs that rest, and those that are gone: without those that the inventory names and those that were
    renamed."""
    known = {each.name for each in jobs} | set(spec.expected)
    gone = [each for each in before if each.name not in known and season_of(each, spec.seasons, today) is None]
    paused = [each for each in jobs if each.paused and season_of(each, spec.seasons, today) is None]
    paused.sort(key=lambda each: each.updated_at.timestamp() if each.updated_at else 0.0, reverse=True)
    return Absent(gone=unreplaced(before, jobs, gone), paused=paused)


def unreplaced(
    before: Iterable[SchedulerJob], jobs: Iterable[SchedulerJob], absent: Iterable[SchedulerJob]
) -> list[SchedulerJob]:
    """Return the absent jobs without those that were renamed: a job that no earlier run knew does the same work."""
    known = {each.name for each in before}
    new = {_work(each) for each in jobs if each.enabled and each.name not in known}
    return [each for each in absent if _work(each) not in new]


def _work(job: SchedulerJob) -> tuple[str, ...]:
    return job.schedule, job.zone, job.url.partition("?")[0], job.topic


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
