"""The servers' process: records the world, serves it, and tells what was asked of it.

Prints one line of JSON when it listens, then one for each line that it reads: what was seen since the
last. It ends when its input does, so also when whoever started it dies.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from bot.composition.scenario import scenario_ports
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import Request
from bot.scenarios.platform_states import LogsState
from bot.scenarios.scenario import Scenario, load_scenario
from bot.scenarios.world import World, build_world
from checks.pipeline import Pipeline
from checks.ports.policies import RESOURCE_MANAGER
from checks.ports.run_jobs import CLOUD_RUN_JOBS
from checks.ports.services import CLOUD_RUN
from tests.bench.bigquery_server import BigQueryServer
from tests.bench.firestore_server import FirestoreServer
from tests.bench.measured import figures_of
from tests.bench.processes import reply
from tests.bench.recording import Recorder, record
from tests.bench.seen import Seen
from tests.servers.cloud_logging import LIST_LOG_ENTRIES, CloudLoggingServer
from tests.servers.cloud_run import GET_PROJECT_POLICY, LIST_JOBS, GoogleControlPlaneServer
from tests.servers.platform import platform_servers
from tests.servers.scripted_grpc import ScriptedGrpcServer

SCENARIO = "healthy-morning"


def recorded(pipeline: Pipeline, name: str = SCENARIO) -> tuple[Recorder, World, Mapping[str, object]]:
    """Return the recorded answers, the world that they come from, and how to run the same validation again."""
    scenario = _with_what_is_empty(load_scenario(name))
    ports = scenario_ports(pipeline, scenario)
    date = scenario.file.requested
    recorder, report = record(pipeline, ports, ports.now, Request(interval=date))
    ports.close()
    again = {"scenario": name, "now": ports.now.isoformat(), "date": date, **figures_of(report)}
    return recorder, build_world(pipeline, scenario), again


def _with_what_is_empty(scenario: Scenario) -> Scenario:
    """Let a world say of Cloud Logging and of Cloud Run's jobs what their servers say: read, and there are none."""
    *below, last = scenario.layers
    told = last.content.model_copy(update={"logs": LogsState(changes=()), "run_jobs": {}})
    return Scenario(layers=(*below, replace(last, content=told)))


def _control_plane(world: Recorder, delay: float) -> GoogleControlPlaneServer:
    return GoogleControlPlaneServer(
        services=world.known_services,
        policies={name: policy for name, policy in world.policies.items() if policy is not None},
        project_policy=world.project,
        revisions=world.latest,
        delay=delay,
    )


def _note_calls(server: ScriptedGrpcServer, seen: Seen, source: str) -> None:
    """Move what a gRPC server has counted to where everything is counted."""
    calls, server.calls = server.calls, Counter()
    if isinstance(server, CloudLoggingServer):
        # One project is asked several things; what is asked stands in the filter.
        asked, server.requests = server.requests, []
        for request in asked:
            seen.add(source, LIST_LOG_ENTRIES, f"{request.filter} {request.page_token}")
        return
    for method, name in calls.elements():
        seen.add(_ELSEWHERE.get((source, method), source), method, name)


_ELSEWHERE = {
    (CLOUD_RUN.name, GET_PROJECT_POLICY): RESOURCE_MANAGER.name,
    (CLOUD_RUN.name, LIST_JOBS): CLOUD_RUN_JOBS.name,
}
"""What the server of Cloud Run answers for other sources."""


async def serve(
    pipeline: Pipeline, recorder: Recorder, world: World, again: Mapping[str, object], delay: float
) -> None:
    """Serve the recorded answers until the input ends."""
    seen = Seen()
    firestore = FirestoreServer(recorder.documents, recorder.collections, delay, seen)
    bigquery = BigQueryServer(recorder.answers, delay, seen)
    with (
        firestore as documents_address,
        _control_plane(recorder, delay) as control_plane,
        platform_servers(pipeline, world, delay=delay) as platform,
    ):
        addresses = {
            "FIRESTORE_EMULATOR_HOST": documents_address,
            "BIGQUERY_EMULATOR_HOST": await bigquery.start(),
            "REVEILLE_RUN_ENDPOINT": control_plane.address,
            "REVEILLE_RESOURCE_MANAGER_ENDPOINT": control_plane.address,
            **platform.environment,
        }
        reply({**again, "environment": addresses})
        while await asyncio.to_thread(sys.stdin.readline):
            for source, server in {CLOUD_RUN.name: control_plane, **platform.by_source}.items():
                _note_calls(server, seen, source)
            reply(seen.take())


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, required=True, help="seconds until each answer")
    pipeline = shipped_pipeline()
    asyncio.run(serve(pipeline, *recorded(pipeline), parser.parse_args().delay))


if __name__ == "__main__":
    main()
