"""A source that fails, as the refusal of a repair: which permission on what, and what an administrator runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.repairs.model import Plan, Refusal, RepairKey, RepairRefusedError
from checks.source import Problem, SourceError


@contextmanager
def plainly(key: RepairKey, permission: str) -> Iterator[None]:
    """Turn a SourceError that reading raises into a RepairRefusedError."""
    try:
        yield
    except SourceError as error:
        raise refusal_of(error, key, _to_read(permission)) from error


def _to_read(permission: str) -> str:
    """Return the permission that reading needs where writing needs another."""
    words = {"setIamPolicy": "getIamPolicy", "services.update": "services.get", "jobs.run": "jobs.get"}
    first = permission.partition(",")[0]
    for write, read in words.items():
        first = first.replace(write, read)
    return first


def refusal_of(error: SourceError, key: RepairKey, permission: str, plan: Plan | None = None) -> RepairRefusedError:
    """Return the refusal for a source that failed; with a plan, that failed to write."""
    command = plan.command if plan is not None else ""
    if error.problem is Problem.DENIED:
        what = "the job" if key.kind == "run-job" else "the service"
        return RepairRefusedError(
            Refusal.DENIED,
            f"This account lacks {permission} on {what} {key.target}. Nothing was written.",
            advice="An administrator can grant it, or make the repair: see the command."
            if command
            else "An administrator can grant it.",
            command=command,
        )
    if error.problem is Problem.NOT_FOUND:
        return RepairRefusedError(
            Refusal.VANISHED, f"{key.target} is gone: {error.detail}. Nothing was written.", command=command
        )
    return RepairRefusedError(
        Refusal.UNREACHABLE, f"{error.source} {error.problem}: {error.detail}.", advice=error.advice, command=command
    )
