"""What scheduler jobs start: the services that they call, and whether those work for a phase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checks.context import Context
from checks.control_plane.addresses import Addresses, run_job_of
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import CLOUD_RUN, Service, read_services
from checks.source import SourceError

Targets = Mapping[str, tuple[str, ...]]
"""The services that jobs call, by the names of the jobs; those of a topic are the services that listen to it."""


def start_targets(context: Context) -> None:
    """Ask for what ``targets_of`` needs, before the jobs are known."""
    if context.reads.connected(CLOUD_RUN):
        read_services(context.reads)


def targets_of(context: Context, jobs: Iterable[SchedulerJob]) -> Targets:
    """Return what jobs start. Without an answer of Cloud Run that is what their topics tell: a lost service is told by
    other checks."""
    try:
        services = read_services(context.reads).result() if context.reads.connected(CLOUD_RUN) else ()
    except SourceError:
        services = ()
    return targets_among(context.pipeline, services, jobs)


def unread_services(context: Context) -> SourceError | None:
    """Return why Cloud Run does not say which services there are, None where it does or is not connected."""
    try:
        if context.reads.connected(CLOUD_RUN):
            read_services(context.reads).result()
    except SourceError as error:
        return error
    return None


def targets_among(pipeline: Pipeline, services: Sequence[Service], jobs: Iterable[SchedulerJob]) -> Targets:
    """Return what jobs start, where these are the services that there are."""
    messaging = pipeline.messaging
    listening = messaging.targets if messaging is not None else {}
    addresses = Addresses(pipeline, services)
    found = {}
    for each in jobs:
        target = addresses.target(each.url) if each.url else None
        found[each.name] = (target.service,) if target is not None else listening.get(each.topic, ())
    return found


def feeding(pipeline: Pipeline, targets: Targets, jobs: Iterable[SchedulerJob]) -> frozenset[str]:
    """Return the jobs that work for a phase: those that call one of its services or execute one of its jobs."""
    working = {each.name for each in pipeline.services if each.phase is not None}
    executed = {each.name for each in pipeline.run_jobs if each.phase is not None}
    return frozenset(
        each.name
        for each in jobs
        if working.intersection(targets.get(each.name, ())) or run_job_of(pipeline, each.url) in executed
    )
