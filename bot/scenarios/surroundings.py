"""What surrounds the services of a scenario: the layers of its files over what the pipeline file makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from bot.definition.files import PipelineFileError, ReadFile
from bot.scenarios import healthy
from bot.scenarios.dbt_project import dbt_project
from bot.scenarios.layers import EVERY, is_whole, merged, placed
from bot.scenarios.logs import logged_changes, logged_lines
from bot.scenarios.platform_states import BuildState, CommitState, FiguresState, JobState, RunJobState, TriggerState
from bot.scenarios.scenario import ScenarioFile
from bot.scenarios.template import COMMIT, Gaps
from checks.facts.logs import LoggedChange
from checks.pipeline import Pipeline
from checks.ports.audit import AuditFinding
from checks.ports.builds import Build, BuildTrigger
from checks.ports.dbt import DbtProject
from checks.ports.logs import LogLine
from checks.ports.messaging import Subscription
from checks.ports.repository import Commit
from checks.ports.run_jobs import ExecutionState, RunJob
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Revision, Service
from checks.values import Model

T = TypeVar("T")
Layer = ReadFile[ScenarioFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the ports around the services answer from. ``commits``, ``logged``, ``changes`` and each list of
    ``revisions`` are newest first."""

    topics: tuple[str, ...]
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[SchedulerJob, ...]
    run_jobs: tuple[RunJob, ...]
    dbt: DbtProject | None
    jobs_before: tuple[SchedulerJob, ...]
    """Those that were enabled before what the topmost layer states."""
    triggers: tuple[BuildTrigger, ...]
    builds: tuple[Build, ...]
    requests: Mapping[str, int]
    responses: Mapping[str, Mapping[str, int]]
    deliveries: Mapping[str, FiguresState]
    logged: tuple[LogLine, ...]
    changes: tuple[LoggedChange, ...]
    revisions: Mapping[str, tuple[Revision, ...]]
    commits: tuple[Commit, ...]
    missing_paths: frozenset[str]
    violations: tuple[AuditFinding, ...]


def build_surroundings(
    pipeline: Pipeline, layers: Sequence[Layer], gaps: Gaps, services: Mapping[str, Service]
) -> Surroundings:
    """Lay the layers over what is made from the pipeline file. Raises PipelineFileError."""
    whole = is_whole(layers)

    def states(section: str, made: healthy.States) -> dict[str, dict[str, Any]]:
        return _laid(section, {} if whole else made, layers, gaps)

    subscriptions = [
        _subscription(pipeline, name, state)
        for name, state in states("subscriptions", healthy.subscriptions(pipeline)).items()
    ]
    triggers = states("triggers", healthy.triggers(pipeline, services))
    ids = {name: _filled(TriggerState, state, gaps)["id"] or name for name, state in triggers.items()}
    made_jobs = {} if whole else healthy.jobs(pipeline, services)
    jobs = states("jobs", made_jobs)
    gone = {name: state for name, state in jobs.items() if state.get("gone")}
    # A scenario says what differs from its base: that is what a run before it saw.
    before = {**jobs, **(_laid("jobs", made_jobs, layers[:-1], gaps) if layers[:-1] else {})}
    builds = states("builds", healthy.builds(pipeline, services, gaps.now))
    deployed = None if whole else healthy.commit(services, gaps.now)
    commits, missing = _repository(layers, gaps, deployed)
    return Surroundings(
        topics=_topics(pipeline, layers, subscriptions),
        subscriptions=_ordered(subscriptions, lambda each: each.name),
        jobs=_ordered(
            [_job(pipeline, gaps, *each) for each in jobs.items() if each[0] not in gone], lambda each: each.name
        ),
        run_jobs=_ordered(
            [_run_job(gaps, *each) for each in _laid("run_jobs", {}, layers, gaps).items()], lambda each: each.name
        ),
        dbt=dbt_project(layers, gaps),
        jobs_before=_ordered(
            [job for each in before.items() if (job := _job(pipeline, gaps, *each)).enabled], lambda each: each.name
        ),
        triggers=_ordered([_trigger(gaps, *each) for each in triggers.items()], lambda each: each.name),
        builds=_ordered(
            [_build(gaps, ids, *each) for each in builds.items()], lambda each: -each.created_at.timestamp()
        ),
        requests=_requests(layers, services, gaps),
        responses=_responses(layers, services, gaps),
        deliveries=_deliveries(layers, [each.name for each in subscriptions], gaps),
        logged=logged_lines(layers, gaps),
        changes=logged_changes(pipeline, layers, gaps),
        revisions={name: _revisions(service, layers, gaps) for name, service in services.items()},
        commits=commits,
        missing_paths=missing,
        violations=_violations(layers),
    )


