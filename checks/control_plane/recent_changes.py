"""Who changed what lately.

A pipeline that worked yesterday and does not today was mostly changed in between: deployed, a permission taken, a job
edited. Each change is a note and never a failure. The causes look among them for the one that a fault began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane.job_targets import Targets, targets_of
from checks.control_plane.log_reads import CONFIGURE, services_of, window
from checks.effects import FailureEffect
from checks.facts.logs import ChangeFacts, LoggedChange
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.logs import LOGS, read_changes
from checks.ports.scheduler import SCHEDULER, SchedulerJob, read_jobs
from checks.reads import Read
from checks.registry import check
from checks.source import SourceError
from checks.unanswered import could_not_check

TOLD = 3
"""Changes of one place that its sentence names, the newest."""


def relevant(pipeline: Pipeline, changes: Iterable[LoggedChange]) -> dict[Place, list[LoggedChange]]:
    """Return the changes of what belongs to the pipeline, by place, the newest first: services that it does not name
    are somebody else's."""
    named = {*services_of(pipeline), pipeline.project}
    found: dict[Place, list[LoggedChange]] = {}
    for each in sorted(changes, key=lambda change: change.at, reverse=True):
        if each.place.service is None or each.place.name in named:
            found.setdefault(each.place, []).append(each)
    return found


def name_of(place: Place) -> str:
    """Return what people call a place that was changed."""
    if place.kind is PlaceKind.SERVICE:
        return place.name
    return f"policy of {place.name}" if place.kind is PlaceKind.PERMISSION else f"{place.kind} {place.name}"


def _told(context: Context, place: Place, changes: Sequence[LoggedChange], services: tuple[str, ...]) -> Finding:
    zone, year = context.pipeline.zone, context.today.year
    told = [
        f"{each} {in_words(each.at, zone, year)}{f' by {each.actor}' if each.actor else ''}" for each in changes[:TOLD]
    ]
    more = f"; and {len(changes) - TOLD} more" if len(changes) > TOLD else ""
    return Finding(
        outcome=Outcome.PASSED,
        code="changed",
        subject=name_of(place),
        summary=f"{name_of(place)}: {'; '.join(told)}{more}.",
        place=place,
        facts=ChangeFacts(changes=tuple(changes), services=services),
        # A change says nothing of whether the pipeline works.
        read=False,
    )


def _jobs(context: Context, look: Read[Sequence[SchedulerJob]] | None) -> Targets:
    """Return what the scheduler jobs start, also those that were deleted since an earlier run."""
    try:
        found = look.result() if look is not None else ()
    except SourceError:
        found = ()
    return targets_of(context, (*context.jobs_before, *found))


def _services(pipeline: Pipeline, place: Place, started: Targets) -> tuple[str, ...]:
    """Return the services that need what was changed, as far as that is known."""
    named = services_of(pipeline)
    listening = pipeline.messaging.targets if pipeline.messaging is not None else {}
    match place.kind:
        case PlaceKind.JOB:
            return started.get(place.name, ())
        case PlaceKind.TOPIC:
            return listening.get(place.name, ())
        case PlaceKind.SUBSCRIPTION:
            # Eventarc names a subscription after its trigger, which deploys name after the service.
            inside = [each for each in named if each in place.name]
            return (max(inside, key=len),) if inside else ()
        case PlaceKind.PERMISSION if place.name == pipeline.project:
            return named
        case _:
            return ()


@check(
    id="recent-changes",
    place=PlaceKind.SERVICE,
    facts=ChangeFacts,
    short="changes",
    worst=Severity.P3,
    effect=FailureEffect.NOTE,
    codes={
        "changed": "Something was deployed, granted or edited; who did it, and when.",
        "unchanged": "Nothing was deployed, granted or edited.",
    },
    expected="Every change is known: who deployed, granted or edited what, and when.",
)
def recent_changes(context: Context) -> Iterator[Finding]:
    """Yield one note for each place that was changed."""
    rules = context.pipeline.errors
    if rules is None or not rules.logging or not context.reads.connected(LOGS):
        yield not_configured("changes", "Cloud Logging is not read", configure=CONFIGURE)
        return
    since = window(context, rules)
    jobs = read_jobs(context.reads) if context.pipeline.scheduler and context.reads.connected(SCHEDULER) else None
    try:
        found = relevant(context.pipeline, read_changes(context.reads, since).result())
    except SourceError as error:
        place = Place(PlaceKind.SOURCE, error.source, "changes")
        yield could_not_check(error, subject="changes", severity=Severity.P3, place=place)
        return
    started = _jobs(context, jobs) if any(place.kind is PlaceKind.JOB for place in found) else {}
    for place, changes in found.items():
        yield _told(context, place, changes, _services(context.pipeline, place, started))
    if not found:
        summary = f"Nothing was changed since {in_words(since, context.pipeline.zone, context.today.year)}."
        yield Finding(outcome=Outcome.PASSED, code="unchanged", subject="changes", summary=summary, read=False)
