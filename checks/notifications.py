"""Who is told what, where and when: the part of the pipeline file about Slack and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from checks.file_model import ClockTime, Instant
from checks.intervals import Offset
from checks.values import A_WEEK, Identifier, Model, NamedSeverity, PatienceMinutes, Severity

ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{6,}$")]
UserId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{6,}$")]
GroupId = Annotated[str, Field(pattern=r"^S[A-Z0-9]{6,}$")]
Member = Annotated[str, Field(pattern=r"^[UWS][A-Z0-9]{6,}$")]


LATEST = 12 * 60
"""Minutes after its time for which a digest that midnight cut off is made up for: by then it has to be called late."""

MOST_REFRESHES = 48
"""One every half hour."""


class Routes(Model):
    """Where messages go, as channel IDs. A phase outranks a severity, a severity the default."""

    default: ChannelId
    """Where the digest goes, and every alert that no other route takes."""
    severities: Mapping[NamedSeverity, ChannelId] = {}
    """Channels for alerts of a severity."""
    phases: Mapping[Identifier, ChannelId] = {}
    """Channels for alerts of a phase."""

    def channel(self, severity: Severity, phase: str | None) -> str:
        """Return the channel for a finding."""
        return self.phases.get(phase or "", self.severities.get(severity, self.default))


class DigestTimes(Model):
    """When the morning digest is posted and brought up to date, in the pipeline's zone."""

    post: Offset = Offset("08:00")
    """When the digest is posted, counted from the current interval; for an hourly pipeline a time of the day."""
    refresh: tuple[Offset, ...] = Field(
        default_factory=lambda: (Offset("11:30"), Offset("17:00")), max_length=MOST_REFRESHES
    )
    """The later times at which the same message is brought up to date."""
    late_minutes: int = Field(default=15, ge=1, le=LATEST)
    """A digest that is not posted so long after its time is late, and whoever notices says so."""
    quiet: bool = True
    """One line when all is clear."""


class Escalation(Model):
    """Where an alert goes that is not acknowledged, or whose owner does not react to a reminder: once."""

    after_minutes: Mapping[NamedSeverity, PatienceMinutes] = Field(default_factory=lambda: {Severity.P0: 30})
    """How long nobody may react, by severity."""
    mention: Member | None = None
    """Whom it calls: a user ID or a user group ID; left out, whom the alert calls."""
    channel: ChannelId | None = None
    """Another channel that hears of it, with the thread."""


class AlertPolicy(Model):
    """When an alert speaks again."""

    lowest: NamedSeverity = Severity.P2
    """Failures of a lower severity open no thread, but for a false trigger flag past its due time."""
    remind_minutes: Mapping[NamedSeverity, PatienceMinutes] = Field(
        default_factory=lambda: {Severity.P0: 60, Severity.P1: 240}
    )
    """How long an alert that nobody has acknowledged stays silent, by severity; without one it stays silent."""
    remind_owner_minutes: Mapping[NamedSeverity, PatienceMinutes] = Field(default_factory=lambda: {Severity.P0: 120})
    """How long an alert that somebody has acknowledged stays silent until they are asked how it stands, by severity."""
    escalation: Escalation | None = None
    """Where an alert goes that nobody reacts to; without it, nowhere else."""
    flap_minutes: int = Field(default=60, ge=0, le=A_WEEK)
    """An incident that comes back within this time reopens its old thread."""
    unknown_runs: int = Field(default=3, ge=1, le=100)
    """So many runs in a row that could not check open an alert of their own."""


class QuietHours(Model):
    """The hours of each day in which only P0 calls, in the pipeline's zone; they may go over midnight."""

    start: ClockTime
    """From then on alerts below P0 wait."""
    end: ClockTime
    """With the next check after it those that are still failing are posted."""

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.start == self.end:
            raise ValueError("quiet hours end at another time than they start")
        return self


class MaintenanceWindow(Model):
    """Planned work in which only P0 calls."""

    start: Instant
    """In the pipeline's zone where it names none: ``2026-02-14 22:00``."""
    end: Instant
    """With the next check after it what is still failing is posted."""
    reason: str = Field(min_length=1, max_length=200)
    """What is done; the digest says it."""

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("start and end name a zone both, or neither")
        if self.start >= self.end:
            raise ValueError("a maintenance window ends after its start")
        return self


