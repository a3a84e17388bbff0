"""Executions of Cloud Run jobs succeed, end in time, and happen when their schedule asks for them.

A scheduler job that starts a Cloud Run job has succeeded once the execution is created: that the execution fails, hangs
or was never made, nobody sees there. The check reads the latest execution of each job of the region. A job that the
pipeline file names under `run_jobs` counts for what it writes; of any other one only its own failure is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from checks.actions import Action
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane.addresses import run_job_of
from checks.control_plane.gcloud import gcloud
from checks.effects import FailureEffect
from checks.facts.control_plane import RunJobFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.run_jobs import CLOUD_RUN_JOBS, ExecutionState, RunJob, read_run_jobs
from checks.ports.scheduler import SchedulerJob, read_jobs
from checks.registry import check
from checks.services_spec import RunJobSpec
from checks.source import SourceError
from checks.unanswered import attempt

GRACE = timedelta(minutes=10)
"""How long after its schedule an execution may still be on its way, and how far two clocks may differ."""

LONGEST = timedelta(days=1)
"""For so long a job may run that says nothing of it: the longest default of Cloud Run's tasks with retries is less."""

UNDER_WAY = frozenset({ExecutionState.RUNNING, ExecutionState.PENDING})

Asked = Mapping[str, SchedulerJob]
"""The scheduler job that last asked for an execution and was told that it is made, by Cloud Run job."""


def asked_of(pipeline: Pipeline, jobs: Sequence[SchedulerJob]) -> Asked:
    """Return which scheduler job asked last for each Cloud Run job, of those whose last attempt succeeded."""
    found: dict[str, SchedulerJob] = {}
    for each in jobs:
        name = run_job_of(pipeline, each.url)
        if name and each.last_attempt is not None and not each.status:
            known = found.get(name)
            if known is None or known.last_attempt is None or each.last_attempt > known.last_attempt:
                found[name] = each
    return found


def verdict(job: RunJob | None, spec: RunJobSpec | None, asked: SchedulerJob | None, now: datetime) -> str:
    """Return the code of a job's finding; ``job`` is None for one that does not exist."""
    if job is None:
        return "run-job-missing"
    if job.state is None or job.started_at is None:
        return "no-execution" if asked is not None else "never-executed"
    wanted = asked.last_attempt if asked is not None else None
    if wanted is not None and job.started_at < wanted - GRACE <= now - 2 * GRACE:
        return "no-execution"
    if job.state in UNDER_WAY:
        return "execution-too-long" if now - job.started_at > longest_of(job, spec) else "execution-under-way"
    return f"execution-{job.state}"


def longest_of(job: RunJob, spec: RunJobSpec | None) -> timedelta:
    """Return how long an execution may take: as the file says, else as the job does."""
    if spec is not None and spec.minutes is not None:
        return timedelta(minutes=spec.minutes)
    return timedelta(seconds=job.longest_seconds) + GRACE if job.longest_seconds is not None else LONGEST


_WORDS = {
    "run-job-missing": "does not exist",
    "never-executed": "was never executed",
    "no-execution": "was asked for and not executed",
    "execution-succeeded": "succeeded",
    "execution-under-way": "is under way",
    "execution-too-long": "has been under way for too long",
    "execution-failed": "failed",
    "execution-cancelled": "was cancelled",
}
FINE = frozenset({"execution-succeeded", "execution-under-way", "never-executed"})


