"""What surrounds the services while all is well, made from the pipeline file: a scenario states only what differs.

Every topic has exactly its expected push subscriptions, every job succeeded within the hour, every service was
built from the head of the repository, and requests arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zlib import crc32

from bot.scenarios.template import COMMIT
from checks.pipeline import Pipeline
from checks.ports.services import Service

States = dict[str, dict[str, Any]]

REQUESTS = 240
"""Requests to a service, in whatever time is asked about."""

_HASH = "3zs4ujdkqa"
"""Cloud Run puts a project's hash into the addresses of its services."""

_REGION_CODES = {"us-west2": "wl", "us-central1": "uc", "us-east1": "ue", "us-west1": "uw", "europe-west1": "ew"}

JOBS_AN_HOUR = 60
"""Generated jobs start a minute apart, as those of a real project do."""


def hash_address(pipeline: Pipeline, service: str) -> str:
    """Return the address of a service with the project's hash."""
    return f"https://{service}-{_HASH}-{_REGION_CODES.get(pipeline.region, 'xx')}.a.run.app"


def number_address(pipeline: Pipeline, service: str) -> str:
    """Return the address of a service with the project's number."""
    return f"https://{service}-{pipeline.project_number}.{pipeline.region}.run.app"


def push_address(pipeline: Pipeline, service: str, topic: str) -> str:
    """Return the address that Eventarc gives the subscription of a service to a topic."""
    event = quote(f"CUSTOM_PUBSUB_projects/{pipeline.project}/topics/{topic}", safe="")
    return f"{hash_address(pipeline, service)}?__GCP_CloudEventsMode={event}"


def targets(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """Return the services that each topic pushes to; one that the file does not name is made up from the topic."""
    if pipeline.messaging is None:
        return {}
    found = {}
    for topic, count in pipeline.messaging.topics.items():
        known = pipeline.messaging.targets.get(topic, ())[:count]
        numbers = range(1, count - len(known) + 1)
        found[topic] = (*known, *(f"{topic}-subscriber{f'-{number}' if number > 1 else ''}" for number in numbers))
    return found


def unnamed_services(pipeline: Pipeline) -> list[str]:
    """Return the services that topics push to and that the pipeline file does not name."""
    known = {spec.name for spec in pipeline.services}
    return sorted({name for names in targets(pipeline).values() for name in names} - known)


def subscriptions(pipeline: Pipeline) -> States:
    """Return the expected push subscriptions by name."""
    return {
        f"eventarc-{pipeline.region}-{trigger}-sub-001": {"topic": topic, "service": service, "trigger": trigger}
        for topic, services in targets(pipeline).items()
        for service in services
        for trigger in [f"{service}-{crc32(topic.encode()) % 1_000_000:06d}"]
    }


def jobs(pipeline: Pipeline, services: Mapping[str, Service]) -> States:
    """Return the expected jobs, and as many others as there must at least be, spread over the services."""
    if pipeline.scheduler is None:
        return {}
    callable_services = [spec.name for spec in pipeline.services if spec.name in services and not spec.optional]
    if not callable_services:
        return {}
    found: States = {name: {"service": callable_services[0]} for name in pipeline.scheduler.expected}
    for number in range(max(0, pipeline.scheduler.at_least - len(found))):
        turn, place = divmod(number, len(callable_services))
        service = callable_services[place]
        schedule = f"{number % JOBS_AN_HOUR} * * * *"
        found[f"{service}-{turn + 1:02d}"] = {"service": service, "schedule": schedule}
    return found


def triggers(pipeline: Pipeline, services: Mapping[str, Service]) -> States:
    """Return the build trigger of every service that exists and that is built from the repository."""
    deployment = pipeline.deployment
    if deployment is None:
        return {}
    return {
        spec.trigger or deployment.trigger.format(service=spec.name): {
            "repository": deployment.repository or "",
            "included": [f"{folder}/**" for folder in spec.source],
        }
        for spec in pipeline.services
        if spec.name in services and (spec.source or spec.trigger)
    }


def builds(pipeline: Pipeline, services: Mapping[str, Service], now: datetime) -> States:
    """Return the build that deployed each service, finished when the service was deployed."""
    deployment = pipeline.deployment
    if deployment is None:
        return {}
    found: States = {}
    for spec in pipeline.services:
        service = services.get(spec.name)
        if service is None or not (spec.source or spec.trigger):
            continue
        trigger = spec.trigger or deployment.trigger.format(service=spec.name)
        finished = service.deployed_at or now - timedelta(days=7)
        found[trigger] = {
            "trigger": trigger,
            "created_at": finished - timedelta(minutes=6),
            "finished_at": finished,
            "by": service.deployed_by,
        }
    return found


def earlier_revision(service: Service, now: datetime) -> States:
    """Return the revision before the latest: a week older, and with the same environment."""
    return {
        f"{service.name}-00000-old": {
            "created_at": (service.deployed_at or now) - timedelta(days=7),
            "created_by": service.deployed_by,
            "environment": dict(service.environment),
            "labels": dict(service.labels),
        }
    }


def commit(services: Mapping[str, Service], now: datetime) -> dict[str, Any]:
    """Return the commit that every service runs: made before the first of them was deployed."""
    deployed = [each.deployed_at for each in services.values() if each.deployed_at is not None]
    return {
        "id": COMMIT,
        "at": min(deployed, default=now - timedelta(days=7)) - timedelta(hours=1),
        "author": "someone@example.com",
        "subject": "The state that is deployed",
        "files": [],
    }