class Permissions(Model):
    """Who may do what, as user IDs and user group IDs. Empty ``viewers`` and ``actors`` mean every member of the
    workspace."""

    viewers: tuple[Member, ...] = ()
    """Who may ask for reports."""
    actors: tuple[Member, ...] = ()
    """Who may acknowledge, snooze and re-check."""
    repairers: tuple[Member, ...] = ()
    """Who may repair; empty means nobody."""
    guests: bool = False
    """Whether guests of the workspace may do what its members may; who is named by user ID may anyway."""
    outsiders: bool = False
    """Whether people of other organisations in a shared channel may do what members may."""
    ask: str = "the owners of this bot"
    """Whom a refusal names."""


WebhookFormat = Literal["reveille", "pagerduty"]
"""What a webhook sends: everything in a form of our own, or events of PagerDuty's Events API v2."""

WebhookVariable = Annotated[str, Field(pattern=r"^REVEILLE_WEBHOOK_[A-Z0-9_]{1,64}$")]
"""The name of an environment variable; by its beginning its value is known to be secret wherever it could be shown."""


class Webhook(Model):
    """Where one JSON event a transition goes: a pager, or whatever takes JSON."""

    name: Identifier
    """What it is called in the log, the metrics and the events' keys."""
    sink: Identifier = "webhook"
    """What delivers it: ``webhook`` by HTTP, or another sink that the product has."""
    format: WebhookFormat = "reveille"
    """``reveille`` sends everything that is known, ``pagerduty`` events of PagerDuty's Events API v2."""
    url_variable: WebhookVariable | None = None
    """The environment variable that holds the address. ``pagerduty`` knows its own without it."""
    key_variable: WebhookVariable | None = None
    """The environment variable that holds the integration key of PagerDuty, or a token that is sent as
    ``Authorization: Bearer``."""
    severities: tuple[NamedSeverity, ...] = Field(default=(Severity.P0, Severity.P1), min_length=1)
    """The severities of which it hears."""
    escalated: bool = False
    """Whether it hears only of alerts that were escalated."""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.sink != "webhook":
            return self
        if self.format == "pagerduty" and self.key_variable is None:
            raise ValueError("a webhook of the format pagerduty needs key_variable, for its integration key")
        if self.format == "reveille" and self.url_variable is None:
            raise ValueError("a webhook needs url_variable, for its address")
        return self


MOST_WEBHOOKS = 10
"""Each adds an event to what one commit of the store writes for an alert."""


class Notifications(Model):
    """Everything about Slack and webhooks that is particular to a pipeline."""

    routes: Routes
    """Where messages go."""
    mentions: Mapping[NamedSeverity, Member] = {}
    """Whom an alert calls, by severity: a user ID or a user group ID."""
    digest: DigestTimes = Field(default_factory=DigestTimes)
    """The morning digest."""
    watch_minutes: int = Field(default=15, ge=1, le=60)
    """How often the quick checks look between the digests."""
    alerts: AlertPolicy = Field(default_factory=AlertPolicy)
    """When an alert speaks, and when it speaks again."""
    permissions: Permissions = Field(default_factory=Permissions)
    """Who may do what."""
    quiet_hours: QuietHours | None = None
    """When each day only P0 calls."""
    maintenance: tuple[MaintenanceWindow, ...] = ()
    """Planned work in which only P0 calls; ``/reveille maintenance 2h REASON`` starts some at once."""
    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=MOST_WEBHOOKS)
    """Who hears of alerts besides Slack, as events."""
    history_days: int = Field(default=90, ge=14, le=3650)
    """How long reports, resolved alerts, sent deliveries and the audit are kept."""

    @model_validator(mode="after")
    def _each_webhook_has_its_name(self) -> Self:
        names = [each.name for each in self.webhooks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"two webhooks are called {twice[0]!r}"
            raise ValueError(message)
        return self
