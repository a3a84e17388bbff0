"""Puts together what tells Slack: the validation, the store, the incidents, the digests, the outbox.

``reveille digest`` uses it once, ``reveille serve`` for as long as it runs.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.alerting.incidents import Incidents
from bot.composition.apart import keep_apart
from bot.composition.google import google_ports
from bot.composition.stores import store_of
from bot.composition.telemetry import traces_of
from bot.composition.together import channels_of, defaults_of, heartbeat_of, must_differ, shared_channels, webhooks_of
from bot.composition.validation import pipeline_of, pipelines_of, scenario_of
from bot.definition.pipeline_folder import SEPARATOR
from bot.delivery.outbox import Outbox
from bot.delivery.outboxes import Outboxes
from bot.delivery.traffic import Defaults
from bot.render.alert import AlertMessages
from bot.repairs.own_changes import own_changes
from bot.serving.measured import MeasuredValidation, RunMetrics, Traced
from bot.serving.metrics import Metrics
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.settings import Settings, SettingsError, Variables
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.refusals import RefusedBlocks
from bot.sinks.slack.transport import SlackClient
from bot.sinks.slack.workspace import Workspace
from bot.sinks.table import SINKS, SinkContext, must_be_there
from bot.store.marked import marked
from bot.store.model import SLACK, Delivery, DeliveryKind, StateStore
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.timetable.digest_deliveries import pipeline_in
from bot.timetable.digest_standing import DigestStanding
from bot.timetable.jobs_before import jobs_before
from bot.timetable.slots import recorded_at
from bot.validation import Validation, no_changes
from checks.notifications import Notifications, Routes
from checks.pipeline import Pipeline
from checks.reads import nothing
from checks.source import Ports

if TYPE_CHECKING:
    from bot.scenarios.scenario import Scenario
    from bot.serving.traces import Traces

Clock = Callable[[], datetime]

NOWHERE = Notifications(routes=Routes(default="C000000"))
"""What a pipeline file without such a section comes to where nothing is sent: its times, and no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeWorld:
    """What a validation asks, its clock, the date that is meant where nobody names one, and its end. Whoever makes a
    world for others closes it."""

    ports: Ports
    clock: Clock
    requested: str
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Settings and pipeline, read and found in order; nothing is connected yet.

    ``now`` is where the clock begins; by default it is the present, or the instant of the scenario. A ``world`` stands
    in the place of both.
    """

    settings: Settings
    serving: ServingSettings
    slack: SlackSettings
    pipeline: Pipeline
    notifications: Notifications
    scenario: Scenario | None
    now: datetime | None = None
    world: MadeWorld | None = None

    @property
    def is_real(self) -> bool:
        """Whether it is about a project, and not about a world that was recorded or made up."""
        return self.scenario is None and self.world is None

    def with_notifications(self, notifications: Notifications, **changes: object) -> Prepared:
        """Return the same with other notifications, in the pipeline as well."""
        changed = notifications.model_copy(update=changes)
        pipeline = self.pipeline.model_copy(update={"notifications": changed})
        return replace(self, pipeline=pipeline, notifications=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Everything that tells Slack. ``requested`` is the date that a question without one means; ``close`` lets go of
    what the validation asks."""

    validation: Validation
    notifications: Notifications
    store: StateStore
    incidents: Incidents
    messages: AlertMessages
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
    """Read the settings, the scenario and the one pipeline that is meant. Raises SettingsError, PipelineFileError,
    UnknownScenario."""
    settings, serving = Settings.from_environment(), ServingSettings.from_environment()
    recorded = scenario_of(scenario or serving.scenario)
    return _prepared(pipeline_of(pipeline_file, settings, recorded), recorded, settings, serving, slack, now)


def prepare_all(pipeline_file: Path | None, scenarios: Sequence[str], slack: SlackSettings) -> tuple[Prepared, ...]:
    """As ``prepare``, with every pipeline that is meant: of each scenario its own, else all that are named."""
    settings, serving = Settings.from_environment(), ServingSettings.from_environment()
    named = scenarios or (serving.scenario or "").split(SEPARATOR)
    recorded = [each for each in map(scenario_of, filter(None, named)) if each is not None]
    worlds: Sequence[tuple[Pipeline, Scenario | None]] = [
        (pipeline_of(pipeline_file, settings, each), each) for each in recorded
    ] or [(each, None) for each in pipelines_of(pipeline_file, settings)]
    must_differ(each.name for each, _ in worlds)
    found = [_prepared(pipeline, each, settings, serving, slack) for pipeline, each in worlds]
    # One store keeps what any of them keeps for longest.
    longest = max(each.notifications.history_days for each in found)
    return tuple(each.with_notifications(each.notifications, history_days=longest) for each in found)


