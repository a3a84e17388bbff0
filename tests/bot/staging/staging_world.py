"""Staging's ports as plain dictionaries, a small pipeline with a staging section, and the ground on both."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.staging.environment import StagingEnvironment
from bot.staging.ports import Copied, Copy, Dataset, RunningService, StagingPorts, StoredTable, WantedCopy
from bot.staging.prefix import LABEL, Prefix
from checks.pipeline import Pipeline
from checks.pipeline import Table as TableSpec
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from checks.staging_spec import Seed, StagedService, Staging
from tests.fakes import pipeline

PROJECT = "example-project"
NIGHT = date(2026, 2, 10)
NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
PREFIX = Prefix("test_")
OURS = {LABEL: "test"}
INVOKER = "serviceAccount:caller@example.com"

PLAYERS = TableSpec(
    partition="game_date", columns={"game_date": "DATE", "player_lookup": "STRING", "points": "FLOAT64"}
)
QUEUE = TableSpec(columns={"processor_name": "STRING", "inserted_at": "TIMESTAMP"})

STAGING = Staging(
    seed=(Seed(table="nba_analytics.players"), Seed(table="nba_orchestration.queue", date="inserted_at")),
    row_limit=100,
    services=(StagedService(name="worker", topics={"READY_TOPIC": "ready-prod"}), StagedService(name="exporter")),
    collections=("phase3_completion",),
)


def staged_pipeline(staging: Staging | None = STAGING, **parts: Any) -> Pipeline:
    return pipeline(
        **{
            "project": PROJECT,
            "region": "us-west2",
            "invoker": INVOKER,
            "datasets": ("nba_analytics", "nba_orchestration"),
            "tables": {"nba_analytics.players": PLAYERS, "nba_orchestration.queue": QUEUE},
            "services": (ServiceSpec(name="worker"), ServiceSpec(name="exporter", callers=())),
            "staging": staging,
            **parts,
        }
    )


class FakeTables:
    """BigQuery as dictionaries. ``throttled`` counts down the copies of a table that meet the quota."""

    def __init__(self) -> None:
        self.known: dict[str, Dataset] = {}
        self.content: dict[str, StoredTable] = {}
        self.rows: dict[str, list[Mapping[str, Any]]] = {}
        self.throttled: dict[str, int] = {}
        self.refused: dict[str, SourceError] = {}
        self.copied: list[str] = []
        self.gate: threading.Barrier | None = None
        self._lock = threading.Lock()

    def add(self, table: StoredTable, rows: Sequence[Mapping[str, Any]] = ()) -> None:
        self.content[table.id] = replace(table, rows=len(rows))
        self.rows[table.id] = list(rows)

    def datasets(self) -> Mapping[str, Mapping[str, str]]:
        return {name: each.labels for name, each in self.known.items()}

    def dataset(self, name: str) -> Dataset | None:
        return self.known.get(name)

    def create_dataset(self, dataset: Dataset) -> None:
        if dataset.name in self.known:
            raise SourceError("BigQuery", Problem.INVALID, f"creating the dataset {dataset.name!r}: Already Exists")
        self.known[dataset.name] = dataset

    def delete_dataset(self, name: str) -> None:
        if name not in self.known or self.tables(name):
            raise SourceError("BigQuery", Problem.INVALID, f"deleting the dataset {name!r}: it is not there or in use")
        del self.known[name]

    def tables(self, dataset: str) -> Sequence[str]:
        return sorted(name for name, each in self.content.items() if each.dataset == dataset)

    def table(self, table_id: str) -> StoredTable | None:
        return self.content.get(table_id)

    def create_like(self, source: StoredTable, target: str, labels: Mapping[str, str]) -> None:
        with self._lock:
            if target not in self.content:
                dataset, _, name = target.partition(".")
                fresh = replace(source, dataset=dataset, name=name, labels=labels, modified=NOW, view=False)
                self.add(fresh)

    def measure(self, copy: Copy) -> int:
        return 1024**2 * len(self.rows[copy.source])

    def replace(self, copy: Copy) -> int:
        if self.gate is not None:
            self.gate.wait(10)
        with self._lock:
            if copy.source in self.refused:
                raise self.refused[copy.source]
            if self.throttled.get(copy.source, 0):
                self.throttled[copy.source] -= 1
                raise SourceError("BigQuery", Problem.THROTTLED, "quota exceeded", advice="Wait.", retryable=True)
            self.copied.append(copy.source)
            chosen = [row for row in self.rows[copy.source] if _on_the_day(copy, row)][: copy.limit]
            kept = [row for row in self.rows[copy.target] if not _on_the_day(copy, row)]
            self.rows[copy.target] = [*kept, *chosen]
            self.content[copy.target] = replace(self.content[copy.target], rows=len(self.rows[copy.target]))
            return len(chosen)

    def label_table(self, table_id: str, labels: Mapping[str, str]) -> None:
        with self._lock:
            table = self.content[table_id]
            self.content[table_id] = replace(table, labels={**table.labels, **labels})

    def delete_table(self, table_id: str) -> None:
        self.content.pop(table_id, None)
        self.rows.pop(table_id, None)


def _on_the_day(copy: Copy, row: Mapping[str, Any]) -> bool:
    value = row[copy.column]
    if copy.since is None or copy.until is None:
        return bool(value == copy.day)
    return bool(copy.since <= value < copy.until)


class FakeServices:
    """Cloud Run as dictionaries."""

    def __init__(self) -> None:
        self.originals: dict[str, RunningService] = {}
        self.others: dict[str, Copied] = {}
        self.members: dict[str, set[str]] = {}
        self.deployed: list[WantedCopy] = []
        self.starts = True
        self.forgets_grants = False

    def running(self, name: str) -> RunningService | None:
        return self.originals.get(name)

    def copied(self, name: str) -> Copied | None:
        return self.others.get(name)

    def copies(self) -> Sequence[Copied]:
        return [each for _, each in sorted(self.others.items()) if LABEL in each.labels]

    def deploy(self, deployment: WantedCopy) -> Copied:
        self.deployed.append(deployment)
        copy = Copied(
            name=deployment.name,
            labels=deployment.labels,
            image=deployment.origin.image,
            service_account=deployment.origin.service_account,
            environment={**deployment.origin.environment, **deployment.environment},
            ready=self.starts,
            reason="" if self.starts else "The container failed to start",
            uri=f"https://{deployment.name}.example.com",
        )
        self.others[deployment.name] = copy
        return copy

    def delete(self, name: str) -> None:
        del self.others[name]

    def grant(self, name: str, members: Sequence[str]) -> bool:
        there = self.members.setdefault(name, set())
        added = set(members) - there
        if not self.forgets_grants:
            there |= added
        return bool(added)

    def invokers(self, name: str) -> frozenset[str]:
        return frozenset(self.members.get(name, ()))


class FakeTopics:
    """Pub/Sub as a dictionary from topics to labels."""

    def __init__(self) -> None:
        self.known: dict[str, Mapping[str, str]] = {}

    def labels(self, name: str) -> Mapping[str, str] | None:
        return self.known.get(name)

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        return {name: labels for name, labels in self.known.items() if LABEL in labels}

    def create(self, name: str, labels: Mapping[str, str]) -> None:
        self.known[name] = labels

    def delete(self, name: str) -> None:
        del self.known[name]


class FakeCollections:
    """Firestore as a dictionary from collections to the last write by id."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, datetime]] = {}

    def documents(self, collection: str) -> Mapping[str, datetime]:
        return dict(self.known.get(collection, {}))