def judge(
    context: Context, name: str, job: RunJob | None, spec: RunJobSpec | None, asked: SchedulerJob | None
) -> Finding:
    """Judge one job; one that a phase needs is P1, any other one P2."""
    pipeline, year = context.pipeline, context.today.year
    code = verdict(job, spec, asked, context.now)
    job = job or RunJob(name=name)
    severity = None if code in FINE else Severity.P1 if spec is not None and spec.phase is not None else Severity.P2
    since = f", started {in_words(job.started_at, pipeline.zone, year)}" if job.started_at is not None else ""
    what = f"The latest execution of {name}" if job.state is not None and code != "no-execution" else name
    summary = f"{what} {_WORDS[code]}{since if code != 'no-execution' else ''}."
    if code == "no-execution" and asked is not None and asked.last_attempt is not None:
        wanted = in_words(asked.last_attempt, pipeline.zone, year)
        summary = f"{name} was not executed although {asked.name} asked for it {wanted}; the latest execution is " + (
            f"of {in_words(job.started_at, pipeline.zone, year)}." if job.started_at is not None else "none."
        )
    return Finding(
        outcome=Outcome.PASSED if severity is None else Outcome.FAILED,
        code=code,
        subject=name,
        summary=summary,
        severity=severity,
        phase=spec.phase if spec is not None else None,
        place=Place(PlaceKind.RUN_JOB, name),
        facts=RunJobFacts(
            execution=job.execution,
            state=str(job.state or ""),
            started_at=job.started_at,
            ended_at=job.ended_at,
            asked_by=asked.name if asked is not None else "",
            asked_at=asked.last_attempt if asked is not None else None,
            deployed_at=job.deployed_at,
            deployed_by=job.deployed_by,
        ),
        impact="What it writes is missing or old." if severity is not None else "",
        action=None if severity is None else _action(pipeline, name, code),
        link=f"https://console.cloud.google.com/run/jobs/details/{pipeline.region}/{name}?project={pipeline.project}",
    )


def _action(pipeline: Pipeline, name: str, code: str) -> Action:
    region = f"--region={pipeline.region}"
    if code == "run-job-missing":
        text = "Deploy the job again, or take it out of the pipeline file."
        return Action(text=text, commands=(gcloud(pipeline, "run jobs", "list", "", region),))
    text = {
        "execution-too-long": "Read its log; cancel the execution if it hangs, and execute the job again.",
        "no-execution": "Read what the scheduler job was answered, then execute the job.",
    }.get(code, "Read its log, fix what it names, and execute the job again.")
    return Action(text=text, commands=(gcloud(pipeline, "run jobs executions", "list", "", f"--job={name}", region),))


@check(
    id="run-jobs",
    place=PlaceKind.RUN_JOB,
    facts=RunJobFacts,
    short="executions",
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes={
        "execution-succeeded": "The latest execution succeeded.",
        "execution-under-way": "The latest execution is under way, for no longer than it may be.",
        "execution-too-long": "The latest execution has been under way for longer than it may be.",
        "execution-failed": "The latest execution failed.",
        "execution-cancelled": "Somebody cancelled the latest execution.",
        "no-execution": "A scheduler job asked for an execution and was told that it is made; there is none since.",
        "never-executed": "The job exists, nobody has executed it, and no scheduler job asks for it.",
        "run-job-missing": "A job that the pipeline file names does not exist.",
        "no-run-jobs": "There is no job in the region.",
    },
    expected="The latest execution of every Cloud Run job succeeded, or is under way for no longer than it may be.",
    unwanted="Executions that fail or hang unseen, because whoever started them was told that all is well.",
)
def run_jobs(context: Context) -> Iterator[Finding]:
    """Yield one finding a job."""
    if not context.reads.connected(CLOUD_RUN_JOBS):
        yield not_configured("run jobs", "Cloud Run's jobs are not read", configure="add the section 'run_jobs'")
        return
    look = read_run_jobs(context.reads)
    schedules = read_jobs(context.reads) if context.pipeline.scheduler is not None else None

    def judged() -> Iterator[Finding]:
        known = {each.name: each for each in look.result()}
        try:
            asked = asked_of(context.pipeline, schedules.result()) if schedules is not None else {}
        except SourceError:
            asked = {}  # the check of scheduler jobs says so
        specs = {each.name: each for each in context.pipeline.run_jobs}
        names = tuple(dict.fromkeys((*specs, *known)))
        for name in names:
            spec = specs.get(name)
            if context.in_scope(spec.phase if spec is not None else None):
                yield judge(context, name, known.get(name), spec, asked.get(name))
        if not names:
            summary = "There is no Cloud Run job in this region."
            yield Finding(outcome=Outcome.SKIPPED, code="no-run-jobs", subject="run jobs", summary=summary)

    specs = context.pipeline.run_jobs
    needed = Severity.P1 if any(each.phase is not None for each in specs) else Severity.P2
    yield from attempt(judged, subject="run jobs", severity=needed if specs else Severity.P3, whole=True)