def _prepared(
    pipeline: Pipeline,
    recorded: Scenario | None,
    settings: Settings,
    serving: ServingSettings,
    slack: SlackSettings,
    now: datetime | None = None,
) -> Prepared:
    stated = pipeline.notifications or (None if slack.sends else NOWHERE)
    if stated is None:
        raise SettingsError(
            f"The file of the pipeline {pipeline.name} has no section 'notifications', so there is nowhere to write to."
        )
    notifications = _in_one_channel(stated, slack.channel)
    must_be_there(notifications)
    prepared = Prepared(
        settings=settings,
        serving=serving,
        slack=slack,
        pipeline=pipeline,
        notifications=notifications,
        scenario=recorded,
        now=now if now is None or now.tzinfo is not None else now.replace(tzinfo=pipeline.zone),
    )
    # A scenario calls nobody out of bed.
    return prepared.with_notifications(notifications, **({} if recorded is None else {"webhooks": ()}))


def notifier_of(prepared: Prepared) -> Notifier:
    """Build every adapter and wire it, for one pipeline; as ``notifiers_of``."""
    return notifiers_of((prepared,))[0]


def notifiers_of(
    prepared: Sequence[Prepared], give_way: Callable[[], object] = nothing, *, patient: bool = False
) -> tuple[Notifier, ...]:
    """Build every adapter and wire it: for each pipeline what it asks and decides, for all of them one store, one
    outbox, one client of Slack. Nothing is asked of Slack; the store's file is opened.

    ``give_way`` is called before each look of a validation and returns when it may begin. With ``patient`` a store on
    a disk that is full is opened later. Where nothing is sent, a file that is not there yet is not made.

    Raises SettingsError, StoreError, and what a scenario that does not fit raises.
    """
    worlds = [_world(each) for each in prepared]
    traces = traces_of(prepared[0].serving)
    shared = _shared(prepared, [each.clock for each in worlds], _store(prepared, patient=patient), traces)
    first, *others = (_notifier(each, world, shared, give_way) for each, world in zip(prepared, worlds, strict=True))
    return (first if traces is None else _closing(first, traces), *others)


