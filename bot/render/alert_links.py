"""Where to look: the logs of the service at that time, the document or service itself, the runbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bot.alerting.incident import CANNOT_LOOK, members_of
from bot.render.post import Link, Text
from bot.render.slack_text import ANY_WORKSPACE, is_safe_link
from bot.store.model import Alert, Delivery
from checks.expansion.data_checks import data_checks
from checks.pipeline import Pipeline

BEFORE = timedelta(hours=12)
AFTER = timedelta(hours=1)
"""The time around the opening of an alert that its logs are shown for: a run, and what came of it."""

NAMES = (
    ("/firestore/", "Document"),
    ("/run/", "Service"),
    ("/run?", "Services"),
    ("/bigquery", "Table"),
)


def links_of(alert: Alert, pipeline: Pipeline, now: datetime) -> list[Text]:
    """Return the links of an alert, none that is not safe."""
    links = dict(_links(alert, pipeline, now))
    return [(Link(link, name),) for name, link in links.items() if is_safe_link(link)]


def _links(alert: Alert, pipeline: Pipeline, now: datetime) -> Iterator[tuple[str, str]]:
    service = service_of(alert, pipeline)
    if service is not None and alert.check != CANNOT_LOOK:
        yield (
            "Logs",
            logs_link(pipeline.project, service, alert.opened_at - BEFORE, min(now, alert.opened_at) + AFTER),
        )
    link = alert.details.get("link")
    if isinstance(link, str) and link:
        yield next((name for part, name in NAMES if part in link), "Open"), link
    if runbook := _runbook(alert, pipeline):
        yield "Runbook", runbook


def thread_link(delivery: Delivery | None, workspace: str = ANY_WORKSPACE) -> str:
    """Return the address of a message that was sent, empty for one that is not there (yet). ``workspace`` is the
    address of the workspace with a slash at its end."""
    if delivery is None or delivery.ts is None:
        return ""
    return f"{workspace}archives/{delivery.posted_channel or delivery.channel}/p{delivery.ts.replace('.', '')}"


def service_of(alert: Alert, pipeline: Pipeline) -> str | None:
    """Return the service whose logs tell most: the one at fault, else the orchestrator of the transition."""
    services = {each.name for each in pipeline.services}
    orchestrators = {each.id: each.orchestrator for each in pipeline.transitions}
    for name in (each.about.name for each in members_of(alert)):
        if name in services:
            return name
        if orchestrators.get(name):
            return orchestrators[name]
    return None


def logs_link(project: str, service: str, start: datetime, end: datetime) -> str:
    """Return the address of the Logs Explorer for a Cloud Run service between two times."""
    query = f'resource.type="cloud_run_revision"\nresource.labels.service_name="{service}"'
    start_text, end_text = (f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in (start, end))
    return (
        f"https://console.cloud.google.com/logs/query;query={quote(query, safe='')}"
        f";startTime={start_text};endTime={end_text}?project={quote(project, safe='')}"
    )


def _runbook(alert: Alert, pipeline: Pipeline) -> str | None:
    own = next((each.runbook for each in data_checks(pipeline) if each.id == alert.check), None)
    return own or pipeline.runbook
