"""A job of Cloud Scheduler: a report keeps those that it saw, for the next one to compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJob:
    """A Cloud Scheduler job. ``name`` is its short name.

    ``url`` is the address of an HTTP job, ``topic`` the short name of the topic of a Pub/Sub job; both are empty
    for other targets. ``account`` is the e-mail of its OIDC token, ``audience`` that token's audience.
    ``status`` is the gRPC code of the last attempt, 0 for success, None when it has not been attempted. ``fault`` is
    empty unless Cloud Scheduler itself stopped the job: ``DISABLED`` after an error, ``UPDATE_FAILED`` after a change
    that failed; such a job is not ``enabled``, and nobody paused it.
    """

    name: str
    enabled: bool
    fault: str = ""
    schedule: str
    zone: str = "UTC"
    url: str = ""
    topic: str = ""
    account: str = ""
    audience: str = ""
    last_attempt: datetime | None = None
    status: int | None = None
    message: str = ""
    updated_at: datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether somebody has paused it."""
        return not self.enabled and not self.fault
