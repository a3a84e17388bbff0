"""The latest build of every service succeeded, and built the newest commit.

A failed build leaves the old code running, and nobody waits for it. Worse is a build that succeeds on an old
commit: a trigger once deployed code that was two weeks old, over newer code. So the latest build of each
trigger must have succeeded, and no commit since may have changed the files that it builds from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from checks.actions import Action
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane import services, triggers
from checks.control_plane.build_state import BuildVerdict, latest_of, of_commits, of_trigger, unbuilt
from checks.control_plane.touched import IN_SENTENCES, authors, listed
from checks.control_plane_spec import Deployment
from checks.effects import FailureEffect
from checks.facts.control_plane import BuildFacts, BuildsFacts, HeadFacts, LagFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger, read_build_triggers, read_recent_builds
from checks.ports.repository import REPOSITORY, Commit, read_commits_after, read_commits_since, read_head
from checks.reads import Read
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from checks.unanswered import could_not_check


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSeen:
    """What was looked at for one service. ``lacking`` are the commits that the build should have had."""

    name: str
    trigger: BuildTrigger | None
    build: Build | None
    lacking: tuple[Commit, ...] = ()
    head: Commit | None = None


def finding_of(pipeline: Pipeline, spec: ServiceSpec, seen: BuildSeen, verdict: BuildVerdict, year: int) -> Finding:
    """Put a verdict into words; times of another ``year`` are written with theirs."""
    loud = verdict.severity is not None
    log = seen.build.log_url if seen.build is not None else ""
    finding = services.finding(
        pipeline,
        spec,
        verdict.outcome,
        verdict.code,
        _summary(pipeline, spec, seen, verdict.code, year),
        severity=verdict.severity,
        facts=_facts(pipeline, seen, year),
        impact=f"Code merged for {spec.name} is not running." if loud else "",
        action=_action(pipeline, spec, seen, verdict.code) if loud else None,
    )
    console = f"https://console.cloud.google.com/cloud-build/triggers?project={pipeline.project}"
    return replace(finding, link=log or console)


def _summary(pipeline: Pipeline, spec: ServiceSpec, seen: BuildSeen, code: str, year: int) -> str:
    days = (pipeline.deployment or Deployment()).builds_days
    lacking = listed(seen.lacking, pipeline.zone, IN_SENTENCES, year)
    when = _when(pipeline, seen.build, year)
    built = f"the build of {_commit(seen.build)} of {when}"
    detail = f": {seen.build.detail}" if seen.build is not None and seen.build.detail else ""
    match code:
        case "trigger-missing":
            return f"There is no build trigger {seen.name}: nothing deploys {spec.name} when its code changes."
        case "trigger-disabled":
            return f"The build trigger {seen.name} is disabled: nothing deploys {spec.name} when its code changes."
        case "build-running":
            return f"{seen.name}: {built} is under way."
        case "build-failed" | "build-cancelled" | "build-stuck" | "status-not-known":
            status = seen.build.status if seen.build is not None else ""
            ended = f"has been {status} for more than a day" if code == "build-stuck" else f"ended as {status}{detail}"
            return f"{seen.name}: {built} {ended}."
        case "build-due":
            return f"{seen.name}: a build of {lacking} is due any minute."
        case "stale-commit":
            return f"{seen.name} last built {_commit(seen.build)} ({when}), without {lacking}."
        case "not-built":
            return f"{seen.name} built nothing for {days} days, without {lacking}."
        case "commit-unknown":
            return f"{seen.name} last built {_commit(seen.build)}, which the repository does not know."
        case "nothing-to-build":
            return f"{seen.name} built nothing for {days} days, and there was nothing to build."
        case _:
            return f"{seen.name}: {built} succeeded."


def _commit(build: Build | None) -> str:
    return build.commit[:9] if build is not None and build.commit else "an unknown commit"


def _when(pipeline: Pipeline, build: Build | None, year: int) -> str:
    return in_words(build.created_at, pipeline.zone, year) if build is not None else ""


def _facts(pipeline: Pipeline, seen: BuildSeen, year: int) -> BuildsFacts:
    build, head, lacking = seen.build, seen.head, seen.lacking
    return BuildsFacts(
        trigger=seen.name,
        latest=None
        if build is None
        else BuildFacts(
            status=build.status,
            commit=build.commit,
            built_at=build.created_at,
            finished_at=build.finished_at,
            built_by=build.by,
            build=build.id,
            detail=build.detail,
        ),
        newest=None if head is None else HeadFacts(head=head.id, head_at=head.at),
        lag=LagFacts(
            behind=len(lacking),
            commits=listed(lacking, pipeline.zone, year=year),
            authors=authors(lacking),
            behind_since=lacking[-1].at,
        )
        if lacking
        else None,
    )


def _action(pipeline: Pipeline, spec: ServiceSpec, seen: BuildSeen, code: str) -> Action:
    if seen.trigger is None:
        return Action(text=f"Create the trigger {seen.name}, or name the right one as 'trigger' of {spec.name}.")
    run = triggers.run_command(pipeline, seen.trigger)
    match code:
        case "trigger-disabled":
            return Action(
                text=f"Enable the trigger {seen.name} in Google's console; then build the newest commit.",
                commands=(run,),
            )
        case "build-stuck":
            return Action(
                text="Approve it if it waits for an approval; else cancel it, and build the newest commit.",
                commands=(run,),
            )
        case "build-failed":
            return Action(text="Read the build's log, fix what it names, and build again.", commands=(run,))
        case _:
            return Action(text="Build the newest commit.", commands=(run,))


@check(
    id="builds",
    place=PlaceKind.BUILD,
    facts=BuildsFacts,
    reason="the builds",
    always_shown=True,
    effect=FailureEffect.RISK,
    rounds=2,
    worst=Severity.P1,
    codes={
        "build-succeeded": "The latest build succeeded, and nothing that it builds from has changed since.",
        "nothing-to-build": "No build for a while, and nothing changed that needs one.",
        "build-running": "The latest build is under way.",
        "build-stuck": "The latest build has been under way, or waits for an approval, for more than a day.",
        "build-due": "Something was pushed just now; its build may still start.",
        "build-failed": "The latest build failed, timed out or expired.",
        "build-cancelled": "The latest build was cancelled.",
        "status-not-known": "The latest build has a status that is not known here.",
        "stale-commit": "The latest build is of an old commit, although its files changed since.",
        "not-built": "No build for a while, although the files changed.",
        "commit-unknown": "The latest build is of a commit that the repository does not know.",
        "trigger-missing": "The service has no build trigger.",
        "trigger-disabled": "The service's build trigger is disabled.",
        **services.SERVICE_CODES,
    },
    expected="The latest build of every trigger succeeded, on the newest commit of its files.",
    unwanted="A trigger that builds an old commit.",
)
def builds(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that has a build trigger, or should have one."""
    deployment = context.pipeline.deployment
    if deployment is None or not context.services or not context.reads.connected(CLOUD_BUILD):
        yield not_configured(
            "services",
            "The pipeline file has no section 'deployment', or names no service",
            configure="add the section, and name services under 'services'",
        )
        return
    found = read_build_triggers(context.reads)
    since = context.now - timedelta(days=deployment.builds_days)
    recent = read_recent_builds(context.reads, since)
    head = read_head(context.reads) if context.reads.connected(REPOSITORY) else None
    known = triggers.by_name(found.result())
    seen: list[tuple[ServiceSpec, BuildSeen]] = []
    for spec in context.services:
        name = triggers.trigger_name(context.pipeline, spec)
        if name in known:
            latest = latest_of(recent.result(), known[name])
            seen.append((spec, BuildSeen(name=name, trigger=known[name], build=latest)))
        elif triggers.is_owed(spec):
            seen.append((spec, BuildSeen(name=name, trigger=None, build=None)))
    if not seen:
        yield not_configured(
            "services",
            "No service of the pipeline file has a build trigger",
            configure="name the 'trigger' or the 'source' of services",
        )
    commits = _Commits(context, deployment, [each for _, each in seen], head)
    if commits.error is not None:
        # One repository serves all services: that it cannot be checked is said once.
        yield could_not_check(
            commits.error,
            subject="repository",
            severity=Severity.P1,
            place=Place(PlaceKind.SOURCE, commits.error.source),
        )
    for spec, each in seen:

        def judged(spec: ServiceSpec = spec, each: BuildSeen = each) -> Iterator[Finding]:
            verdict = of_trigger(each.trigger, each.build, context.now)
            complete, verdict = (each, verdict) if verdict is not None else commits.judge(spec, each)
            yield finding_of(context.pipeline, spec, complete, verdict, context.today.year)

        yield from services.attempt_service(context.pipeline, spec, Severity.P1, judged)


