"""What runs is what the repository holds.

A service that nobody deployed again runs yesterday's code, and nothing says so. The deployed commit is the
one that the service's label ``commit-sha`` states, else its variable ``BUILD_COMMIT``, else the last one
before it was deployed. Only commits that touched the service's own source folders count; those that changed
documentation alone are a note. A source folder that does not exist is an error: nothing in it could ever
be behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.actions import Action
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.control_plane import services, triggers
from checks.control_plane.drift_state import LABEL, VARIABLE, DeployedCommit, DriftSeen, deployed, verdict
from checks.control_plane.touched import IN_SENTENCES, Touched, authors, listed
from checks.control_plane_spec import Deployment
from checks.effects import FailureEffect
from checks.facts.control_plane import DriftFacts, HeadFacts, LagFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.builds import CLOUD_BUILD, BuildTrigger, read_build_triggers
from checks.ports.repository import (
    REPOSITORY,
    Commit,
    read_commits_after,
    read_commits_since,
    read_head,
    read_path_exists,
)
from checks.ports.services import Service, read_service
from checks.reads import Read
from checks.registry import check
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from checks.unanswered import could_not_check


def judge(
    pipeline: Pipeline, spec: ServiceSpec, service: Service, seen: DriftSeen, trigger: BuildTrigger | None
) -> Finding:
    """Judge one service that exists."""
    bounds = pipeline.deployment or Deployment()
    code, severity, behind = verdict(seen, spec, bounds)
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED if severity is not None else Outcome.PASSED,
        code,
        _summary(pipeline, spec, code, seen, behind),
        severity=severity,
        facts=_facts(pipeline, service, seen, behind),
        impact=f"Code merged for {spec.name} is not running." if code == "behind" else "",
        action=_action(pipeline, spec, code, seen, trigger) if severity is not None else None,
    )


def _summary(pipeline: Pipeline, spec: ServiceSpec, code: str, seen: DriftSeen, behind: Touched) -> str:
    commit = seen.state.commit[:9]
    match code:
        case "up-to-date":
            return f"{spec.name} runs the newest code of its folders."
        case "documentation-behind":
            return f"{spec.name} lacks changes of documentation alone ({_commits(len(behind.documentation))})."
        case "source-missing":
            folders = ", ".join(seen.missing)
            return f"The repository has no {folders}, so nobody can tell whether {spec.name} is up to date."
        case "commit-unstated":
            return f"{spec.name} says neither which commit it runs nor when it was deployed."
        case "commit-unknown":
            return f"{spec.name} runs the commit {commit}, which the repository does not know."
        case _:
            since = in_words(behind.code[-1].at, pipeline.zone, seen.head.at.year)
            commits = listed(behind.code, pipeline.zone, IN_SENTENCES)
            return f"{spec.name} is {_commits(len(behind.code))} behind since {since}: {commits}."


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count:,} commits"


def _facts(pipeline: Pipeline, service: Service, seen: DriftSeen, behind: Touched) -> DriftFacts:
    lacking = behind.code or behind.documentation
    return DriftFacts(
        deploy=services.deployment(service),
        commit=seen.state.commit,
        basis=seen.state.basis,
        newest=HeadFacts(head=seen.head.id, head_at=seen.head.at),
        lag=LagFacts(
            behind=len(behind.code),
            commits=listed(lacking, pipeline.zone),
            authors=authors(lacking),
            behind_since=lacking[-1].at if lacking else None,
        ),
        documentation=len(behind.documentation),
        missing=seen.missing,
    )


def _action(pipeline: Pipeline, spec: ServiceSpec, code: str, seen: DriftSeen, trigger: BuildTrigger | None) -> Action:
    branch = pipeline.deployment.branch if pipeline.deployment is not None else "main"
    build = (triggers.run_command(pipeline, trigger),) if trigger is not None else ()
    match code:
        case "source-missing":
            return Action(text=f"Correct the source folders of {spec.name} in the pipeline file.")
        case "commit-unstated":
            return Action(text=f"Deploy {spec.name} with the label {LABEL} and the variable {VARIABLE}.")
        case "commit-unknown":
            return Action(
                text=f"Find out where {seen.state.commit[:9]} comes from: it was never pushed, or its branch was "
                f"rewritten. Then deploy {spec.name} from {branch}.",
                commands=build,
            )
        case _:
            return Action(
                text=f"Deploy {spec.name} from {branch}.",
                commands=build,
            )


@check(
    id="drift",
    place=PlaceKind.REVISION,
    facts=DriftFacts,
    always_shown=True,
    effect=FailureEffect.RISK,
    rounds=2,
    worst=Severity.P0,
    codes={
        "up-to-date": "No commit touched the service's folders since the deployed one.",
        "tolerated": "Fewer commits behind than the pipeline file cares about.",
        "behind": "Commits that touched the service's folders are not deployed.",
        "documentation-behind": "Only documentation changed since the deployed commit.",
        "commit-unknown": "The repository does not know the deployed commit.",
        "commit-unstated": "The service says neither its commit nor when it was deployed.",
        "source-missing": "A source folder of the service does not exist in the repository.",
        **services.SERVICE_CODES,
    },
    expected="Every service runs the newest commit that touched its source folders.",
    unwanted="A service that runs old code.",
)
def drift(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that names its source folders."""
    specs = [spec for spec in context.services if spec.source]
    if context.pipeline.deployment is None or not specs or not context.reads.connected(REPOSITORY):
        yield not_configured(
            "services",
            "No repository is configured, or no service names its source folders",
            configure="set REVEILLE_REPOSITORY, or 'repository' under 'deployment', and name the 'source' of services",
        )
        return
    reads = context.reads
    head = read_head(reads)
    folders = {folder: read_path_exists(reads, folder) for spec in specs for folder in spec.source}
    built = read_build_triggers(reads) if reads.connected(CLOUD_BUILD) else None
    asked = [(spec, read_service(reads, spec.name)) for spec in specs]
    commits = _Commits(context, asked)
    try:
        newest = head.result()
    except SourceError as error:
        # One repository serves all services: that it cannot be checked is said once.
        yield could_not_check(
            error, subject="repository", severity=Severity.P0, place=Place(PlaceKind.SOURCE, error.source)
        )
        return
    for spec, look in asked:

        def judged(spec: ServiceSpec = spec, look: Read[Service | None] = look) -> Iterator[Finding]:
            service = look.result()
            if service is None:
                yield services.missing(context.pipeline, spec, Severity.P1)
                return
            seen = DriftSeen(
                state=deployed(service),
                head=newest,
                commits=commits.lacking(deployed(service)),
                missing=tuple(folder for folder in spec.source if not folders[folder].result()),
            )
            trigger = triggers.known(built).get(triggers.trigger_name(context.pipeline, spec))
            yield judge(context.pipeline, spec, service, seen, trigger)

        yield from services.attempt_service(context.pipeline, spec, Severity.P0, judged)


class _Commits:
    """The commits that services lack: asked once for each deployed commit, and once for those known by time alone."""

    def __init__(self, context: Context, asked: Sequence[tuple[ServiceSpec, Read[Service | None]]]) -> None:
        states = [state for _, look in asked for state in _readable(look)]
        self._since = {
            state.commit: read_commits_since(context.reads, state.commit) for state in states if state.commit
        }
        instants = [state.at for state in states if state.basis == "time" and state.at is not None]
        self._after = read_commits_after(context.reads, min(instants)) if instants else None

    def lacking(self, state: DeployedCommit) -> Sequence[Commit] | None:
        """Return the commits after a state, None for one that is unknown. Raises SourceError."""
        if state.commit:
            return self._since[state.commit].result()
        if state.at is None or self._after is None:
            return None
        return [commit for commit in self._after.result() if commit.at > state.at]


def _readable(look: Read[Service | None]) -> Iterator[DeployedCommit]:
    """Yield the state of a service that could be looked at; the others are told one by one."""
    try:
        service = look.result()
    except SourceError:
        return
    if service is not None:
        yield deployed(service)
