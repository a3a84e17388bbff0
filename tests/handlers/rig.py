"""The handlers in a real Bolt app, beside the fake Slack, a store in memory and a tiny pipeline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.alerting.incidents import Incidents
from bot.composition.preflight import asked_before
from bot.people import SlackPeople
from bot.permissions import Permissions, SlackGroups
from bot.playground.slack.requests import PERSON, SignedRequest
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import PostedMessage
from bot.render.alert import AlertMessages, alert_message
from bot.render.json import report_document
from bot.render.pages import SlackMessage
from bot.render.reading import Reading
from bot.render.status import status_message
from bot.repairs.ports import Platform
from bot.repairs.service import RepairService
from bot.request import Request
from bot.serving.payloads import read_payload
from bot.serving.slack_endpoint import given_to_listener
from bot.sinks.slack.poster import SlackPoster
from bot.staging.environment import StagingEnvironment
from bot.status import status_of
from bot.store.kept import Kept
from bot.store.model import Alert, AlertState, AuditEntry, Changes, Delivery, DeliveryKind, StateStore
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.model import Report, Severity
from checks.notifications import Notifications, Routes
from checks.notifications import Permissions as Rules
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query, Row
from checks.services_spec import ServiceSpec
from checks.source import SourceError
from handlers.journal import Journal
from handlers.registration import register_all
from handlers.requests import Taken
from handlers.runs import Runs
from handlers.services import Desk, Services
from handlers.workers import Workers
from tests.bot.timetable.mornings import players_check
from tests.fakes import FakeControlPlane, FakeScheduler, FakeWarehouse, pipeline, ports

CHANNEL = "C0EXAMPLE1"
COLLEAGUE = "U0COLLEAGUE"
SECONDS = 20
"""How long a test waits for work to end before it fails."""

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
"""08:00 in New York."""

HEALTHY: Sequence[Row] = [{"game": "MIL_OKC", "players": 31}]
FAILING: Sequence[Row] = [{"game": "MIL_OKC", "players": 3}]


class Gate:
    """The warehouse: answers with ``rows``, and only while it is open."""

    def __init__(self) -> None:
        self.rows: Sequence[Row] = HEALTHY
        self.failure: SourceError | None = None
        self.asked = threading.Event()
        self.opened = threading.Event()
        self.opened.set()

    def __call__(self, query: Query) -> Sequence[Row] | SourceError:
        self.asked.set()
        assert self.opened.wait(SECONDS)
        if self.failure is not None:
            return self.failure
        return self.rows if "players" in query.text() else [{"number": 1}]


def described(rules: Rules, **parts: Any) -> Pipeline:
    phases = (Phase(id="phase3", title="Analytics"), Phase(id="phase5", title="Predictions"))
    return pipeline(
        **{
            "phases": phases,
            "checks": (
                players_check(quick=True),
                players_check().model_copy(update={"id": "lines", "phase": "phase5", "title": "Lines are there"}),
            ),
            "services": (ServiceSpec(name="phase3-to-phase4"), ServiceSpec(name="coordinator")),
            "notifications": Notifications(routes=Routes(default=CHANNEL), permissions=rules),
            **parts,
        }
    )


@dataclass(kw_only=True)
class Rig:
    """Everything that a test of handlers looks at. ``now`` is what the clock says."""

    slack: SlackServer
    app: App
    services: Services
    store: StateStore
    gate: Gate
    validation: Validation
    repairs: RepairService | None
    now: datetime = NOW
    woken: list[datetime] = field(default_factory=list)

    def send(self, request: SignedRequest) -> BoltResponse:
        """Dispatch a signed request as the web server does."""
        body = read_payload(request.body, request.headers["Content-Type"])
        return self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))

    def again(self, body: Mapping[str, Any]) -> BoltResponse:
        """Dispatch what was kept, as the next process does."""
        return given_to_listener(self.app, body)

    def command(self, name: str, text: str = "", **origin: str) -> BoltResponse:
        return self.send(self.slack.requests.command(name, text, **origin))

    def wait(self) -> None:
        """Wait until the handlers have done everything."""
        assert self.services.workers.idle(SECONDS)

    def done(self, name: str, text: str = "", **origin: str) -> BoltResponse:
        """Send a command and wait for what follows."""
        response = self.command(name, text, **origin)
        self.wait()
        return response

    @property
    def said(self) -> list[str]:
        """What was answered privately, in order."""
        return [answer["text"] for answer in self.slack.workspace.responses]

    def alert(self, **changes: Any) -> Alert:
        """Store an open alert whose thread stands in Slack."""
        alert = an_alert(**changes)
        self.store.commit(Changes(alerts=(alert,)))
        posted = self.services.client.chat_postMessage(channel=CHANNEL, text=alert.title[:100])
        sent = Delivery(
            key=alert.thread,
            kind=DeliveryKind.POST,
            channel=CHANNEL,
            body={"text": alert.title, "blocks": []},
            created_at=NOW,
        )
        self.store.commit(Changes(deliveries=(sent,)))
        (claimed,) = self.store.claim("test", NOW, NOW + timedelta(minutes=1), 1)
        assert self.store.record_sent(claimed.key, "test", ts=posted["ts"], channel=CHANNEL, now=NOW)
        stored = self.store.alert(alert.key)
        assert stored is not None
        return stored

    def parent(self, alert: Alert) -> PostedMessage:
        """The message of an alert."""
        delivery = self.store.delivery(alert.thread)
        assert delivery is not None
        return next(each for each in self.slack.messages() if each.ts == delivery.ts)


def taken_by(services: Services) -> Taken:
    """Return a request that nobody wrote down."""
    return Taken(services, Kept(request="request:example", actor=PERSON, at=services.clock(), title="A test"))


def confirmed_repair(alert: Alert, run: str, **details: str) -> AuditEntry:
    """Return what is stored with the words in the thread that a repair begins."""
    return AuditEntry(
        key=f"repair-of:{run}",
        at=NOW,
        actor=PERSON,
        action="repair",
        subject=alert.key,
        outcome="confirmed",
        details={"run": run, **details},
    )


def an_alert(**changes: Any) -> Alert:
    alert = Alert(
        key="tiny:players:MIL_OKC:2026-02-10",
        pipeline="tiny",
        check="players",
        code="few-players",
        subject="MIL_OKC",
        interval="2026-02-10",
        phase=None,
        severity=Severity.P1,
        title="3 players in MIL_OKC.",
        state=AlertState.FIRING,
        opened_at=NOW - timedelta(hours=5),
        changed_at=NOW - timedelta(hours=5),
        notified_at=NOW - timedelta(hours=5),
        channel=CHANNEL,
        fingerprint="few-players:3",
    )
    return replace(alert, **changes)


def _repairs(platform: Platform, validation: Validation, store: StateStore) -> RepairService:
    def validate(checks: Sequence[str]) -> Report:
        return validation.run(validation.plan(Request(interval="today", checks=tuple(checks), trigger="repair")))

    return RepairService(validation.pipeline, platform, store, validate)


def _status(validation: Validation, store: StateStore) -> SlackMessage:
    with validation.reads(SECONDS) as reads:
        return status_message(status_of(validation.pipeline, validation.now, reads, store))


def new_slack() -> SlackServer:
    return SlackServer((CHANNEL, PERSON, COLLEAGUE))


@contextmanager
def running(
    rules: Rules | None = None,
    *,
    desk: Desk | None = None,
    workers: Workers | None = None,
    staging: Callable[[], AbstractContextManager[StagingEnvironment]] | None = None,
    platform: Platform | None = None,
    control_plane: FakeControlPlane | None = None,
    jobs: FakeScheduler | None = None,
    outliving: tuple[SlackServer, StateStore] | None = None,
    **parts: Any,
) -> Iterator[Rig]:
    """Yield the handlers at work; a desk that is given stands for the incidents, a platform can be repaired. The Slack
    and the store that are given outlive this process."""
    gate = Gate()
    rules = rules or Rules()
    pipeline_ = described(rules, **parts)
    workers = workers or Workers()
    with ExitStack() as own:
        slack, store = outliving or (
            own.enter_context(new_slack()),
            own.enter_context(closing(SqliteStore(":memory:"))),
        )
        client = WebClient(slack.token, base_url=slack.api_url, timeout=5, retry_handlers=[])
        rig: Rig

        def clock() -> datetime:
            return rig.now

        world = ports(warehouse=FakeWarehouse(gate), control_plane=control_plane, scheduler=jobs)
        validation = Validation(pipeline_, world, clock)
        notifications = pipeline_.notifications
        assert notifications is not None

        repairs = None if platform is None else _repairs(platform, validation, store)

        def written(report: Report) -> Mapping[str, Any]:
            return report_document(Reading(report=report, pipeline=pipeline_, checks=validation.checks))

        incidents = desk or Incidents(store, pipeline_, AlertMessages(pipeline_))

        def cleared(report: Report) -> None:
            incidents.cleared(report, clock())

        services = Services(
            validation=validation,
            notifications=notifications,
            store=store,
            incidents=incidents,
            client=client,
            permissions=Permissions(rules, SlackGroups(client), clock, SlackPeople(client)),
            workers=workers,
            runs=Runs(validation, store, clock, workers, document=written, cleared=cleared),
            journal=Journal(store),
            find=lambda channel, key, since: SlackPoster(client).find(channel, key, since, None),
            clock=clock,
            alert_message=lambda alert, now: alert_message(alert, pipeline_, now),
            wake=lambda: rig.woken.append(rig.now),
            repairs=repairs,
            staging=staging,
            workspace=lambda: "https://example.slack.com/",
            status=lambda: _status(validation, store),
            preflight=lambda: asked_before(client, notifications, validation),
        )
        app = App(
            process_before_response=True,
            signing_secret=slack.signing_secret,
            client=client,
            authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0EXAMPLE", bot_token=slack.token),
        )
        register_all(app, services)
        rig = Rig(
            slack=slack,
            app=app,
            services=services,
            store=store,
            gate=gate,
            validation=validation,
            repairs=repairs,
        )
        try:
            yield rig
        finally:
            gate.opened.set()
            workers.stop(5)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail after 20 s."""
    waiting = threading.Event()
    for _ in range(2000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError
