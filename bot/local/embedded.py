"""The embedded default: every port answered from a scenario, on a laptop, without an account."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.local.control_plane import ScenarioControlPlane
from bot.local.documents import ScenarioDocuments
from bot.local.faults import Faults
from bot.local.scenario import Scenario
from bot.local.world import build_world
from checks.pipeline import Pipeline
from checks.ports import Ports

NEEDED = ("duckdb", "sqlglot")


class DemoExtraMissing(RuntimeError):  # noqa: N818 - reads as what it says
    """The packages of the embedded default are not installed; the message says how to get them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPorts(Ports):
    """Ports on a scenario. ``now`` is its instant; ``close`` lets go of what hangs."""

    now: datetime
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
    from bot.local.warehouse import DuckDbWarehouse  # noqa: PLC0415 - an extra that production does without

    world = build_world(pipeline, scenario)
    faults = Faults(world.faults)
    warehouse = DuckDbWarehouse(pipeline, world.tables, faults, dataset_prefix)
    return EmbeddedPorts(
        documents=ScenarioDocuments(world.documents, faults),
        warehouse=warehouse,
        control_plane=ScenarioControlPlane(world.services, world.policies, world.project_policy, faults),
        now=world.now,
        closers=(faults.close, warehouse.close),
    )
