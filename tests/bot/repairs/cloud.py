"""The NBA pipeline's Cloud Run, Scheduler and Pub/Sub on loopback, as repairs need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from google.cloud import run_v2
from google.iam.v1.policy_pb2 import Policy as PolicyMessage  # type: ignore[import-untyped]

from bot.cli import main
from bot.definition.pipeline_file import shipped_pipeline
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Revision, Service
from tests.servers.pubsub import PubSubServer
from tests.servers.repairable import RepairableCloudRunServer, RunnableSchedulerServer

SERVICE = "phase3-to-phase4-orchestrator"
INVOKER = "roles/run.invoker"
CALLER = shipped_pipeline().invoker
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


@dataclass(frozen=True, slots=True)
class Cloud:
    """The servers, and the environment in which the product finds them."""

    run: RepairableCloudRunServer
    scheduler: RunnableSchedulerServer
    environment: Mapping[str, str]

    def grant(self, service: str, member: str, role: str = INVOKER, condition: str = "") -> None:
        """Let somebody grant something behind our back."""
        policy = PolicyMessage()
        policy.CopyFrom(self.run.policies.get(service, PolicyMessage()))
        binding = policy.bindings.add(role=role, members=[member])
        if condition:
            binding.condition.expression = condition
            binding.condition.title = "for a while"
        policy.etag += b"!"
        self.run.policies[service] = policy

    def members(self, service: str, role: str = INVOKER) -> set[str]:
        """Return who holds a role without a condition."""
        policy = self.run.policies.get(service, PolicyMessage())
        plain = (each for each in policy.bindings if each.role == role and not each.HasField("condition"))
        return {member for each in plain for member in each.members}


def service(name: str, **fields: object) -> Service:
    """Return a service in order."""
    described = {"latest_created_revision": f"{name}-00001", "latest_ready_revision": f"{name}-00001", **fields}
    return Service(name=name, ready=True, traffic={f"{name}-00001": 100}, **described)  # type: ignore[arg-type]


@contextmanager
def cloud(*, delay: float = 0.0) -> Iterator[Cloud]:
    """Serve every service of the pipeline file, none of which anybody can call; ``delay`` is in seconds."""
    pipeline = shipped_pipeline()
    services = {spec.name: service(spec.name) for spec in pipeline.services}
    revisions = {
        name: [
            Revision(name=f"{name}-00001", service=name, created_at=datetime(2026, 2, 10, tzinfo=UTC), created_by="ci")
        ]
        for name in services
    }
    jobs = [SchedulerJob(name="line-enrichment", enabled=True, schedule="40 13 * * *", status=13)]
    with ExitStack() as stack:
        run = stack.enter_context(RepairableCloudRunServer(services, revisions=revisions, delay=delay))
        for name, each in run.services.items():
            each.etag = '"1"'
            each.traffic = [run_v2.TrafficTarget(type_=LATEST, percent=100)]
            each.template.containers = [run_v2.Container(env=[run_v2.EnvVar(name="GCP_PROJECT", value=f"of-{name}")])]
        scheduler = stack.enter_context(RunnableSchedulerServer(jobs, delay=delay))
        pubsub = stack.enter_context(PubSubServer((), tuple(pipeline.messaging.topics) if pipeline.messaging else ()))
        pubsub.delay = delay
        yield Cloud(
            run,
            scheduler,
            {
                "REVEILLE_PIPELINE": "nba",
                "REVEILLE_RUN_ENDPOINT": run.address,
                "REVEILLE_RESOURCE_MANAGER_ENDPOINT": run.address,
                "REVEILLE_SCHEDULER_ENDPOINT": scheduler.address,
                "PUBSUB_EMULATOR_HOST": pubsub.address,
                # Nothing is asked of these here; naming them means that no credentials are needed.
                "FIRESTORE_EMULATOR_HOST": run.address,
                "BIGQUERY_EMULATOR_HOST": run.address,
                "REVEILLE_CLOUD_BUILD_ENDPOINT": run.address,
                "REVEILLE_MONITORING_ENDPOINT": run.address,
                "REVEILLE_LOGGING_ENDPOINT": run.address,
            },
        )


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Reveille = Callable[..., Said]


def reveille_of(capsys: pytest.CaptureFixture[str]) -> Reveille:
    """Return what runs a command of the shell in this process."""

    def run(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as left:
            main(arguments)
        said = capsys.readouterr()
        return Said(int(left.value.code or 0), said.out, said.err)

    return run
