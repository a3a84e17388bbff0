"""Discovering who calls the services of a pipeline: what to ask, and what to say when an answer is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from checks.context import Context
from checks.control_plane import services
from checks.control_plane.addresses import Addresses
from checks.control_plane.callers import CallerKind, Edge
from checks.model import Finding, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.messaging import Subscription, read_subscriptions
from checks.ports.scheduler import SchedulerJob, read_jobs
from checks.ports.services import Service, read_services
from checks.reads import Read
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from checks.unanswered import after, could_not_check

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What discovery found. ``errors`` are the sources that gave no answer: there may be more edges then."""

    edges: tuple[Edge, ...] = ()
    services: tuple[Service, ...] = ()
    errors: tuple[SourceError, ...] = ()

    def of(self, service: str) -> tuple[Edge, ...]:
        """Return the edges to one service."""
        return tuple(edge for edge in self.edges if edge.service == service)


@dataclass(slots=True)
class Discovery:
    """Discovery under way. A kind of caller that the pipeline file has no section for is not looked for."""

    pipeline: Pipeline
    services: Read[Sequence[Service]] | None
    subscriptions: Read[Sequence[Subscription]] | None
    jobs: Read[Sequence[SchedulerJob]] | None
    _errors: list[SourceError] = field(default_factory=list)

    @property
    def on(self) -> bool:
        """Whether anything is looked for."""
        return self.services is not None

    def read(self) -> Discovered:
        """Wait for the answers; a source without one costs what it would have told, and no more."""
        self._errors.clear()
        subscriptions, jobs, services = (
            self._answer(self.subscriptions),
            self._answer(self.jobs),
            self._answer(self.services),
        )
        # Without the services an address cannot be told to be ours, nor its service to be missing.
        edges = edges_of(self.pipeline, subscriptions, jobs, services) if services else ()
        return Discovered(edges=edges, services=tuple(services), errors=tuple(self._errors))

    def _answer(self, look: Read[Sequence[T]] | None) -> Sequence[T]:
        try:
            return look.result() if look is not None else ()
        except SourceError as error:
            self._errors.append(error)
            return ()


def discover(context: Context) -> Discovery:
    """Start every question of discovery at once."""
    messaging, scheduler = context.pipeline.messaging, context.pipeline.scheduler
    return Discovery(
        pipeline=context.pipeline,
        services=read_services(context.reads) if messaging is not None or scheduler is not None else None,
        subscriptions=read_subscriptions(context.reads) if messaging is not None else None,
        jobs=read_jobs(context.reads) if scheduler is not None else None,
    )


def spec_of(pipeline: Pipeline, service: str) -> ServiceSpec:
    """Return what the pipeline file says of a service.

    One that it does not name has the callers that were discovered and no other; one that only watches is optional.
    """
    for spec in pipeline.services:
        if spec.name == service:
            return spec
    moved = [each for each in pipeline.transitions if each.orchestrator == service]
    watches = bool(moved) and all(each.monitoring_only for each in moved)
    return ServiceSpec(name=service, callers=(), optional=watches)


def unnamed(context: Context, found: Discovered) -> Iterator[ServiceSpec]:
    """Yield the services in scope that are called and that the pipeline file does not name, ordered by name."""
    declared = {spec.name for spec in context.pipeline.services}
    for name in sorted({edge.service for edge in found.edges if edge.exists} - declared):
        spec = spec_of(context.pipeline, name)
        if context.in_scope(services.phase_of(context.pipeline, spec)):
            yield spec


def incomplete(found: Discovered, severity: Severity = Severity.P0) -> Iterator[Finding]:
    """Yield a finding for each source that left discovery incomplete; ``severity`` is how bad the truth could be."""
    for error in found.errors:
        subject = f"callers from {error.source}"
        place = Place(PlaceKind.SOURCE, error.source, "callers")
        finding = could_not_check(error, subject=subject, severity=severity, place=place)
        words = "Discovery was incomplete: services may have callers that were not checked."
        yield after(words, finding)


def edges_of(
    pipeline: Pipeline,
    subscriptions: Iterable[Subscription],
    jobs: Iterable[SchedulerJob],
    services: Iterable[Service],
) -> tuple[Edge, ...]:
    """Return every edge to a service of this project and region, ordered by service, subscriptions before jobs.

    A pull subscription and a job that is paused call nobody.
    """
    addresses = Addresses(pipeline, services)
    found = (*_of_subscriptions(subscriptions, addresses), *_of_jobs(jobs, addresses))
    return tuple(sorted(found, key=lambda edge: (edge.service, edge.kind is CallerKind.JOB, edge.name)))


def _of_subscriptions(subscriptions: Iterable[Subscription], addresses: Addresses) -> Iterator[Edge]:
    for each in subscriptions:
        target = addresses.target(each.endpoint) if each.endpoint else None
        if target is not None:
            yield Edge(
                kind=CallerKind.SUBSCRIPTION,
                name=each.name,
                service=target.service,
                exists=target.exists,
                function=target.function,
                account=each.account,
                audience=each.audience,
                url=each.endpoint,
                trigger=each.trigger,
                trigger_region=each.trigger_region,
            )


def _of_jobs(jobs: Iterable[SchedulerJob], addresses: Addresses) -> Iterator[Edge]:
    for each in jobs:
        target = addresses.target(each.url) if each.enabled and each.url else None
        if target is not None:
            yield Edge(
                kind=CallerKind.JOB,
                name=each.name,
                service=target.service,
                exists=target.exists,
                function=target.function,
                account=each.account,
                audience=each.audience,
                url=each.url,
            )