@dataclass
class World:
    """Production as it is before staging: two datasets, two tables, two services, one document."""

    tables: FakeTables = field(default_factory=FakeTables)
    services: FakeServices = field(default_factory=FakeServices)
    topics: FakeTopics = field(default_factory=FakeTopics)
    collections: FakeCollections = field(default_factory=FakeCollections)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables.known = {
            "nba_analytics": Dataset(name="nba_analytics", location="us-west2"),
            "nba_orchestration": Dataset(name="nba_orchestration", location="EU"),
        }
        self.tables.add(
            StoredTable(
                dataset="nba_analytics",
                name="players",
                columns={**PLAYERS.columns, "rebounds": "INTEGER"},
                partition="game_date",
                modified=NOW - timedelta(hours=3),
            ),
            [{"game_date": NIGHT + timedelta(days=day), "player_lookup": f"p{day}"} for day in (-1, 0, 0, 0, 1)],
        )
        self.tables.add(
            StoredTable(dataset="nba_orchestration", name="queue", columns=QUEUE.columns, modified=NOW),
            [{"processor_name": "a", "inserted_at": NOW - timedelta(hours=hour)} for hour in (7, 8, 9, 40)],
        )
        environment = {"READY_TOPIC": "ready-prod", "GCP_PROJECT": PROJECT}
        self.services.originals = {
            "worker": RunningService(
                name="worker",
                revision="worker-00007",
                image="image:7",
                service_account="worker@example.com",
                environment=environment,
            ),
            "exporter": RunningService(
                name="exporter", revision="exporter-00002", image="image:2", service_account="", environment={}
            ),
        }
        self.collections.known = {"phase3_completion": {"2026-02-10": NOW - timedelta(hours=2)}}

    def ground(self, pipeline_: Pipeline | None = None) -> StagingEnvironment:
        described = pipeline_ or staged_pipeline()
        assert described.staging is not None
        return StagingEnvironment(
            pipeline=described,
            staging=described.staging,
            prefix=PREFIX,
            project=PROJECT,
            ports=StagingPorts(
                tables=self.tables, services=self.services, topics=self.topics, collections=self.collections
            ),
            pause=self.pauses.append,
        )
