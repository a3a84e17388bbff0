"""What surrounds the services of a recorded world, behind real protocols: one server for each source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.scenarios.platform_states import FiguresState
from bot.sources.requests.live import PUBSUB_METRICS, PUSHES, REQUESTS
from checks.pipeline import Pipeline
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger
from checks.ports.logs import LOGS
from checks.ports.messaging import PUBSUB, Subscription
from checks.ports.repository import Commit
from checks.ports.requests import MONITORING, SubscriptionFigure
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from tests.servers.cloud_build import CloudBuildServer
from tests.servers.cloud_logging import CloudLoggingServer
from tests.servers.cloud_monitoring import CloudMonitoringServer, Figures
from tests.servers.cloud_scheduler import CloudSchedulerServer
from tests.servers.github import REPOSITORY, GitHubServer, Pushed
from tests.servers.pubsub_writes import WritablePubSubServer
from tests.servers.scripted_grpc import ScriptedGrpcServer


class Recorded(Protocol):
    """The part of a recorded world that is served here; commits are newest first."""

    @property
    def subscriptions(self) -> Sequence[Subscription]: ...

    @property
    def topics(self) -> Sequence[str]: ...

    @property
    def jobs(self) -> Sequence[SchedulerJob]: ...

    @property
    def triggers(self) -> Sequence[BuildTrigger]: ...

    @property
    def builds(self) -> Sequence[Build]: ...

    @property
    def requests(self) -> Mapping[str, int]: ...

    @property
    def responses(self) -> Mapping[str, Mapping[str, int]]: ...

    @property
    def deliveries(self) -> Mapping[str, FiguresState]: ...

    @property
    def commits(self) -> Sequence[Commit]: ...

    @property
    def missing_paths(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class PlatformServers:
    """The servers that run, by the source that they stand for, and where the product finds them."""

    by_source: Mapping[str, ScriptedGrpcServer]
    environment: Mapping[str, str]


def on_github(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline whose repository is the one that is served."""
    if pipeline.deployment is None:
        return pipeline
    return pipeline.model_copy(update={"deployment": pipeline.deployment.model_copy(update={"repository": REPOSITORY})})


def _figures(world: Recorded) -> Figures:
    """Return what Cloud Monitoring has of the subscriptions of a world."""
    figures = {
        f"{PUBSUB_METRICS}/{figure}": {
            (name,): number for name, each in world.deliveries.items() if (number := each.figure(figure)) is not None
        }
        for figure in SubscriptionFigure
    }
    pushes = {
        (name, answer): number for name, each in world.deliveries.items() for answer, number in each.answers.items()
    }
    answers = {(name, answer): number for name, each in world.responses.items() for answer, number in each.items()}
    return {**figures, PUSHES: pushes, REQUESTS: answers}


@contextmanager
def platform_servers(pipeline: Pipeline, world: Recorded, *, delay: float = 0.0) -> Iterator[PlatformServers]:
    """Serve it until the block ends; ``delay`` is in seconds and holds for every answer."""
    folders = {folder.strip("/") for spec in pipeline.services for folder in spec.source} - world.missing_paths
    commits = [
        Pushed(sha=each.id, at=each.at, author=each.author, message=each.subject, files=each.files)
        for each in reversed(world.commits)
    ]
    branch = pipeline.deployment.branch if pipeline.deployment is not None else "main"
    with (
        WritablePubSubServer(world.subscriptions, world.topics, delay=delay) as pubsub,
        CloudSchedulerServer(world.jobs, delay=delay) as scheduler,
        CloudBuildServer(world.triggers, world.builds, delay=delay) as build,
        CloudMonitoringServer(world.requests, _figures(world), delay=delay) as monitoring,
        CloudLoggingServer(delay=delay) as logging,
        GitHubServer(commits, branch=branch, paths=sorted(folders), delay=delay) as github,
    ):
        yield PlatformServers(
            {
                PUBSUB.name: pubsub,
                SCHEDULER.name: scheduler,
                CLOUD_BUILD.name: build,
                MONITORING.name: monitoring,
                LOGS.name: logging,
            },
            {
                "PUBSUB_EMULATOR_HOST": pubsub.address,
                "REVEILLE_SCHEDULER_ENDPOINT": scheduler.address,
                "REVEILLE_CLOUD_BUILD_ENDPOINT": build.address,
                "REVEILLE_MONITORING_ENDPOINT": monitoring.address,
                "REVEILLE_LOGGING_ENDPOINT": logging.address,
                "GITHUB_API_URL": github.address,
            },
        )
