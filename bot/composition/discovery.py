"""What ``reveille init`` reads: tables of this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.composition.extras import embedded_engine
from bot.discovery.discover import Discoverer, FoundTable, FoundTables, as_instants, why_not
from checks.pipeline import Pipeline, Table


def discover_local(path: Path, zone: ZoneInfo, today: date, tell: Callable[[int, int], None]) -> FoundTables:
    """Read the tables that lie at a path. Raises SettingsError for what cannot be read, DemoExtraMissing."""
    embedded_engine("Tables of this machine")
    from bot.sources.warehouse.local import LocalData, LocalWarehouse  # noqa: PLC0415 - production does without

    data = LocalData(path)
    found = {name: FoundTable(columns=as_instants(table.columns)) for name, table in data.tables.items()}
    declared = {
        name: Table.model_construct(columns=each.columns)
        for name, each in found.items()
        if not why_not(name, each.columns)
    }
    pipeline = Pipeline(name="init", timezone=zone.key).model_copy(update={"tables": declared})
    with closing(LocalWarehouse(data, pipeline)) as warehouse:
        return Discoverer(warehouse, zone, today, tell=tell).discover(found)
