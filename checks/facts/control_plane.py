"""The facts that the checks of the control plane find. Instants are aware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.facts import DeployFacts as DeployFacts  # noqa: PLC0414 - also found in logs
from checks.facts import Facts, Scalar, part, several
from checks.facts import ServiceFacts as ServiceFacts  # noqa: PLC0414 - likewise

LATEST_REVISIONS = 5
"""Revisions that are looked at: several deploys may have followed the one that broke something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokerFacts(ServiceFacts):
    """Whether a service lets its callers in. ``caller`` are the members that are worst off, ``callers`` all of them,
    each with the calls that it makes."""

    caller: tuple[str, ...] = several()
    through: str = ""
    roles: tuple[str, ...] = several()
    members: tuple[str, ...] = several()
    conditions: tuple[str, ...] = several("; ")
    callers: tuple[str, ...] = several("; ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts(Facts):
    """Calls to one service: what makes them, how many of each kind, and for whom their tokens are."""

    callers: str = ""
    subscriptions: int = 0
    jobs: int = 0
    triggers: tuple[str, ...] = several()
    audience: tuple[str, ...] = several()
    accounts: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFacts(Facts):
    """The push subscriptions of a topic. ``missing`` are the services that none of them reaches."""

    expected: int = 0
    found: int = 0
    subscriptions: tuple[str, ...] = several()
    surplus: tuple[str, ...] = several()
    idle: tuple[str, ...] = several()
    missing: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts(Facts):
    """One subscription."""

    topic: str = ""
    trigger: str = ""
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts(Facts):
    """How the messages of a subscription fare; None is what Cloud Monitoring has no figure of."""

    topic: str = ""
    service: str = ""
    account: str = ""
    oldest_minutes: int | None = None
    undelivered: int | None = None
    acknowledged: int = 0
    refused: int = 0
    """Pushes that the service, or Google before it, answered with 4xx."""
    failed: int = 0
    answers: tuple[str, ...] = several()
    dead_letters: int | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFacts(ServiceFacts):
    """Why a service is not ready."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFacts(ServiceFacts):
    """Which revisions there are, and where the traffic goes: "rev-2 90 %", "rev-1 10 %"."""

    latest_created: str = ""
    latest_ready: str = ""
    traffic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesFacts(ServiceFacts):
    """How many instances a service keeps."""

    minimum_instances: int = 0
    declared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesFacts(ServiceFacts):
    """The names of required variables."""

    missing: tuple[str, ...] = several()
    empty: tuple[str, ...] = several()
    required: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableAddressesFacts(ServiceFacts):
    """Variables that name an address which nothing has: the host alone, and the service that is missing there."""

    variables: tuple[str, ...] = several()
    hosts: tuple[str, ...] = several()
    targets: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRateFacts(ServiceFacts):
    """How a service answered the requests of so many hours."""

    requests: int = 0
    server_errors: int = 0
    share_percent: float | None = None
    answers: tuple[str, ...] = several()
    hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRevision:
    """A revision without its variables, which may hold secrets: which it is, when and by whom it was deployed."""

    name: str
    created_at: datetime
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionsFacts(Facts):
    """The latest revisions of a service, the newest first, and how the variables of the first two differ."""

    revisions: tuple[DeployedRevision, ...] = ()
    removed: tuple[str, ...] = several()
    emptied: tuple[str, ...] = several()
    added: tuple[str, ...] = several()
    changed: tuple[str, ...] = several()
    required_lost: tuple[str, ...] = several()
    commit_before: str = ""
    commit_now: str = ""
    """What the second and the first were built from, empty where they do not say."""
    required_changed: tuple[str, ...] = several()
    misspelled: tuple[str, ...] = several()
    """Those of the changed that differ only where nobody sees it."""

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        """Names and times of revisions alone: their variables may hold secrets."""
        for number, each in enumerate(self.revisions[:LATEST_REVISIONS], start=1):
            yield f"revision_{number}", each.name
            yield f"revision_{number}_at", each.created_at
            yield f"revision_{number}_by", each.created_by
        if len(self.revisions) > 1:
            for name in ("removed", "emptied", "added", "changed", "required_lost"):
                yield name, ", ".join(getattr(self, name))
            if self.commit_before != self.commit_now:
                yield "commit_before", self.commit_before
                yield "commit_now", self.commit_now
        if self.required_changed:
            yield "required_changed", ", ".join(self.required_changed)
        if self.misspelled:
            yield "misspelled", ", ".join(self.misspelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy:
    """The first revision that is known to have come after an instant.

    ``certain`` is False when every revision that was looked at came after: there may have been earlier ones.
    ``later`` counts those that followed it.
    """

    revision: str
    at: datetime
    by: str = ""
    later: int = 0
    certain: bool = True


def first_after(revisions: Sequence[DeployedRevision], instant: datetime) -> Redeploy | None:
    """Return the first of the latest revisions that came after an instant, None when none did."""
    dated = (each for each in revisions if (each.created_at.tzinfo is None) == (instant.tzinfo is None))
    after = sorted((each for each in dated if each.created_at > instant), key=lambda each: each.created_at)
    if not after:
        return None
    first = after[0]
    # A list that is shorter than what was asked for is all there is.
    complete = len(revisions) < LATEST_REVISIONS or len(after) < len(revisions)
    return Redeploy(
        revision=first.name, at=first.created_at, by=first.created_by, later=len(after) - 1, certain=complete
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts(Facts):
    """A build of a trigger."""

    status: str = ""
    commit: str = ""
    built_at: datetime | None = None
    finished_at: datetime | None = None
    built_by: str = ""
    build: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFacts(Facts):
    """The newest commit of the branch."""

    head: str
    head_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LagFacts(Facts):
    """The commits that something lacks, in words and by number."""

    behind: int = 0
    commits: str = ""
    authors: str = ""
    behind_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildsFacts(Facts):
    """The latest build of a trigger, and what it lacks; a part that is None is not known."""

    trigger: str = ""
    latest: BuildFacts | None = part()
    newest: HeadFacts | None = part()
    lag: LagFacts | None = part()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFacts(ServiceFacts):
    """Which commit a service runs, how that is known, and what it lacks. ``missing`` are folders that do not exist."""

    commit: str = ""
    basis: str = ""
    newest: HeadFacts | None = part()
    lag: LagFacts | None = part()
    documentation: int = 0
    missing: tuple[str, ...] = several()


NOT_STARTED: Mapping[str, str] = {
    "PAUSED": "paused",
    "DELETED": "deleted",
    "NOT_ATTEMPTED": "no attempt",
    "NEVER_RAN": "never attempted",
}
"""Words of jobs that nobody started, and what people say of these jobs."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A scheduler job and the word for how its last attempt ended: gRPC's, or why there was none. ``services`` are
    those that it calls, ``since`` is when it failed or was first not started, None where that is not known."""

    name: str
    word: str
    services: tuple[str, ...] = ()
    since: datetime | None = None
    run_job: str = ""
    """The Cloud Run job that it executes."""

    @property
    def unstarted(self) -> bool:
        """Whether nobody started it."""
        return self.word in NOT_STARTED

    @property
    def said(self) -> str:
        """As people are told."""
        return f"{self.name} ({NOT_STARTED.get(self.word, self.word)})"

    def __str__(self) -> str:
        return f"{self.name} ({self.word})"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFacts(Facts):
    """How the enabled scheduler jobs run; the lists after ``failing`` name some of those."""

    failing: tuple[JobStatus, ...] = several()
    failing_count: int = 0
    never_ran: tuple[str, ...] = several()
    not_attempted: tuple[str, ...] = several()
    stopped: tuple[str, ...] = several()
    critical: tuple[str, ...] = several()
    enabled_count: int = 0
    total_count: int = 0
    excused: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJobFacts(Facts):
    """The latest execution of a Cloud Run job, and the scheduler job that last asked for one."""

    execution: str = ""
    state: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    asked_by: str = ""
    asked_at: datetime | None = None
    deployed_at: datetime | None = None
    deployed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimesFacts(Facts):
    """Jobs of which nobody can tell when they were due."""

    jobs: tuple[str, ...] = several()
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryFacts(Facts):
    """Expected jobs that are missing or not enabled."""

    missing: tuple[str, ...] = several()
    paused: tuple[str, ...] = several()
    expected_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOfJobsFacts(Facts):
    """How many jobs there are, and must be."""

    enabled_count: int = 0
    total_count: int = 0
    at_least: int = 0
    gone: tuple[str, ...] = several()
    """Those that an earlier run knew and that do not exist."""
    paused: tuple[str, ...] = several()
    """Those that somebody paused, the last first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsFacts(Facts):
    """Services that received no request for so many hours."""

    requests: int = 0
    hours: int = 0
    silent_count: int = 0
    silent: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFacts(Facts):
    """Rules of the deployment audit that a file breaks, and where it breaks the first of them."""

    violations: int = 0
    errors: int = 0
    rules: tuple[str, ...] = several()
    line: int = 0
    column: int = 0
    shown: str | None = part()
    """The first of them in words."""