def _ordered(items: Sequence[T], key: Callable[[T], Any]) -> tuple[T, ...]:
    return tuple(sorted(items, key=key))


def _laid(section: str, made: healthy.States, layers: Sequence[Layer], gaps: Gaps) -> dict[str, dict[str, Any]]:
    """Lay every layer's section over what was made; null takes an entry away, ``all`` stands for what was made."""
    result: dict[str, Any] = dict(made)
    for layer in layers:
        entries: Mapping[str, Model | None] = getattr(layer.content, section) or {}
        for key, value in sorted(entries.items(), key=lambda entry: entry[0] != EVERY):
            with placed(layer, (section, key)):
                every = made or [name for name, state in result.items() if state is not None]
                named = [(name, 1) for name in every] if key == EVERY else list(gaps.each(key))
                for name, number in named:
                    if value is None:
                        result[name] = None
                        continue
                    state = gaps.value(value.model_dump(exclude_unset=True), number)
                    result = merged(result, {name: state})
                    if section == "subscriptions" and not result[name].get("topic"):
                        text = "expected the name of its topic, as in 'topic: games-complete'"
                        raise PipelineFileError((layer.problem((section, key), text),))
    return {name: state for name, state in result.items() if state is not None}


def _filled(model: type[Model], state: Mapping[str, Any], gaps: Gaps) -> dict[str, Any]:
    """Return a state with the defaults of its model."""
    defaults = {
        name: gaps.value(field.get_default(call_default_factory=True))
        for name, field in model.model_fields.items()
        if not field.is_required()
    }
    return {**defaults, **state}


def _account(pipeline: Pipeline, stated: str | None) -> str:
    return pipeline.invoker.partition(":")[2] if stated is None else stated


def _subscription(pipeline: Pipeline, name: str, state: Mapping[str, Any]) -> Subscription:
    rest = {key: value for key, value in state.items() if key not in {"service", "endpoint", "account"}}
    service, endpoint = state.get("service"), state.get("endpoint", "")
    if service is not None and not endpoint:
        endpoint = healthy.push_address(pipeline, service, state["topic"])
    return Subscription(
        name=name,
        endpoint=endpoint,
        account=_account(pipeline, state.get("account")) if endpoint else "",
        **rest,
    )


def _topics(pipeline: Pipeline, layers: Sequence[Layer], subscriptions: Sequence[Subscription]) -> tuple[str, ...]:
    made = () if is_whole(layers) else (*healthy.targets(pipeline), *(each.topic for each in subscriptions))
    there = dict.fromkeys(made, True)
    for layer in layers:
        there |= layer.content.topics
    return tuple(sorted(name for name, exists in there.items() if exists and not name.startswith("_")))


def _job(pipeline: Pipeline, gaps: Gaps, name: str, state: Mapping[str, Any]) -> SchedulerJob:
    filled = _filled(JobState, state, gaps)
    service, _ = filled.pop("service"), filled.pop("gone")
    url = filled["url"] or ("" if service is None else f"{healthy.number_address(pipeline, service)}/run")
    return SchedulerJob(
        name=name,
        **{
            **filled,
            "enabled": filled["enabled"] and not filled["fault"],
            "url": url,
            "zone": filled["zone"] or pipeline.timezone,
            "account": _account(pipeline, filled["account"]) if url else "",
        },
    )


def _run_job(gaps: Gaps, name: str, state: Mapping[str, Any]) -> RunJob:
    filled = _filled(RunJobState, state, gaps)
    stands = None if filled["state"] is None else ExecutionState(filled["state"])
    execution = filled["execution"] or ("" if stands is None else f"{name}-abcde")
    return RunJob(name=name, **{**filled, "state": stands, "execution": execution})


