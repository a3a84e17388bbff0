"""A small estate for the checks on callers: services with their addresses, subscriptions, jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from checks.control_plane.grants import INVOKER
from checks.control_plane_spec import Messaging, SchedulerJobs
from checks.model import CheckResult
from checks.pipeline import Pipeline
from checks.ports.messaging import Subscription
from checks.ports.policies import Binding, Policy
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service
from checks.registry import Check
from checks.source import SourceError
from tests import fakes

PROJECT, NUMBER, REGION = "example-project", "123456789", "us-west2"
HASH = "abcdefghij-wl"
ACCOUNT = "invoker@example.com"
UPDATED = datetime(2026, 1, 1, tzinfo=UTC)


def hashed(name: str, tail: str = "") -> str:
    return f"https://{name}-{HASH}.a.run.app{tail}"


def numbered(name: str, tail: str = "") -> str:
    return f"https://{name}-{NUMBER}.{REGION}.run.app{tail}"


def function_address(name: str, tail: str = "") -> str:
    return f"https://{REGION}-{PROJECT}.cloudfunctions.net/{name}{tail}"


def service(name: str, **changes: Any) -> Service:
    described: dict[str, Any] = {
        "name": name,
        "ready": True,
        "latest_created_revision": f"{name}-2",
        "latest_ready_revision": f"{name}-2",
        "traffic": {f"{name}-2": 100},
        "uri": hashed(name),
        "urls": (hashed(name), numbered(name)),
    }
    return Service(**{**described, **changes})


def push(name: str, topic: str = "orders", endpoint: str = "", account: str = ACCOUNT, **more: Any) -> Subscription:
    """Return a push subscription, unless stated to the service "worker"."""
    return Subscription(name=name, topic=topic, endpoint=endpoint or hashed("worker"), account=account, **more)


def job(name: str, url: str = "", **changes: Any) -> SchedulerJob:
    """Return a job that has succeeded, unless stated to the service "worker"."""
    described: dict[str, Any] = {
        "enabled": True,
        "schedule": "0 * * * *",
        "url": url or numbered("worker", "/run"),
        "account": ACCOUNT,
        "last_attempt": fakes.MORNING,
        "status": 0,
        "updated_at": UPDATED,
    }
    return SchedulerJob(name=name, **{**described, **changes})


def granted(*accounts: str) -> Policy:
    return Policy((Binding(INVOKER, frozenset(f"serviceAccount:{each}" for each in accounts or (ACCOUNT,))),))


def pipeline(**parts: Any) -> Pipeline:
    """Return a pipeline that discovers both kinds of callers."""
    return fakes.pipeline(**{"messaging": Messaging(topics={}), "scheduler": SchedulerJobs(), **parts})


def run(  # noqa: PLR0913 - one argument a source
    check: Check,
    *,
    services: Sequence[Service] | SourceError = (),
    policies: dict[str, Policy | SourceError] | None = None,
    project: Policy | SourceError | None = None,
    subscriptions: Sequence[Subscription] | SourceError = (),
    topics: Sequence[str] | SourceError | None = None,
    jobs: Sequence[SchedulerJob] | SourceError = (),
    described: Pipeline | None = None,
    phases: frozenset[str] | None = None,
    plane: fakes.FakeControlPlane | None = None,
    jobs_before: Sequence[SchedulerJob] = (),
) -> CheckResult:
    """Run a check on an estate; an exception in place of a list is a source that gives no answer."""
    states: dict[str, Any] = (
        {"any": services} if isinstance(services, SourceError) else {each.name: each for each in services}
    )
    world = fakes.ports(
        control_plane=plane or fakes.FakeControlPlane(states, policies, project),
        messaging=fakes.FakeMessaging(subscriptions, topics),
        scheduler=fakes.FakeScheduler(jobs),
    )
    return fakes.run_check(check, described or pipeline(), world, phases=phases, jobs_before=jobs_before)
