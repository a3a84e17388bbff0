"""What outlives every process of a storm: services on loopback, who can call them, and the file that describes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.cloud import run_v2
from google.iam.v1.policy_pb2 import Policy as PolicyMessage  # type: ignore[import-untyped]

from bot.playground.slack.requests import PERSON
from checks.ports.services import Service
from tests.faults.story import CHANNEL
from tests.servers.repairable import RepairableCloudRunServer

CALLER = "serviceAccount:caller@example.com"
SERVICES = tuple(f"worker-{number}" for number in range(5))


def caller_of(service: str) -> str:
    """Return who calls a service: three have one caller, so that they are one incident, which can be repaired; the
    others have callers of their own, so that each is an incident that somebody else has to end."""
    return CALLER if service in SERVICES[:3] else f"serviceAccount:calls-{service}@example.com"


INVOKER = "roles/run.invoker"

PIPELINE = f"""\
name: storm
title: Storm
timezone: America/New_York
project: example-project
project_number: "123456789012"
region: us-west2
invoker: {CALLER}
datasets: [events]
tables: {{}}
phases: [{{id: work, title: Work}}]
transitions: []
services: [{", ".join(f"{{name: {name}, phase: work, callers: ['{caller_of(name)}']}}" for name in SERVICES)}]
notifications:
  routes: {{default: {CHANNEL}}}
  digest: {{post: 08:00, refresh: [11:30], late_minutes: 15, quiet: true}}
  watch_minutes: 1
  alerts: {{lowest: P2, remind_minutes: {{P0: 60}}, flap_minutes: 1, unknown_runs: 3}}
  permissions: {{repairers: [{PERSON}], ask: the owners}}
repairs: {{invoker: [{", ".join(SERVICES)}]}}
"""


class CountingCloudRunServer(RepairableCloudRunServer):
    """Counts the policies that were set: those that changed something, and those that had been set already."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.changed: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        super().__init__(services)

    def _set_policy(self, request: Any, context: Any) -> Any:
        name = request.resource.rpartition("/")[2]
        before = members(self.policies.get(name, PolicyMessage()))
        answer = super()._set_policy(request, context)
        (self.again if members(answer) == before else self.changed)[name] += 1
        return answer


@dataclass
class World:
    """The services, and which of them their caller can call."""

    run: CountingCloudRunServer
    environment: Mapping[str, str] = field(default_factory=dict)

    def close(self, name: str) -> None:
        """Take the permission away, as a redeploy does."""
        self._set(name, [])

    def open(self, name: str) -> None:
        """Give it back behind everybody's back."""
        self._set(name, [caller_of(name)])

    def is_open(self, name: str) -> bool:
        return caller_of(name) in members(self.run.policies.get(name, PolicyMessage()))

    def _set(self, name: str, granted: list[str]) -> None:
        former = self.run.policies.get(name, PolicyMessage())
        policy = PolicyMessage(version=3, etag=former.etag + b"!")
        if granted:
            policy.bindings.add(role=INVOKER, members=granted)
        self.run.policies[name] = policy


def members(policy: Any) -> frozenset[str]:
    """Return who holds the role."""
    return frozenset(member for each in policy.bindings if each.role == INVOKER for member in each.members)


@contextmanager
def storm_world() -> Iterator[World]:
    """Serve every service, each open to its caller."""
    with ExitStack() as stack:
        run = stack.enter_context(CountingCloudRunServer({name: _service(name) for name in SERVICES}))
        for each in run.services.values():
            each.etag = '"1"'
            latest = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
            each.traffic = [run_v2.TrafficTarget(type_=latest, percent=100)]
        endpoints = ("RUN", "RESOURCE_MANAGER", "SCHEDULER", "CLOUD_BUILD", "MONITORING", "LOGGING")
        emulators = ("PUBSUB", "FIRESTORE", "BIGQUERY")
        # Nothing is asked of most of these; naming them means that no credentials are needed.
        environment = {f"REVEILLE_{name}_ENDPOINT": run.address for name in endpoints}
        environment |= {f"{name}_EMULATOR_HOST": run.address for name in emulators}
        world = World(run, environment)
        for name in SERVICES:
            world.open(name)
        yield world


def _service(name: str) -> Service:
    revision = f"{name}-00001"
    return Service(
        name=name,
        ready=True,
        traffic={revision: 100},
        latest_created_revision=revision,
        latest_ready_revision=revision,
    )
