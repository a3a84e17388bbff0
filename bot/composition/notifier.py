"""Puts together what tells Slack: the validation, the store, the incidents, the digests, the outbox.

``reveille digest`` uses it once, ``reveille serve`` for as long as it runs.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.alerting.incidents import Incidents
from bot.composition.google import google_ports
from bot.composition.stores import store_of
from bot.composition.validation import pipeline_of, scenario_of
from bot.delivery.outbox import Outbox
from bot.delivery.outboxes import Outboxes
from bot.render.alert import AlertMessages
from bot.serving.measured import MeasuredValidation
from bot.serving.metrics import Metrics
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.settings import Settings, SettingsError, Variables
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.refusals import RefusedBlocks
from bot.sinks.slack.transport import SlackClient
from bot.sinks.slack.workspace import Workspace
from bot.sinks.table import SINKS, SinkContext, must_be_there
from bot.store.model import SLACK, Delivery, DeliveryKind, StateStore
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.timetable.digest_standing import DigestStanding
from bot.timetable.heartbeat import UrlHeartbeat
from bot.timetable.jobs_before import jobs_before
from bot.validation import Validation
from checks.notifications import Notifications, Routes
from checks.pipeline import Pipeline
from checks.reads import nothing
from checks.source import Ports

if TYPE_CHECKING:
    from bot.scenarios.scenario import Scenario

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings and pipeline, read and found in order; nothing is connected yet.

    ``now`` is where the clock begins; by default it is the present, or the instant of the scenario.
    """

    settings: Settings
    serving: ServingSettings
    slack: SlackSettings
    pipeline: Pipeline
    notifications: Notifications
    scenario: Scenario | None
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Everything that tells Slack. ``requested`` is the date that a question without one means; ``close`` lets go of
    what the validation asks."""

    validation: Validation
    notifications: Notifications
    store: StateStore
    incidents: Incidents
    digests: Digests
    outbox: Outboxes
    client: SlackClient
    workspace: Workspace
    metrics: Metrics
    clock: Clock
    requested: str
    close: Callable[[], None]


def prepare(
    pipeline_file: Path | None, scenario: str | None, slack: SlackSettings, now: datetime | None = None
) -> Prepared:
    """Read the settings, the scenario and the pipeline. Raises SettingsError, PipelineFileError, UnknownScenario."""
    settings = Settings.from_environment()
    serving = ServingSettings.from_environment()
    recorded = scenario_of(scenario or serving.scenario)
    pipeline = pipeline_of(pipeline_file, settings, recorded)
    if pipeline.notifications is None:
        message = "The pipeline file has no section 'notifications', so nobody knows where messages go."
        raise SettingsError(message)
    notifications = _in_one_channel(pipeline.notifications, slack.channel)
    must_be_there(notifications)
    if scenario or serving.scenario:
        # A scenario calls nobody out of bed.
        notifications = notifications.model_copy(update={"webhooks": ()})
    return Prepared(
        settings=settings,
        serving=serving,
        slack=slack,
        pipeline=pipeline.model_copy(update={"notifications": notifications}),
        notifications=notifications,
        scenario=recorded,
        now=now if now is None or now.tzinfo is not None else now.replace(tzinfo=pipeline.zone),
    )


def notifier_of(prepared: Prepared, give_way: Callable[[], object] = nothing, *, patient: bool = False) -> Notifier:
    """Build every adapter and wire it. Nothing is asked of Slack; the store's file is opened.

    ``give_way`` is called before each look of a validation and returns when it may begin. With ``patient`` a store on
    a disk that is full is opened later.

    Raises SettingsError, StoreError, and what a scenario that does not fit raises.
    """
    ports, begin, requested, close = _world(prepared)
    clock = _clock(begin)
    metrics = Metrics()
    store = _store(prepared, patient=patient)
    client = slack_client(prepared.slack.bot_token.reveal(), prepared.slack.api_url, metrics.rate_limited)
    validation = MeasuredValidation(
        prepared.pipeline, ports, clock, metrics, give_way, partial(jobs_before, store, prepared.pipeline.name)
    )
    workspace = Workspace()
    standing = DigestStanding(store, prepared.pipeline, workspace.address)
    incidents = Incidents(store, prepared.pipeline, AlertMessages(prepared.pipeline), digest=standing)
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    def sent(delivery: Delivery) -> None:
        metrics.delivery_sent(delivery)
        if delivery.kind is DeliveryKind.POST and delivery.key.startswith("digest:"):
            metrics.digest_posted(delivery.sent_at or clock())

    around = SinkContext(
        notifications=prepared.notifications,
        environment=os.environ,
        client=client,
        rate_limited=metrics.rate_limited,
        thread=standing.address,
        refused=RefusedBlocks(store, workspace.address, clock),
    )
    default = prepared.notifications.routes.default
    outbox = Outboxes(
        {
            sink.name: Outbox(
                store,
                poster,
                clock,
                f"{owner}-{sink.name}",
                default_channel=default if sink.name == SLACK else None,
                told_in=default,
                on_sent=sent,
                on_buried=metrics.delivery_buried,
            )
            for sink in SINKS
            if (poster := sink.build(around)) is not None
        },
        SLACK,
    )
    url = prepared.serving.heartbeat_url
    heartbeat = None if url is None else UrlHeartbeat(url)
    past_store = outbox.say_without_store
    return Notifier(
        validation=validation,
        notifications=prepared.notifications,
        store=store,
        incidents=incidents,
        digests=Digests(validation, store, incidents, clock, owner, heartbeat=heartbeat, past_store=past_store),
        outbox=outbox,
        client=client,
        workspace=workspace,
        metrics=metrics,
        clock=clock,
        requested=requested,
        close=close,
    )


def _store(prepared: Prepared, *, patient: bool) -> StateStore:
    """Open the store. A scenario that nobody names one for keeps its alerts in memory: they are none of the project's,
    and each start shows the incident from its beginning."""
    if prepared.scenario is not None and Variables(os.environ).text("REVEILLE_STORE") is None:
        return SqliteStore(":memory:")
    return store_of(prepared.serving, prepared.settings, prepared.pipeline.project, patient=patient)


def _in_one_channel(notifications: Notifications, channel: str | None) -> Notifications:
    """Send everything to one channel, where somebody asks for that, and call nobody."""
    if channel is None:
        return notifications
    return notifications.model_copy(update={"routes": Routes(default=channel), "mentions": {}, "webhooks": ()})


def _world(prepared: Prepared) -> tuple[Ports, datetime | None, str, Callable[[], None]]:
    """Return what the validation asks, where its clock begins, the date that it is asked for, and its end."""
    if prepared.scenario is None:
        google = google_ports(prepared.pipeline, prepared.settings)
        return google, prepared.now, "previous", lambda: None
    from bot.composition.scenario import scenario_ports  # noqa: PLC0415 - production does without

    ports = scenario_ports(prepared.pipeline, prepared.scenario)
    return ports, prepared.now or ports.now, prepared.scenario.file.requested, ports.close


def _clock(begin: datetime | None) -> Clock:
    """Return a clock that begins at an instant and goes on from there, or the present one."""
    if begin is None:
        return lambda: datetime.now(UTC)
    origin = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - origin)


@contextmanager
def notifying(pipeline_file: Path | None, scenario: str | None, now: datetime | None) -> Iterator[Notifier]:
    """Put together what tells Slack, for one command; its clock begins at ``now`` and goes on.

    Raises SettingsError, StoreError, PipelineFileError, UnknownScenario, DemoExtraMissing.
    """
    told = notifier_of(prepare(pipeline_file, scenario, SlackSettings.outgoing(), now))
    try:
        yield told
    finally:
        told.store.close()
        told.close()