def _closing(notifier: Notifier, traces: Traces) -> Notifier:
    def close() -> None:
        traces.close()
        notifier.close()

    return replace(notifier, close=close)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the pipelines of one process have together. ``owner`` names the process to others."""

    store: StateStore
    client: SlackClient
    workspace: Workspace
    metrics: Metrics
    outbox: Outboxes
    owner: str
    traces: Traces | None
    channels: frozenset[str]
    """Those that several of them write to."""


def _shared(prepared: Sequence[Prepared], clocks: Sequence[Clock], store: StateStore, traces: Traces | None) -> _Shared:
    slack, metrics, workspace = prepared[0].slack, Metrics(), Workspace()
    client = slack_client(slack.bot_token.reveal(), slack.api_url, metrics.rate_limited)
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    # The clocks of scenarios differ: what is stored by the one that is ahead may go at once.
    clock = clocks[0] if len(clocks) == 1 else lambda: max(each() for each in clocks)
    around = SinkContext(
        notifications=prepared[0].notifications.model_copy(update={"webhooks": webhooks_of(prepared)}),
        environment=os.environ,
        client=client,
        rate_limited=metrics.rate_limited,
        thread=DigestStanding(store, prepared[0].pipeline, workspace.address).address,
        refused=RefusedBlocks(store, workspace.address, clock),
    )
    return _Shared(
        store=store,
        client=client,
        workspace=workspace,
        metrics=metrics,
        outbox=_outboxes(defaults_of(prepared), around, store, clock, _told_of_sent(metrics, clock, traces), owner),
        owner=owner,
        traces=traces,
        channels=shared_channels(prepared),
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """What hears of deliveries that are sent, and that are given up."""

    sent: Callable[[Delivery], None]
    buried: Callable[[Delivery], None]


def _told_of_sent(metrics: Metrics, clock: Clock, traces: Traces | None) -> _Heard:
    def sent(delivery: Delivery) -> None:
        at = delivery.sent_at or clock()
        metrics.delivery_sent(delivery)
        if delivery.kind is DeliveryKind.POST and delivery.key.startswith("digest:"):
            metrics.digest_posted(pipeline_in(delivery.key), at)
        if traces is not None:
            traces.delivery_sent(delivery, at)

    return _Heard(sent, metrics.delivery_buried)


def _outboxes(
    defaults: Defaults, around: SinkContext, store: StateStore, clock: Clock, heard: _Heard, owner: str
) -> Outboxes:
    return Outboxes(
        {
            sink.name: Outbox(
                store,
                poster,
                clock,
                f"{owner}-{sink.name}",
                default_channel=defaults if sink.name == SLACK else None,
                told_in=defaults,
                on_sent=heard.sent,
                on_buried=heard.buried,
            )
            for sink in SINKS
            if (poster := sink.build(around)) is not None
        },
        SLACK,
    )


def _notifier(prepared: Prepared, world: MadeWorld, shared: _Shared, give_way: Callable[[], object]) -> Notifier:
    pipeline, past_store = prepared.pipeline, shared.outbox.say_without_store
    store, clock = marked(shared.store, pipeline.name), world.clock
    counted: RunMetrics = shared.metrics.of(pipeline.name)
    if shared.traces is not None:
        counted = Traced(counted, shared.traces, clock)
    validation = MeasuredValidation(
        pipeline,
        world.ports,
        clock,
        counted,
        give_way,
        partial(jobs_before, store, pipeline.name),
        own_changes=no_changes if pipeline.repairs is None else partial(own_changes, store, pipeline.name),
    )
    standing = DigestStanding(store, pipeline, shared.workspace.address)
    is_shared = not shared.channels.isdisjoint(channels_of(prepared.notifications))
    messages = AlertMessages(pipeline, is_shared=is_shared)
    incidents = Incidents(store, pipeline, messages, digest=standing, is_real=prepared.is_real)
    heartbeat = heartbeat_of(prepared)
    return Notifier(
        validation=validation,
        notifications=prepared.notifications,
        store=store,
        incidents=incidents,
        messages=messages,
        digests=Digests(
            validation,
            store,
            incidents,
            clock,
            shared.owner,
            heartbeat=heartbeat,
            past_store=past_store,
            recorded=None if prepared.is_real else recorded_at(pipeline, world.requested, clock()),
        ),
        outbox=shared.outbox,
        client=shared.client,
        workspace=shared.workspace,
        metrics=shared.metrics,
        clock=clock,
        requested=world.requested,
        close=world.close,
    )


def forgets(first: Prepared) -> bool:
    """Whether a scenario that nobody names a store for keeps its alerts in memory: they are none of the project's, and
    each start shows the incident from its beginning."""
    return first.scenario is not None and Variables(os.environ).text("REVEILLE_STORE") is None


def _store(prepared: Sequence[Prepared], *, patient: bool) -> StateStore:
    """Open the store."""
    first = prepared[0]
    if forgets(first):
        return SqliteStore(":memory:")
    if not first.slack.sends and isinstance(first.serving.store, Path) and not first.serving.store.exists():
        return SqliteStore(":memory:")
    projects = dict.fromkeys(each.pipeline.project for each in prepared)
    store = store_of(first.serving, first.settings, *projects, patient=patient)
    if first.slack.sends:
        try:
            keep_apart(store, [each.pipeline.name for each in prepared if each.scenario is not None])
        except SettingsError:
            store.close()
            raise
    return store


def _in_one_channel(notifications: Notifications, channel: str | None) -> Notifications:
    """Send everything to one channel, where somebody asks for that, and call nobody."""
    if channel is None:
        return notifications
    return notifications.model_copy(update={"routes": Routes(default=channel), "mentions": {}, "webhooks": ()})


def _world(prepared: Prepared) -> MadeWorld:
    if prepared.world is not None:
        return prepared.world
    if prepared.scenario is None:
        google = google_ports(prepared.pipeline, prepared.settings)
        return MadeWorld(ports=google, clock=_clock(prepared.now), requested="previous")
    from bot.composition.scenario import scenario_ports  # noqa: PLC0415 - production does without

    ports = scenario_ports(prepared.pipeline, prepared.scenario)
    clock = _clock(prepared.now or ports.now)
    return MadeWorld(ports=ports, clock=clock, requested=prepared.scenario.file.requested, close=ports.close)


def _clock(begin: datetime | None) -> Clock:
    """Return a clock that begins at an instant and goes on from there, or the present one."""
    if begin is None:
        return lambda: datetime.now(UTC)
    origin = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - origin)


@contextmanager
def notifying(
    pipeline_file: Path | None, scenario: str | None, now: datetime | None, *, silent: bool = False
) -> Iterator[Notifier]:
    """Put together what tells Slack, for one command; its clock begins at ``now`` and goes on. With ``silent`` nothing
    is ever sent: no token is needed, and a store that is a file that is not there yet is not made.

    Raises SettingsError, StoreError, PipelineFileError, UnknownScenario, DemoExtraMissing.
    """
    slack = SlackSettings.silent() if silent else SlackSettings.outgoing()
    told = notifier_of(prepare(pipeline_file, scenario, slack, now))
    try:
        yield told
    finally:
        told.store.close()
        told.close()
