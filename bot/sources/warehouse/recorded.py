"""BigQuery from a scenario: DuckDB, filled with the tables of the world by now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from bot.scenarios.aftermath import Stage, Unfolding
from bot.scenarios.scene import Scene
from bot.scenarios.world import World
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query, Row


def connect(scene: Scene) -> UnfoldingWarehouse:
    """Return the port, its first tables filled."""

    def filled(world: World) -> DuckDbWarehouse:
        pipeline = with_columns(scene.pipeline, world.columns)
        return DuckDbWarehouse(pipeline, world.tables, scene.faults, scene.dataset_prefix)

    return UnfoldingWarehouse(scene.unfolding, filled)


def with_columns(pipeline: Pipeline, columns: Mapping[str, Mapping[str, str]]) -> Pipeline:
    """Return a pipeline some of whose tables have other columns than its file declares."""
    other = {name: pipeline.tables[name].model_copy(update={"columns": each}) for name, each in columns.items()}
    return pipeline.model_copy(update={"tables": {**pipeline.tables, **other}})


class UnfoldingWarehouse:
    """The port ``Warehouse`` on the tables of the world by now; queries under way end on those they began on."""

    def __init__(self, unfolding: Unfolding[World], filled: Callable[[World], DuckDbWarehouse]) -> None:
        self._unfolding = unfolding
        self._filled = filled
        self._lock = threading.Lock()
        self._closed = False
        self._warehouses: dict[Stage, DuckDbWarehouse] = {(): filled(unfolding.first)}

    def query(self, query: Query) -> Sequence[Row]:
        return self._now().query(query)

    def dry_run(self, query: Query) -> int:
        return self._now().dry_run(query)

    def columns(self, table: str) -> Mapping[str, str]:
        return self._now().columns(table)

    def close(self) -> None:
        """Wait for the queries under way and answer no other."""
        with self._lock:
            self._closed = True
            warehouses = list(self._warehouses.values())
        for each in warehouses:
            each.close()

    def _now(self) -> DuckDbWarehouse:
        stage = self._unfolding.stage()
        with self._lock:
            if stage not in self._warehouses and not self._closed:
                self._warehouses[stage] = self._filled(self._unfolding.world_of(stage))
            return self._warehouses.get(stage, self._warehouses[()])
