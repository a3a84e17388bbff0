"""A large estate behind its protocols: services, their callers, builds, requests and repository.

Each call is as slow as it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from checks.control_plane.grants import INVOKER
from checks.control_plane_spec import Deployment, Invocations, Messaging, SchedulerJobs
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger
from checks.ports.messaging import PUBSUB, Subscription
from checks.ports.policies import Binding, Policy
from checks.ports.requests import MONITORING
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.ports.services import CLOUD_RUN, Revision, Service
from checks.services_spec import ServiceSpec
from tests.servers.cloud_build import CloudBuildServer, build_message
from tests.servers.cloud_monitoring import CloudMonitoringServer
from tests.servers.cloud_run import GoogleControlPlaneServer
from tests.servers.cloud_scheduler import CloudSchedulerServer
from tests.servers.github import REPOSITORY, GitHubServer, Pushed
from tests.servers.pubsub import PubSubServer
from tests.servers.scripted_grpc import ScriptedGrpcServer

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
ACCOUNT = "invoker@example.com"
PROJECT, NUMBER, REGION = "example-project", "123456789", "us-west2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large an estate is. Half of its services are in the pipeline file, the others wait to be discovered.

    The first ``triggers`` services have a build trigger and a source folder each, ``builds`` builds a trigger, and
    ``revisions`` revisions a service. Without triggers there is no repository and nothing is counted.
    """

    services: int = 40
    subscriptions: int = 25
    jobs: int = 130
    triggers: int = 0
    builds: int = 0
    revisions: int = 0

    @property
    def declared(self) -> int:
        """How many services the pipeline file names."""
        return max(self.services // 2, self.triggers)


WHOLE = Shape(triggers=15, builds=20, revisions=8)
"""Everything that a control plane of this size is asked about."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The servers, and the environment in which the product finds them."""

    control_plane: GoogleControlPlaneServer
    pubsub: PubSubServer
    scheduler: CloudSchedulerServer
    build: CloudBuildServer
    monitoring: CloudMonitoringServer
    github: GitHubServer

    @property
    def environment(self) -> Mapping[str, str]:
        nobody = "127.0.0.1:1"
        return {
            "FIRESTORE_EMULATOR_HOST": nobody,
            "BIGQUERY_EMULATOR_HOST": nobody,
            "REVEILLE_RUN_ENDPOINT": self.control_plane.address,
            "REVEILLE_RESOURCE_MANAGER_ENDPOINT": self.control_plane.address,
            "PUBSUB_EMULATOR_HOST": self.pubsub.address,
            "REVEILLE_SCHEDULER_ENDPOINT": self.scheduler.address,
            "REVEILLE_CLOUD_BUILD_ENDPOINT": self.build.address,
            "REVEILLE_MONITORING_ENDPOINT": self.monitoring.address,
            "GITHUB_API_URL": self.github.address,
        }

    @property
    def by_source(self) -> Mapping[str, ScriptedGrpcServer]:
        """The gRPC servers by the source that they stand for."""
        return {
            CLOUD_RUN.name: self.control_plane,
            PUBSUB.name: self.pubsub,
            SCHEDULER.name: self.scheduler,
            CLOUD_BUILD.name: self.build,
            MONITORING.name: self.monitoring,
        }


def _name(number: int) -> str:
    return f"service-{number:03}"


def _folder(number: int) -> str:
    return f"processors/{_name(number)}"


def _address(name: str) -> str:
    return f"https://{name}-abcdefghij-wl.a.run.app"


def described(shape: Shape) -> Pipeline:
    """Return the pipeline of an estate."""
    return Pipeline(
        name="estate",
        title="Estate",
        timezone="UTC",
        project=PROJECT,
        project_number=NUMBER,
        region=REGION,
        invoker=f"serviceAccount:{ACCOUNT}",
        datasets=(),
        tables={},
        phases=(Phase(id="phase1", title="One"),),
        transitions=(),
        services=tuple(_spec(number, shape) for number in range(shape.declared)),
        messaging=Messaging(topics={f"topic-{number}": 1 for number in range(shape.subscriptions)}),
        scheduler=SchedulerJobs(at_least=shape.jobs),
        deployment=Deployment(repository=REPOSITORY) if shape.triggers else None,
        invocations=Invocations() if shape.triggers else None,
    )


def _spec(number: int, shape: Shape) -> ServiceSpec:
    source = (_folder(number),) if number < shape.triggers else ()
    required = ("BUILD_COMMIT",) if source else ()
    return ServiceSpec(name=_name(number), source=source, environment=required, minimum_instances=1 if source else None)


def history(shape: Shape, ids: Sequence[str] = ()) -> tuple[Pushed, ...]:
    """Return the commits of the repository, the oldest first: the last change of each service, one after the other.

    So each service runs another commit, lacks all that came later, and is up to date all the same.
    """
    return tuple(
        Pushed(
            sha=ids[number] if ids else f"{number + 1:040x}",
            at=NOW - timedelta(hours=10 * (shape.triggers - number)),
            message=f"Change {_name(number)}",
            files=(f"{_folder(number)}/main.py",),
        )
        for number in range(shape.triggers)
    )


@contextmanager
def estate(shape: Shape, *, delay: float = 0.0, page_size: int = 1000, commits: Sequence[str] = ()) -> Iterator[Estate]:
    """Serve an estate in order. ``commits`` are the ids of its history, the oldest first, where they must be real."""
    names = [_name(number) for number in range(shape.services)]
    pushed = history(shape, commits)
    deployed = {_name(number): commit.sha for number, commit in enumerate(pushed)}
    services = {name: _service(name, deployed.get(name, "")) for name in names}
    policies = {name: Policy((Binding(INVOKER, frozenset({f"serviceAccount:{ACCOUNT}"})),)) for name in names}
    subscriptions = [
        Subscription(
            name=f"eventarc-{REGION}-trigger-{number:03}-sub-001",
            topic=f"topic-{number}",
            endpoint=_address(names[number % len(names)]),
            account=ACCOUNT,
        )
        for number in range(shape.subscriptions)
    ]
    jobs = [_job(number, names[-1 - number % len(names)]) for number in range(shape.jobs)]
    revisions = {name: _revisions(name, deployed.get(name, ""), shape.revisions) for name in names}
    triggers = [_trigger(number) for number in range(shape.triggers)]
    builds = [build_message(each) for number, commit in enumerate(pushed) for each in _builds(number, commit, shape)]
    paths = [_folder(number) for number in range(shape.triggers)]
    slow: _Slow = {"delay": delay, "page_size": page_size}
    with (
        GoogleControlPlaneServer(services, policies, revisions=revisions, **slow) as control_plane,
        PubSubServer(subscriptions, [each.topic for each in subscriptions], **slow) as pubsub,
        CloudSchedulerServer(jobs, **slow) as scheduler,
        CloudBuildServer(triggers, builds, **slow) as build,
        CloudMonitoringServer(dict.fromkeys(names, 240), **slow) as monitoring,
        GitHubServer(pushed, paths=paths, delay=delay) as github,
    ):
        yield Estate(control_plane, pubsub, scheduler, build, monitoring, github)


class _Slow(TypedDict):
    delay: float
    page_size: int


def _service(name: str, commit: str) -> Service:
    return Service(
        name=name,
        ready=True,
        latest_created_revision=f"{name}-2",
        latest_ready_revision=f"{name}-2",
        traffic={f"{name}-2": 100},
        minimum_instances=1,
        environment={"BUILD_COMMIT": commit} if commit else {},
        labels={"commit-sha": commit} if commit else {},
        uri=_address(name),
        urls=(_address(name),),
    )


def _revisions(service: str, commit: str, count: int) -> list[Revision]:
    """Return the revisions of a service, the newest first, a day between them."""
    return [
        Revision(
            name=f"{service}-{count - number}",
            service=service,
            created_at=NOW - timedelta(days=number + 1),
            created_by="ada@example.com",
            environment={"BUILD_COMMIT": commit} if commit else {},
        )
        for number in range(count)
    ]


def _trigger(number: int) -> BuildTrigger:
    return BuildTrigger(
        id=f"trigger-{number:03}", name=f"deploy-{_name(number)}", repository=REPOSITORY, branch="^main$"
    )


def _builds(number: int, commit: Pushed, shape: Shape) -> list[Build]:
    """Return the builds of a trigger, the newest first: of its service's last commit, and of older ones."""
    return [
        Build(
            id=f"build-{number:03}-{age:03}",
            trigger=f"trigger-{number:03}",
            status="SUCCESS",
            commit=commit.sha if age == 0 else "",
            created_at=commit.at + timedelta(minutes=2) - timedelta(hours=5 * age),
            finished_at=commit.at + timedelta(minutes=6) - timedelta(hours=5 * age),
        )
        for age in range(shape.builds)
    ]


def _job(number: int, service: str) -> SchedulerJob:
    return SchedulerJob(
        name=f"job-{number:04}",
        enabled=True,
        schedule="*/10 * * * *",
        url=f"https://{service}-{NUMBER}.{REGION}.run.app/run",
        account=ACCOUNT,
        last_attempt=NOW - timedelta(minutes=5),
        status=0,
        updated_at=NOW - timedelta(days=9),
    )
