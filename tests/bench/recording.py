"""The world that the servers answer from: a shipped scenario, asked once through the embedded default.

Every check then takes the path that it takes on that day, and nothing is computed while the clock runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.request import Request
from bot.validation import Validation
from checks.model import Report
from checks.pipeline import Pipeline
from checks.ports.audit import AUDIT
from checks.ports.documents import FIRESTORE, Document
from checks.ports.policies import RESOURCE_MANAGER, Policy
from checks.ports.repository import REPOSITORY
from checks.ports.services import CLOUD_RUN, Revision, Service
from checks.ports.warehouse import BIGQUERY, Query, Row
from checks.source import Ports, Source
from tests.bench.bigquery_server import Question, question_of


@dataclass(slots=True)
class Recorder:
    """Documents, warehouse and control plane: hands every question on and keeps the answer."""

    ports: Ports
    documents: dict[str, Document | None] = field(default_factory=dict)
    collections: dict[str, Sequence[Document]] = field(default_factory=dict)
    answers: dict[Question, Sequence[Row]] = field(default_factory=dict)
    known_services: dict[str, Service] = field(default_factory=dict)
    latest: dict[str, Sequence[Revision]] = field(default_factory=dict)
    policies: dict[str, Policy | None] = field(default_factory=dict)
    project: Policy = field(default_factory=lambda: Policy(()))

    def get(self, paths: Sequence[str]) -> dict[str, Document | None]:
        found = dict(self.ports[FIRESTORE].get(paths))
        self.documents.update(found)
        return found

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        self.collections[collection] = self.ports[FIRESTORE].list(collection, limit)
        return self.collections[collection]

    def query(self, query: Query) -> Sequence[Row]:
        rows = self.answers[question_of(query)] = self.ports[BIGQUERY].query(query)
        return rows

    def dry_run(self, query: Query) -> int:
        return self.ports[BIGQUERY].dry_run(query)

    def columns(self, table: str) -> Mapping[str, str]:
        return self.ports[BIGQUERY].columns(table)

    def service(self, name: str) -> Service | None:
        return self.ports[CLOUD_RUN].service(name)

    def services(self) -> Sequence[Service]:
        found = self.ports[CLOUD_RUN].services()
        self.known_services.update({each.name: each for each in found})
        return found

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        self.latest[service] = self.ports[CLOUD_RUN].revisions(service, limit)
        return self.latest[service]

    def service_policy(self, name: str) -> Policy | None:
        self.policies[name] = self.ports[CLOUD_RUN].service_policy(name)
        return self.policies[name]

    def project_policy(self) -> Policy:
        self.project = self.ports[RESOURCE_MANAGER].project_policy()
        return self.project


def record(pipeline: Pipeline, ports: Ports, now: datetime, request: Request) -> tuple[Recorder, Report]:
    """Validate once and keep every answer."""
    recorder = Recorder(ports)
    recorded: dict[Source[Any], Any] = dict.fromkeys((FIRESTORE, BIGQUERY, CLOUD_RUN, RESOURCE_MANAGER), recorder)
    # The shipped pipeline names no repository, so that the measured process has none to ask.
    others = {source: port for source, port in ports.connected.items() if source not in (REPOSITORY, AUDIT)}
    everything = Ports({**others, **recorded})
    validation = Validation(pipeline, everything, lambda: now)
    return recorder, validation.run(validation.plan(request))
