"""Who is told what, where and when: the part of the pipeline file about Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from checks.intervals import Offset
from checks.model import Severity
from checks.values import A_WEEK, Identifier, Model, NamedSeverity, PatienceMinutes

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


class AlertPolicy(Model):
    """When an alert speaks again."""

    lowest: NamedSeverity = Severity.P2
    """Failures of a lower severity open no thread, but for a false trigger flag past its due time."""
    remind_minutes: Mapping[NamedSeverity, PatienceMinutes] = Field(
        default_factory=lambda: {Severity.P0: 60, Severity.P1: 240}
    )
    """How long an alert that nobody has acknowledged stays silent, by severity; without one it stays silent."""
    flap_minutes: int = Field(default=60, ge=0, le=A_WEEK)
    """An incident that comes back within this time reopens its old thread."""
    unknown_runs: int = Field(default=3, ge=1, le=100)
    """So many runs in a row that could not look open an alert of their own."""


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


class Notifications(Model):
    """Everything about Slack that is particular to a pipeline."""

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
    history_days: int = Field(default=90, ge=14, le=3650)
    """How long reports, resolved alerts, sent deliveries and the audit are kept."""
