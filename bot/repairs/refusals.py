"""A source that fails, as the refusal of a repair: which permission on what, and what an administrator runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.repairs.model import RepairPlan, RepairRefusal, RepairRefusedError
from checks.source import Problem, SourceError


@contextmanager
def plainly(target: str, permission: str, thing: str = "service") -> Iterator[None]:
    """Turn a SourceError that reading raises into a RepairRefusedError."""
    try:
        yield
    except SourceError as error:
        raise refusal_of(error, target, _to_read(permission), thing) from error


def _to_read(permission: str) -> str:
    """Return the permission that reading needs where writing needs another."""
    words = {"setIamPolicy": "getIamPolicy", "services.update": "services.get", "jobs.run": "jobs.get"}
    first = permission.partition(",")[0]
    for write, read in words.items():
        first = first.replace(write, read)
    return first


def refusal_of(
    error: SourceError, target: str, permission: str, thing: str = "service", plan: RepairPlan | None = None
) -> RepairRefusedError:
    """Return the refusal for a source that failed; with a plan, that failed to write."""
    command = plan.command if plan is not None else ""
    if error.problem is Problem.DENIED:
        return RepairRefusedError(
            RepairRefusal.DENIED,
            f"This account lacks {permission} on the {thing} {target}. Nothing was written.",
            advice="An administrator can grant it, or make the repair: see the command."
            if command
            else "An administrator can grant it.",
            command=command,
        )
    if error.problem is Problem.NOT_FOUND:
        return RepairRefusedError(
            RepairRefusal.VANISHED, f"{target} is gone: {error.detail}. Nothing was written.", command=command
        )
    return RepairRefusedError(
        RepairRefusal.UNREACHABLE,
        f"{str(error).rstrip('.')}.",
        advice=error.advice,
        command=command,
    )
