"""The embedded default: every port answered from a scenario, on a laptop, without an account."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.local.control_plane import ScenarioControlPlane
from bot.local.documents import ScenarioDocuments
from bot.local.faults import Faults
from bot.local.platform import (
    ScenarioAudit,
    ScenarioBuilds,
    ScenarioMessaging,
    ScenarioRepository,
    ScenarioRequests,
    ScenarioScheduler,
)
from bot.local.repairs import RunnableScheduler, ScenarioPlatform
from bot.local.scenario import Scenario
from checks.pipeline import Pipeline
from checks.ports import Ports
from checks.reads import AUDIT, REPOSITORY

NEEDED = ("duckdb",)


class DemoExtraMissing(RuntimeError):  # noqa: N818 - reads as what it says
    """The packages of the embedded default are not installed; the message says how to get them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPorts(Ports):
    """Ports on a scenario. ``now`` is its instant; ``platform`` repairs it; ``close`` lets go of what hangs."""

    now: datetime
    platform: ScenarioPlatform
    closers: tuple[Callable[[], None], ...] = field(repr=False)

    def close(self) -> None:
        """End questions that hang, wait for queries under way, answer no other."""
        for close in self.closers:
            close()


def embedded_ports(pipeline: Pipeline, scenario: Scenario, dataset_prefix: str = "") -> EmbeddedPorts:
    """Build the scenario's world behind the ports.

    Raises PipelineFileError for a scenario that does not fit the pipeline, DemoExtraMissing.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise DemoExtraMissing(f"Scenarios need {names}: run `pip install 'reveille[demo]'`, or `make demo`.")
    from bot.local.aftermath import Unfolding, UnfoldingWarehouse  # noqa: PLC0415 - they need the extra, too
    from bot.local.warehouse import DuckDbWarehouse  # noqa: PLC0415 - an extra that production does without

    unfolding = Unfolding(pipeline, scenario)
    world = unfolding.first
    faults = Faults(world.faults)
    scheduler = RunnableScheduler(ScenarioScheduler(unfolding.world, faults))
    # The very mappings that repairs write are those that are read.
    platform = ScenarioPlatform(
        pipeline=pipeline,
        services=dict(world.services),
        policies=dict(world.policies),
        revisions=dict(world.revisions),
        scheduler=scheduler,
        faults=faults,
        now=world.now,
    )
    unfolding.watch(platform)
    warehouse = UnfoldingWarehouse(
        unfolding, lambda by_now: DuckDbWarehouse(pipeline, by_now.tables, faults, dataset_prefix)
    )
    return EmbeddedPorts(
        documents=ScenarioDocuments(lambda: unfolding.world().documents, faults),
        warehouse=warehouse,
        control_plane=ScenarioControlPlane(
            platform.services, platform.policies, world.project_policy, faults, platform.revisions
        ),
        messaging=ScenarioMessaging(unfolding.world, faults),
        scheduler=scheduler,
        builds=ScenarioBuilds(unfolding.world, faults),
        requests=ScenarioRequests(unfolding.world, faults),
        repository=ScenarioRepository(unfolding.world, faults) if has_repository(pipeline, scenario) else None,
        audit=ScenarioAudit(unfolding.world, faults) if has_audit(pipeline, scenario) else None,
        now=world.now,
        platform=platform,
        closers=(faults.close, warehouse.close),
    )


def has_repository(pipeline: Pipeline, scenario: Scenario) -> bool:
    """Whether there is a repository: where the pipeline file says what is deployed, or a layer of the scenario says
    something of it. One that nobody mentioned would prove something that nobody looked at."""
    stated = any(layer.content.repository is not None for layer in scenario.layers)
    return pipeline.deployment is not None or stated or _fails(REPOSITORY, scenario)


def has_audit(pipeline: Pipeline, scenario: Scenario) -> bool:
    """Whether there are deploy scripts to audit; see ``has_repository``."""
    stated = any(layer.content.audit is not None for layer in scenario.layers)
    return pipeline.deployment is not None or stated or _fails(AUDIT, scenario)


def _fails(source: str, scenario: Scenario) -> bool:
    return any(fault.source == source for layer in scenario.layers for fault in layer.content.faults or ())
