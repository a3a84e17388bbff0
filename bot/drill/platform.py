"""Faults of what surrounds the data: jobs, services, subscriptions, builds, and the sources that are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.drill.fault import Faults, Healthy, PutFault
from bot.scenarios.platform_states import FiguresState
from bot.scenarios.scenario import Fault
from bot.scenarios.world import Change, World
from checks.control_plane.run_jobs import asked_of
from checks.places import Place, PlaceKind
from checks.ports.builds import Build
from checks.ports.messaging import Subscription
from checks.ports.policies import Policy
from checks.ports.repository import Commit
from checks.ports.run_jobs import ExecutionState, RunJob
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import SECRET, Service
from checks.services_spec import ServiceSpec

LONG = timedelta(days=9)
"""For so long nobody has tried a job that is silent: longer than a week, which is the rarest schedule but one."""

JUST_DEPLOYED = timedelta(hours=2)
"""So long ago a variable was changed: by a deploy, since nothing else changes one."""

FAILED = 13
"""The gRPC code of an internal error, as Cloud Scheduler notes an answer of 500."""


def jobs_faults(healthy: Healthy) -> Faults:
    """Jobs: failing, silent, paused, deleted; executions of Cloud Run that fail, hang, are cancelled or never made."""
    yield from _executions(healthy)
    for job in healthy.world.jobs:
        if not job.enabled:
            continue
        place = Place(PlaceKind.JOB, job.name)
        failing = replace(job, status=FAILED, message="HTTP 500")
        silent = replace(job, last_attempt=healthy.world.now - LONG)
        for name, broken in (
            ("failing", failing),
            ("silent", silent),
            ("paused", replace(job, enabled=False)),
            ("deleted", None),
        ):
            yield PutFault(kind="jobs", name=name, place=place, change=_job(job.name, broken))


def _executions(healthy: Healthy) -> Faults:
    now = healthy.world.now
    asked = asked_of(healthy.pipeline, healthy.world.jobs)
    for job in healthy.world.run_jobs:
        broken = [
            ("execution failed", replace(job, state=ExecutionState.FAILED)),
            ("execution cancelled", replace(job, state=ExecutionState.CANCELLED)),
            ("execution hangs", replace(job, state=ExecutionState.RUNNING, started_at=now - LONG, ended_at=None)),
        ]
        if job.name in asked:
            broken.append(("not executed", replace(job, started_at=now - LONG, ended_at=now - LONG)))
        place = Place(PlaceKind.RUN_JOB, job.name)
        for name, instead in broken:
            yield PutFault(kind="jobs", name=name, place=place, change=_run_job(instead))


def _run_job(broken: RunJob) -> Change:
    return lambda world: replace(
        world, run_jobs=tuple(broken if each.name == broken.name else each for each in world.run_jobs)
    )


def _job(name: str, broken: SchedulerJob | None) -> Change:
    def change(world: World) -> World:
        others = (each if each.name != name else broken for each in world.jobs)
        return replace(world, jobs=tuple(each for each in others if each is not None))

    return change


def services_faults(healthy: Healthy) -> Faults:
    """Services: missing, not ready, an old revision serves, a variable lost, changed or misspelled, no instances,
    closed."""
    for spec in healthy.pipeline.services:
        service = healthy.world.services.get(spec.name)
        if service is None or spec.optional:
            continue
        place = Place(PlaceKind.SERVICE, spec.name)
        for name, detail, change in _of_service(healthy, spec, service):
            yield PutFault(kind="services", name=name, detail=detail, place=place, change=change)


def _of_service(healthy: Healthy, spec: ServiceSpec, service: Service) -> list[tuple[str, str, Change]]:
    newer = service.latest_created_revision.replace("-00001-", "-00002-") + "n"
    stuck = replace(service, ready=False, reason="HealthCheckContainerError", latest_created_revision=newer)
    old = replace(service, latest_created_revision=newer, latest_ready_revision=newer)
    found = [
        ("missing", "", _service(spec.name, None)),
        ("not ready", "", _service(spec.name, stuck)),
        ("old revision serves", "", _service(spec.name, old)),
    ]
    for variable in spec.environment:
        if variable in service.environment:
            rest = {name: value for name, value in service.environment.items() if name != variable}
            found.append(("variable lost", variable, _service(spec.name, replace(service, environment=rest))))
            if service.environment[variable] != SECRET:
                value = service.environment[variable]
                for name, other in (("changed", f"{value}-old"), ("misspelled", f"{value} ")):
                    deployed = replace(
                        service, environment={**service.environment, variable: other}, latest_created_revision=newer,
                        latest_ready_revision=newer, traffic={newer: 100},
                        deployed_at=healthy.world.now - JUST_DEPLOYED,
                    )  # fmt: skip
                    found.append((f"variable {name}", variable, _service(spec.name, deployed)))
    if spec.minimum_instances and service.minimum_instances:
        found.append(("no instances", "", _service(spec.name, replace(service, minimum_instances=0))))
    callers = (healthy.pipeline.invoker,) if spec.callers is None else spec.callers
    if any(callers) and spec.name in healthy.world.policies:
        found.append(("closed", "", _closed(spec.name)))
    return found


def _service(name: str, broken: Service | None) -> Change:
    def change(world: World) -> World:
        services = {key: each for key, each in world.services.items() if key != name}
        if broken is None:
            policies = {key: each for key, each in world.policies.items() if key != name}
            return replace(world, services=services, policies=policies)
        revisions = dict(world.revisions)
        newest, *rest = revisions.get(name, ()) or (None,)
        if newest is not None:
            at = broken.deployed_at or newest.created_at
            latest = replace(newest, name=broken.latest_created_revision, environment=broken.environment, created_at=at)
            before = rest if latest.name == newest.name else [newest, *rest]
            revisions[name] = (latest, *before)
        return replace(world, services=dict(sorted({**services, name: broken}.items())), revisions=revisions)

    return change


def _closed(name: str) -> Change:
    return lambda world: replace(world, policies={**world.policies, name: Policy((), etag="drill")})


def subscriptions_faults(healthy: Healthy) -> Faults:
    """Push subscriptions: missing, doubled, detached, wrong audience, a backlog."""
    messaging = healthy.pipeline.messaging
    topics: Mapping[str, int] = messaging.topics if messaging is not None else {}
    for each in healthy.world.subscriptions:
        if not each.endpoint or each.topic not in topics:
            continue
        broken: list[tuple[str, tuple[Subscription, ...]]] = [
            ("missing", ()),
            ("doubled", (each, replace(each, name=f"{each.name}-again", trigger=""))),
            ("detached", (replace(each, detached=True),)),
            ("wrong audience", (replace(each, audience="https://another.example.com"),)),
        ]
        place = Place(PlaceKind.SUBSCRIPTION, each.name)
        for name, instead in broken:
            yield PutFault(kind="subscriptions", name=name, place=place, change=_subscription(each.name, instead))
        if messaging is not None and messaging.delivery is not None:
            yield PutFault(kind="subscriptions", name="backlog", place=place, change=_backlog(each.name))


def _subscription(name: str, instead: tuple[Subscription, ...]) -> Change:
    def change(world: World) -> World:
        others = [each for each in world.subscriptions if each.name != name]
        return replace(world, subscriptions=tuple(sorted((*others, *instead), key=lambda each: each.name)))

    return change


def _backlog(name: str) -> Change:
    figures = FiguresState(oldest_seconds=4 * 3600, undelivered=500)
    return lambda world: replace(world, deliveries={**world.deliveries, name: figures})


def builds_faults(healthy: Healthy) -> Faults:
    """Builds: the newest failed, or a change of a service's code was never deployed."""
    now = healthy.world.now
    services = {each.name: each for each in healthy.pipeline.services}
    triggers = {each.id: each for each in healthy.world.triggers}
    last = {each.trigger: each for each in sorted(healthy.world.builds, key=lambda each: each.created_at)}
    for identity, build in last.items():
        trigger = triggers.get(identity)
        if trigger is None:
            continue
        name = next((each for each in services if each in trigger.name), trigger.name)
        failed = replace(
            build, id=f"{build.id}-again", status="FAILURE", created_at=now - timedelta(hours=2),
            finished_at=now - timedelta(hours=2), detail="step 1 exited with 1",
        )  # fmt: skip
        yield PutFault(kind="builds", name="failed", place=Place(PlaceKind.BUILD, name), change=_build(failed))
    for spec in services.values():
        if spec.source and spec.name in healthy.world.services and not spec.optional:
            commit = Commit(
                id="5d" * 20, at=now - timedelta(days=4), author="someone@example.com", subject="Change it",
                files=(f"{spec.source[0].rstrip('/')}/main.py",),
            )  # fmt: skip
            yield PutFault(
                kind="builds", name="stale", place=Place(PlaceKind.SERVICE, spec.name), change=_commit(commit)
            )


