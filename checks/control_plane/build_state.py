"""Judging one service's build trigger and its latest build: pure, and each result has a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.control_plane.touched import matches, touched
from checks.model import Outcome, Severity
from checks.ports.builds import Build, BuildTrigger
from checks.ports.repository import Commit

STARTING = timedelta(minutes=15)
"""What a push gets until its build must be there."""

LONGEST = timedelta(hours=24)
"""How long a build may be under way: Cloud Build's greatest time-out. One that waits for an approval waits for ever.
Source: https://cloud.google.com/build/docs/build-config-file-schema#timeout"""

RUNNING = ("PENDING", "QUEUED", "WORKING")
BROKEN = ("FAILURE", "INTERNAL_ERROR", "TIMEOUT", "EXPIRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildVerdict:
    """What is said of a trigger: the code, what becomes of it, and how loud it is."""

    code: str
    outcome: Outcome
    severity: Severity | None = None


def _failed(code: str, severity: Severity) -> BuildVerdict:
    return BuildVerdict(code=code, outcome=Outcome.FAILED, severity=severity)


def latest_of(builds: Iterable[Build], trigger: BuildTrigger) -> Build | None:
    """Return the latest build that a trigger has started."""
    return max((each for each in builds if each.trigger == trigger.id), key=lambda each: each.created_at, default=None)


def of_trigger(trigger: BuildTrigger | None, build: Build | None, now: datetime) -> BuildVerdict | None:
    """Judge a trigger and its latest build at an instant; None when only the repository can tell more."""
    if trigger is None:
        return _failed("trigger-missing", Severity.P2)
    status = build.status if build is not None else "SUCCESS"
    if status in RUNNING:
        if build is not None and now - build.created_at > LONGEST:
            return _failed("build-stuck", Severity.P2)
        return BuildVerdict(code="build-running", outcome=Outcome.WAITING)
    if status in BROKEN:
        return _failed("build-failed", Severity.P1)
    if trigger.disabled:
        return _failed("trigger-disabled", Severity.P2)
    if status == "CANCELLED":
        return _failed("build-cancelled", Severity.P2)
    if status != "SUCCESS":
        return BuildVerdict(code="status-not-known", outcome=Outcome.UNKNOWN, severity=Severity.P1)
    return None


def unbuilt(
    commits: Sequence[Commit], trigger: BuildTrigger, folders: Sequence[str], documentation: Sequence[str]
) -> tuple[Commit, ...]:
    """Return the commits that a trigger owes a build for: those that changed the service's own files.

    These are the folders that the file names, else the files that the trigger watches; never those that it ignores.
    """
    without = (*documentation, *trigger.ignored)
    if folders or not trigger.included:
        return touched(commits, folders or (".",), without).code
    watched = [
        commit
        for commit in commits
        if any(matches(file, trigger.included) and not matches(file, without) for file in commit.files)
    ]
    return tuple(watched)


def of_commits(build: Build | None, missing: Sequence[Commit] | None, head: Commit, now: datetime) -> BuildVerdict:
    """Judge a build that succeeded, or that was never owed one, by the commits that it lacks; None: unknown commit."""
    passed = "build-succeeded" if build is not None else "nothing-to-build"
    if missing is None:
        return _failed("commit-unknown", Severity.P2)
    if not missing:
        return BuildVerdict(code=passed, outcome=Outcome.PASSED)
    # The newest commit tells when something was pushed last; those that it brought in may be older.
    # One whose clock is far ahead tells nothing.
    if abs(now - head.at) < STARTING:
        return BuildVerdict(code="build-due", outcome=Outcome.WAITING)
    return _failed("stale-commit" if build is not None else "not-built", Severity.P1)
