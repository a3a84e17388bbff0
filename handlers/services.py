"""What every handler works with, put together once by ``bot.composition.serve``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from slack_sdk import WebClient

from bot.alerting.clicks import Click, Clicked
from bot.delivery.troubles import Posted
from bot.permissions import Permissions
from bot.render.pages import SlackMessage
from bot.render.post import Post
from bot.repairs.model import RepairPlan, RepairRefusedError, RepairRun
from bot.request import Request
from bot.staging.environment import StagingEnvironment
from bot.store.model import Alert, AuditEntry, SnoozeUntil, StateStore
from checks.actions import RepairKey
from checks.model import Report
from checks.notifications import Notifications
from handlers.journal import Journal
from handlers.runs import Runs, Validating
from handlers.viewers import Viewers
from handlers.workers import Workers


class RepairDesk(Protocol):
    """What forms need of the repairs."""

    def offered(self, keys: str) -> tuple[RepairKey, ...]:
        """Return those of the keys, separated by blanks, that the pipeline file allows."""
        ...

    def plan_all(
        self, keys: Iterable[RepairKey], actor: str, now: datetime
    ) -> tuple[RepairPlan | RepairRefusedError, ...]: ...

    def plan_undo(self, run_id: str, actor: str, now: datetime) -> RepairPlan:
        """Work out how to take a repair back. Raises RepairRefusedError."""
        ...

    def shown(self, plan_id: str, shown_as: str, alert: str, now: datetime) -> RepairPlan | None:
        """Return a plan as a form has shown it; None for one that is not known. Raises RepairRefusedError."""
        ...

    def apply_all(
        self, plans: Iterable[RepairPlan], actor: str, now: datetime
    ) -> tuple[RepairRun | RepairRefusedError, ...]: ...

    def run(self, run_id: str, now: datetime) -> RepairRun | None: ...


class Desk(Protocol):
    """What clicks need of the incidents. Every method raises StoreError."""

    def acknowledge(self, click: Click) -> Clicked: ...

    def take_over(self, click: Click) -> Clicked: ...

    def release(self, click: Click) -> Clicked: ...

    def snooze(self, click: Click, *, until: datetime | None, ends_on: SnoozeUntil, reason: str) -> Clicked:
        """Let an alert sleep; without a time until it changes."""
        ...

    def unsnooze(self, click: Click) -> Clicked: ...

    def recheck(self, key: str, now: datetime) -> Request:
        """Return what to validate so that an alert is really looked at. Raises LookupError for no such alert."""
        ...

    def tell(self, key: str, name: str, body: Mapping[str, Any], now: datetime, *audit: AuditEntry) -> bool:
        """Say something in the thread of an alert, once for each ``name``; False when there is none."""
        ...

    def reported(self, click: Click, body: Mapping[str, Any]) -> Clicked:
        """Put the report of an alert into its thread."""
        ...

    def cleared(self, report: Report, now: datetime) -> object:
        """Resolve what a whole report that somebody asked for shows to be well."""
        ...

    def rechecked(self, click: Click, report: Report) -> object:
        """Take in what a re-check saw, and say in the thread who looked and what came of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that handlers of one pipeline call. Frozen: what changes lives in the store.

    ``find`` looks in a channel for the message with a key, posted since a time; it raises PostError. ``wake`` tells the
    outbox that something waits, so that a click is answered at once and not at its next turn. ``repairs`` is None where
    nothing can be repaired; ``follow`` tells who looks after repairs that there is one. ``requested`` is the date that
    a command without one means: ``previous``, or that of a scenario. ``staging`` opens the staging environment for one
    deed, and closes its connections; None where there is none. ``workspace`` returns the address of the workspace,
    ``alert_message`` the message of an alert as it is, ``status`` one that says how Reveille itself is, ``preflight``
    asks for everything that it needs, and says how it is. ``sleep`` waits so many seconds until a call to Slack is made
    again. ``several`` says that there are others beside this pipeline.
    """

    validation: Validating
    notifications: Notifications
    store: StateStore
    incidents: Desk
    client: WebClient
    permissions: Permissions
    workers: Workers
    runs: Runs
    journal: Journal
    clock: Callable[[], datetime]
    alert_message: Callable[[Alert, datetime], Post]
    workspace: Callable[[], str]
    status: Callable[[], SlackMessage]
    preflight: Callable[[], SlackMessage]
    find: Callable[[str, str, datetime], Posted | None] = lambda *_: None
    wake: Callable[[], None] = lambda: None
    requested: str = "previous"
    repairs: RepairDesk | None = None
    follow: Callable[[], None] = lambda: None
    staging: Callable[[], AbstractContextManager[StagingEnvironment]] | None = None
    viewers: Viewers = field(default_factory=Viewers)
    sleep: Callable[[float], None] = time.sleep
    several: bool = False

    @property
    def pipeline(self) -> str:
        """The name of the pipeline that all of this is for."""
        return self.validation.pipeline.name