def _build(build: Build) -> Change:
    return lambda world: replace(world, builds=(build, *world.builds))


def _commit(commit: Commit) -> Change:
    return lambda world: replace(world, commits=(commit, *world.commits))


def sources_faults(healthy: Healthy) -> Faults:
    """Sources: down, too slow, or one table or collection of them unreadable."""
    stated: tuple[tuple[str, Any], ...] = (("down", "unavailable"), ("slow", "timed out"))
    for source in sorted(healthy.asked):
        place = Place(PlaceKind.SOURCE, source)
        for name, problem in stated:
            fault = Fault(source=source, problem=problem)
            yield PutFault(kind="sources", name=name, place=place, change=_fault(fault))
    parts = [("BigQuery", table) for table in healthy.world.tables if table in healthy.tables]
    collections = {each.state for each in healthy.pipeline.transitions if each.state and not each.monitoring_only}
    held = {path.partition("/")[0] for path in healthy.world.documents}
    parts += [("Firestore", each) for each in sorted(collections & held)]
    for source, only in parts:
        if source not in healthy.asked:
            continue
        fault = Fault(source=source, only=only, problem="denied")
        place = Place(PlaceKind.SOURCE, source)
        yield PutFault(kind="sources", name="half", place=place, detail=only, change=_fault(fault))


def _fault(fault: Fault) -> Change:
    return lambda world: replace(world, faults=(*world.faults, fault))
