"""Which calls of Google's clients the product makes, read from its code, and the permissions that each takes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sections import ROOT

READS, STORE, REPAIRS, JOBS, WAKER = "reveille", "reveille-store", "reveille-repairs", "reveille-jobs", "reveille-waker"
"""The roles, as their files in deploy/roles are called."""

CLIENTS = ("Client", "AuthorizedSession")
"""How the classes of Google's that call services are called."""

OTHER_CALLS = frozenset(("close", "transport", "trust_env"))
"""What clients do on this machine."""

PERMISSIONS = {
    "CloudBuildClient.list_build_triggers": ("cloudbuild.builds.list",),
    "CloudBuildClient.list_builds": ("cloudbuild.builds.list",),
    "CloudSchedulerClient.get_job": ("cloudscheduler.jobs.get",),
    "CloudSchedulerClient.list_jobs": ("cloudscheduler.jobs.list",),
    "CloudSchedulerClient.run_job": ("cloudscheduler.jobs.run",),
    "FirestoreClient.batch_get_documents": ("datastore.databases.get", "datastore.entities.get"),
    "FirestoreClient.commit": (
        "datastore.databases.get",
        "datastore.entities.create",
        "datastore.entities.delete",
        "datastore.entities.update",
    ),
    "FirestoreClient.run_query": ("datastore.databases.get", "datastore.entities.get", "datastore.entities.list"),
    "JobsClient.list_jobs": ("run.jobs.list",),
    "LoggingServiceV2Client.list_log_entries": ("logging.logEntries.list",),
    "MetricServiceClient.list_time_series": ("monitoring.timeSeries.list",),
    "ProjectsClient.get_iam_policy": ("resourcemanager.projects.getIamPolicy",),
    "PublisherClient.list_topics": ("pubsub.topics.list",),
    "RevisionsClient.list_revisions": ("run.revisions.list",),
    "ServicesClient.get_iam_policy": ("run.services.getIamPolicy",),
    "ServicesClient.get_service": ("run.services.get",),
    "ServicesClient.list_services": ("run.services.list",),
    "ServicesClient.set_iam_policy": ("run.services.setIamPolicy",),
    "ServicesClient.update_service": ("run.services.update",),
    "SubscriberClient.list_subscriptions": ("pubsub.subscriptions.list",),
    # Cloud Tasks, by its REST interface.
    "AuthorizedSession.get": ("cloudtasks.queues.get",),
    "AuthorizedSession.post": ("cloudtasks.tasks.create",),
    # BigQuery; whoever started a job may read it.
    "Client.get_job": (),
    "Client.get_routine": ("bigquery.routines.get",),
    "Client.get_table": ("bigquery.tables.get",),
    "Client.query": ("bigquery.jobs.create", "bigquery.tables.getData"),
    "Client.query_and_wait": ("bigquery.jobs.create", "bigquery.tables.getData"),
}
"""From each service's own page of permissions, as of November 2026. ``update_service`` also takes
``iam.serviceAccounts.actAs``, which is granted on the account of the service and never in these roles; so does a task
with a token, on the account of the token."""


@dataclass(frozen=True, slots=True, order=True)
class ClientCall:
    """A method of one of Google's clients, where it is called."""

    module: str
    name: str
    """``Client.method``."""

    @property
    def role(self) -> str:
        """The role that has to hold its permissions."""
        if self.module.startswith("bot/store/"):
            return STORE
        if self.module.endswith("/cloud_tasks.py"):
            return WAKER
        if self.module.endswith("/repairs.py"):
            return JOBS if self.name.startswith("CloudSchedulerClient.") else REPAIRS
        return READS


def client_calls(folder: Path = ROOT / "bot") -> frozenset[ClientCall]:
    """Return the calls of every module but those that make a staging environment, which has an account of its own."""
    modules = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "staging.py"}
    return frozenset(
        ClientCall(path.relative_to(folder.parent).as_posix(), name)
        for path, code in modules.items()
        if "google." in code
        for name in calls_in(code)
    )


def calls_in(code: str) -> Iterator[str]:
    """Yield ``Client.method`` for each use of a client that an object keeps."""
    tree = ast.parse(code)
    clients = dict(_clients(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=field), attr=method) if (
                field in clients and method not in OTHER_CALLS
            ):
                yield f"{clients[field]}.{method}"


def _clients(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the fields that hold a client, with its class: declared, or given to the constructor."""
    google = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("google.")
        for alias in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id=field), annotation=annotation) if kind := _client(annotation, google):
                yield field, kind
            case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=field), annotation=annotation) if (
                kind := _client(annotation, google)
            ):
                yield field, kind
            case ast.arg(arg=field, annotation=ast.expr() as annotation) if kind := _client(annotation, google):
                yield f"_{field}", kind


def _client(annotation: ast.expr, google: set[str]) -> str:
    """Return the class of a client that an annotation names, empty for anything else."""
    words = ast.unparse(annotation).split(".")
    return words[-1] if words[0] in google and words[-1].endswith(CLIENTS) else ""