class _Commits:
    """The commits that builds lack, asked for once for each commit that was built; where no repository is, none."""

    def __init__(
        self, context: Context, deployment: Deployment, seen: Sequence[BuildSeen], head: Read[Commit] | None
    ) -> None:
        self._deployment = deployment
        self._now = context.now
        self._head: Commit | None = None
        self.error: SourceError | None = None
        self._since: dict[str, Read[Sequence[Commit] | None]] = {}
        self._after: Read[Sequence[Commit]] | None = None
        if head is None:
            return
        undecided = [each for each in seen if of_trigger(each.trigger, each.build, self._now) is None]
        for commit in {each.build.commit for each in undecided if each.build is not None and each.build.commit}:
            self._since[commit] = read_commits_since(context.reads, commit)
        if any(each.build is None for each in undecided):
            self._after = read_commits_after(context.reads, self._now - timedelta(days=deployment.builds_days))
        try:
            self._head = head.result()
        except SourceError as error:
            self.error = error

    def judge(self, spec: ServiceSpec, seen: BuildSeen) -> tuple[BuildSeen, BuildVerdict]:
        """Judge what only the repository can tell. Raises SourceError."""
        build, trigger = seen.build, seen.trigger
        head = self._head
        if head is None or trigger is None or (build is not None and not build.commit):
            # A build of sources that somebody uploaded has no commit; drift judges what runs.
            code = "build-succeeded" if build is not None else "nothing-to-build"
            return seen, BuildVerdict(code=code, outcome=Outcome.PASSED)
        commits = self._since[build.commit].result() if build is not None else self._recent()
        lacking = None if commits is None else unbuilt(commits, trigger, spec.source, self._deployment.documentation)
        complete = BuildSeen(name=seen.name, trigger=trigger, build=build, lacking=lacking or (), head=head)
        return complete, of_commits(build, lacking, head, self._now)

    def _recent(self) -> Sequence[Commit]:
        return self._after.result() if self._after is not None else ()