def _trigger(gaps: Gaps, name: str, state: Mapping[str, Any]) -> BuildTrigger:
    filled = _filled(TriggerState, state, gaps)
    patterns = {key: tuple(filled[key]) for key in ("included", "ignored")}
    return BuildTrigger(name=name, **{**filled, **patterns, "id": filled["id"] or name})


def _build(gaps: Gaps, ids: Mapping[str, str], name: str, state: Mapping[str, Any]) -> Build:
    filled = _filled(BuildState, state, gaps)
    return Build(id=name, **{**filled, "trigger": ids.get(filled["trigger"], filled["trigger"])})


def _requests(layers: Sequence[Layer], services: Mapping[str, Service], gaps: Gaps) -> dict[str, int]:
    counts = {} if is_whole(layers) else dict.fromkeys(services, healthy.REQUESTS)
    for layer in layers:
        for key, number in sorted(layer.content.requests.items(), key=lambda entry: entry[0] != EVERY):
            with placed(layer, ("requests", key)):
                counts |= dict.fromkeys(services if key == EVERY else dict(gaps.each(key)), number)
    return counts


def _responses(layers: Sequence[Layer], services: Mapping[str, Service], gaps: Gaps) -> dict[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for layer in layers:
        for key, answers in sorted(layer.content.responses.items(), key=lambda entry: entry[0] != EVERY):
            with placed(layer, ("responses", key)):
                names = services if key == EVERY else dict(gaps.each(key))
                found |= {name: {str(answer): number for answer, number in answers.items()} for name in names}
    return found


def _deliveries(layers: Sequence[Layer], names: Sequence[str], gaps: Gaps) -> dict[str, FiguresState]:
    stated = _laid("deliveries", {name: {} for name in names}, layers, gaps)
    return {name: FiguresState(**state) for name, state in stated.items() if state}


def _revisions(service: Service, layers: Sequence[Layer], gaps: Gaps) -> tuple[Revision, ...]:
    """Return the latest revision as the service has it, and those before: what is stated, else one like it."""
    stated: dict[str, Any] = {}
    for layer in layers:
        for key, revisions in layer.content.revisions.items():
            with placed(layer, ("revisions", key)):
                for name, number in gaps.each(key):
                    states = {each: state.model_dump(exclude_unset=True) for each, state in revisions.items()}
                    stated = merged(stated, gaps.value(states, number)) if name == service.name else stated
    if is_whole(layers):
        return _ordered([Revision(name=name, service=service.name, **state) for name, state in stated.items()], _newest)
    latest = Revision(
        name=service.latest_created_revision,
        service=service.name,
        created_at=service.deployed_at or gaps.now - timedelta(days=7),
        created_by=service.deployed_by,
        environment=service.environment,
        labels=service.labels,
    )
    states = stated or healthy.earlier_revision(service, gaps.now)
    earlier = [Revision(name=name, service=service.name, **state) for name, state in states.items()]
    return (latest, *_ordered(earlier, _newest))


def _newest(revision: Revision) -> float:
    return -revision.created_at.timestamp()


def _repository(
    layers: Sequence[Layer], gaps: Gaps, deployed: Mapping[str, Any] | None
) -> tuple[tuple[Commit, ...], frozenset[str]]:
    commits: list[dict[str, Any]] = []
    missing: frozenset[str] = frozenset()
    for layer in layers:
        state = layer.content.repository
        if state is not None:
            with placed(layer, ("repository",)):
                commits = [_filled(CommitState, gaps.value(each.model_dump()), gaps) for each in state.commits]
            missing = frozenset(state.missing)
    if deployed is not None and all(each["id"] != COMMIT for each in commits):
        commits.append(dict(deployed))
    return tuple(Commit(**{**each, "files": tuple(each["files"])}) for each in commits), missing


def _violations(layers: Sequence[Layer]) -> tuple[AuditFinding, ...]:
    stated = next((layer.content.audit for layer in reversed(layers) if layer.content.audit is not None), ())
    return tuple(AuditFinding(**each.model_dump()) for each in stated)
