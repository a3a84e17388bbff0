"""Cloud Scheduler jobs run, succeed, and are all there.

Schedulers carry the pipeline on when an orchestrator fails, and nothing says so when they fail themselves: 30 of 129
jobs once did, unseen, and 94 were once deleted together. The check reads how the last attempt of each enabled job
ended, by its gRPC code: refusals (PERMISSION_DENIED, UNAUTHENTICATED) are critical, since no repetition helps. A job
that has never run, or not again, although its schedule has been due since it was last changed counts as failing; of a
job whose schedule is not understood that is unknown, and noted. A job that Cloud Scheduler itself has stopped fails as
well, and so does one that works for a phase, was paused or deleted, and has been due since: until it is back, a new job
does the same work at the same times, or the pipeline file no longer has that service, or suppresses the job. One that
no earlier run saw enabled counts for two days. The check compares the jobs with the inventory of the pipeline file and
with those that an earlier run knew. Jobs that the file suppresses for a season are not judged, and named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from checks.actions import Action, RepairKey, job_log_query, job_logs
from checks.cells import in_words
from checks.conditions import standing as standing_of
from checks.context import Context, not_configured
from checks.control_plane.addresses import Addresses, run_job_of
from checks.control_plane.gcloud import gcloud
from checks.control_plane.job_failures import (
    DELETED,
    NEVER_RAN,
    NOT_ATTEMPTED,
    PAUSED,
    Class,
    JobFailure,
    doubt_of,
    failure_of,
    loudness,
    missed_of,
    season_of,
)
from checks.control_plane.job_inventory import (
    MOST_NAMED,
    Absent,
    absent_of,
    console,
    judge_expected,
    judge_gone,
    judge_number,
    unreplaced,
)
from checks.control_plane.job_targets import Targets, feeding, start_targets, targets_of, unread_services
from checks.control_plane_spec import SchedulerJobs, Season
from checks.effects import FailureEffect
from checks.facts.control_plane import DueTimesFacts, JobsFacts, NumberOfJobsFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.scheduler import SchedulerJob, read_jobs
from checks.registry import check
from checks.source import SourceError
from checks.unanswered import after, attempt, could_not_check


def judge_failing(
    context: Context,
    spec: SchedulerJobs,
    jobs: Sequence[SchedulerJob],
    absent: Absent,
    targets: Targets,
) -> Finding:
    """Judge how the enabled jobs run, and those that work for a phase and were paused or deleted."""
    pipeline, now, before, today = context.pipeline, context.now, context.jobs_before, context.today
    enabled = [each for each in jobs if not each.paused]
    seasons = {each.name: season_of(each, spec.seasons, today) for each in enabled}
    judged = [each for each in enabled if seasons[each.name] is None]
    failures = [found for each in judged if (found := failure_of(each, now)) is not None]
    resting = unreplaced(before, jobs, absent.paused)
    needed = feeding(pipeline, targets, (*jobs, *absent.gone))
    known = {each.name for each in before}
    for job, word in [*((each, PAUSED) for each in resting), *((each, DELETED) for each in absent.gone)]:
        if job.name in needed and (missed := missed_of(job, now, word, known=job.name in known)) is not None:
            failures.append(missed)
    failures.sort(key=lambda each: each.rank)
    excused = [each for each in enabled if seasons[each.name] is not None and failure_of(each, now) is not None]
    code, severity = loudness(failures, spec.many, spec.explains, needed, now)
    return Finding(
        outcome=Outcome.PASSED if severity is None else Outcome.FAILED,
        code=code,
        subject="jobs",
        summary=_summary(pipeline, enabled, failures, excused, seasons, now),
        severity=severity,
        facts=JobsFacts(
            failing=tuple(
                replace(
                    each.status,
                    services=targets.get(each.job.name, ()),
                    run_job=run_job_of(pipeline, each.job.url),
                )
                for each in failures
            ),
            failing_count=len(failures),
            never_ran=tuple(each.job.name for each in failures if each.word == NEVER_RAN),
            not_attempted=tuple(each.job.name for each in failures if each.word == NOT_ATTEMPTED),
            stopped=tuple(each.job.name for each in failures if each.job.fault),
            critical=tuple(each.job.name for each in failures if each.grade is Class.CRITICAL),
            enabled_count=sum(each.enabled for each in jobs),
            total_count=len(jobs),
            excused=tuple(each.name for each in excused),
        ),
        impact=_impact(failures),
        action=_action(pipeline, failures),
        link=_logs(pipeline, [each.job.name for each in failures[:MOST_NAMED]]) if failures else console(pipeline),
    )


def _unclear(context: Context, finding: Finding, absent: Absent) -> Finding:
    """Say that nobody can tell whether absent jobs are missed while Cloud Run does not say which services there are."""
    error = unread_services(context) if finding.outcome is Outcome.PASSED else None
    addresses = Addresses(context.pipeline, ())
    known = {each.name for each in context.jobs_before}
    missed = [*absent.gone, *(each for each in absent.paused if each.name in known)]
    names = [each.name for each in missed if each.url and addresses.is_unclear(each.url)]
    if error is None or not names:
        return finding
    unread = could_not_check(error, subject=finding.subject, severity=Severity.P2)
    return after(f"Whether {', '.join(names[:MOST_NAMED])} worked for a phase depends on the services.", unread)


def judge_doubts(
    pipeline: Pipeline, spec: SchedulerJobs, jobs: Sequence[SchedulerJob], now: datetime
) -> Finding | None:
    """Return the note about jobs that succeeded last, and of which nobody can tell whether they were due since."""
    today = now.astimezone(pipeline.zone).date()
    doubts = {
        each.name: doubt
        for each in jobs
        if not each.paused
        and season_of(each, spec.seasons, today) is None
        and (doubt := doubt_of(each, now))
        and failure_of(each, now) is None
    }
    if not doubts:
        return None
    listed = "; ".join(f"{name}: {doubt}" for name, doubt in list(doubts.items())[:MOST_NAMED])
    more = f"; and {len(doubts) - MOST_NAMED} more" if len(doubts) > MOST_NAMED else ""
    one = len(doubts) == 1
    return Finding(
        outcome=Outcome.FAILED,
        code="due-times-unknown",
        subject="due times",
        summary=f"Whether {len(doubts)} {'job was' if one else 'jobs were'} started when due is unknown. "
        f"{listed}{more}.",
        severity=Severity.P3,
        facts=DueTimesFacts(jobs=tuple(doubts), count=len(doubts)),
        action=Action(
            text="Write a schedule that is not understood as the five fields of unix-cron, in a zone of IANA.",
            commands=tuple(
                gcloud(pipeline, "scheduler jobs", "describe", name, f"--location={pipeline.region}")
                for name in list(doubts)[:MOST_NAMED]
            ),
        ),
        link=console(pipeline),
    )


def _summary(
    pipeline: Pipeline,
    enabled: Sequence[SchedulerJob],
    failures: Sequence[JobFailure],
    excused: Sequence[SchedulerJob],
    seasons: dict[str, Season | None],
    now: datetime,
) -> str:
    reasons = sorted({season.reason.rstrip(".") for each in excused if (season := seasons[each.name]) is not None})
    suppressed = f" Suppressed: {len(excused)} more ({'; '.join(reasons)})." if excused else ""
    total = f"of {len(enabled)} jobs"
    if not failures:
        return f"None {total} fails.{suppressed}"
    wrong = [each for each in failures if not each.unstarted]
    idle = [each for each in failures if each.unstarted]
    said = [f"{len(wrong)} {total} {'fails' if len(wrong) == 1 else 'fail'}: {_listed(wrong)}"] if wrong else []
    if idle:
        of = "" if wrong else f"{total} "
        said.append(f"{len(idle)} {of}{'was' if len(idle) == 1 else 'were'} not started: {_listed(idle)}")
    missed = min(((each.since, each.job.name) for each in idle if each.since is not None), default=None)
    if missed is not None:
        due = in_words(missed[0], pipeline.zone, now.astimezone(pipeline.zone).year)
        said.append(f"{'it' if len(idle) == 1 else missed[1]} was due {due}")
    return f"{'; '.join(said)}.{suppressed}"


def _impact(failures: Sequence[JobFailure]) -> str:
    if not failures:
        return ""
    what = "this job starts" if len(failures) == 1 else "these jobs start"
    return f"What {what} does not happen, and nothing else reports it."


def _listed(failures: Sequence[JobFailure]) -> str:
    more = f" and {len(failures) - MOST_NAMED} more" if len(failures) > MOST_NAMED else ""
    return f"{', '.join(each.status.said for each in failures[:MOST_NAMED])}{more}"


def _action(pipeline: Pipeline, failures: Sequence[JobFailure]) -> Action | None:
    if not failures:
        return None
    refused = any(each.grade is Class.CRITICAL for each in failures)
    advice = "Give the accounts of the refused jobs the permission to call. " if refused else ""
    if any(each.job.fault or each.word == NOT_ATTEMPTED for each in failures):
        advice += "Update or resume the jobs that Cloud Scheduler stopped or did not start. "
    if any(each.word == DELETED for each in failures):
        advice += "Recreate the deleted jobs from their definitions. "
    paused = [each.job.name for each in failures if each.word == PAUSED]
    advice += "Resume the paused jobs, unless they are paused on purpose. " if paused else ""
    place = f"--location={pipeline.region}"
    return Action(
        text=f"{advice}Read the error of each job, fix what it calls, and run it again.",
        commands=(
            job_logs(
                [each.job.name for each in failures[:MOST_NAMED]],
                "--freshness=7d",
                "--limit=50",
                f"--project={pipeline.project}",
            ),
            *(gcloud(pipeline, "scheduler jobs", "resume", name, place) for name in paused[:MOST_NAMED]),
        ),
        repairs=tuple(
            RepairKey("run-job", each.job.name)
            for each in failures
            if each.job.enabled and each.word != DELETED and each.job.name in _runnable(pipeline)
        ),
    )


def _runnable(pipeline: Pipeline) -> tuple[str, ...]:
    """Return the jobs that the pipeline file allows to be run out of turn."""
    return pipeline.repairs.jobs if pipeline.repairs is not None else ()


def _logs(pipeline: Pipeline, names: Sequence[str]) -> str:
    query = quote(job_log_query(names), safe="")
    return f"https://console.cloud.google.com/logs/query;query={query}?project={pipeline.project}"


@check(
    id="scheduler-jobs",
    place=PlaceKind.JOB,
    facts=JobsFacts,
    always_shown=True,
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes={
        "jobs-in-order": "No job fails that is not paused.",
        "some-jobs-failing": "A few jobs fail or were not started when due, also as they were paused or deleted.",
        "jobs-failing": "Many jobs fail or were not started when due, or one whose work nothing else brings was not "
        "started.",
        "jobs-refused": "A job is refused: PERMISSION_DENIED or UNAUTHENTICATED.",
        "no-jobs": "There is not one job.",
        "all-jobs-paused": "There are jobs, and every one of them is paused.",
        "due-times-unknown": "A job's schedule is not understood, or its last attempt lies in the future.",
        "expected-jobs-present": "Every expected job is there and enabled.",
        "jobs-missing": "An expected job does not exist.",
        "jobs-paused": "An expected job is not enabled.",
        "enough-jobs": "As many jobs are enabled as must be.",
        "too-few-jobs": "Fewer jobs are enabled than must be.",
        "jobs-gone": "Jobs that an earlier run knew do not exist; enough are left.",
    },
    expected="Every enabled job has run when it was due and succeeded; every expected job is there.",
    unwanted="Jobs that fail unseen, that never ran, that were deleted together.",
)
def scheduler_jobs(context: Context) -> Iterator[Finding]:
    """Yield one finding about how jobs run, and one for each part of the inventory in the pipeline file."""
    spec = context.pipeline.scheduler
    if spec is None:
        yield not_configured("jobs", "The pipeline file has no section 'scheduler'", configure="add it")
        return
    look = read_jobs(context.reads)
    start_targets(context)

    def judged() -> Iterator[Finding]:
        jobs = look.result()
        absent = absent_of(spec, context.jobs_before, jobs, context.today)
        if all(each.paused for each in jobs):
            yield _none(context.pipeline, len(jobs))
        else:
            targets = targets_of(context, (*jobs, *absent.gone))
            yield _unclear(context, judge_failing(context, spec, jobs, absent, targets), absent)
            doubts = judge_doubts(context.pipeline, spec, jobs, context.now)
            yield from [doubts] if doubts is not None else []
        if spec.expected:
            yield judge_expected(context.pipeline, spec, jobs, context.today)
        enabled = sum(each.enabled for each in jobs)
        least = _least(context, spec, enabled)
        if spec.at_least:
            yield judge_number(context.pipeline, jobs, absent, least)
        if absent.gone and enabled >= least:
            yield judge_gone(context.pipeline, absent, len(jobs))

    yield from attempt(judged, subject="jobs", severity=Severity.P1, whole=True)


def _least(context: Context, spec: SchedulerJobs, enabled: int) -> int:
    """Return how many jobs must be enabled; whether the pipeline rests is asked only where some are lacking."""
    if spec.rests is None or enabled >= spec.at_least:
        return spec.at_least
    try:
        standings = [standing_of(context, spec.rests.when, each) for each in (context.previous, context.current)]
    except SourceError:
        return spec.at_least
    return spec.at_least if any(each.applies for each in standings) else min(spec.at_least, spec.rests.at_least)


def _none(pipeline: Pipeline, paused: int) -> Finding:
    """Return the finding for no job that could run; ``paused`` is how many there are."""
    region = f"{pipeline.project}, {pipeline.region}"
    return Finding(
        outcome=Outcome.FAILED,
        code="all-jobs-paused" if paused else "no-jobs",
        subject="jobs",
        summary=f"Every job in {region} is paused ({paused})." if paused else f"There is not one job in {region}.",
        severity=Severity.P1,
        facts=NumberOfJobsFacts(total_count=paused),
        impact="Nothing starts by the clock.",
        action=Action(
            text="Find out who paused them, and resume those that the pipeline needs."
            if paused
            else "Check that region and project are right; if so, recreate the jobs from their definitions.",
            commands=(gcloud(pipeline, "scheduler jobs", "list", "", f"--location={pipeline.region}"),),
        ),
        link=console(pipeline),
    )
