"""Refusals of Google that no role changes: an organization's policy, a perimeter, a member that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions

from bot.google_cloud.errors import sentence
from bot.google_cloud.reasons import ORGANIZATION_MARKS, PERIMETER, PERIMETER_MARKS, holds
from bot.repairs.model import RepairRefusal, RepairRefusedError


@contextmanager
def rules_named(purpose: str) -> Iterator[None]:
    """Raise RepairRefusedError for a refusal that is a rule; any other error of Google's passes through."""
    try:
        yield
    except exceptions.GoogleAPICallError as error:
        refused = refusal_by_rule(error, purpose)
        if refused is None:
            raise
        raise refused from error


def refusal_by_rule(error: exceptions.GoogleAPICallError, purpose: str) -> RepairRefusedError | None:
    """Return the refusal for a request that a rule forbids, None where the error is of another kind."""
    advice = _advice(error, str(error.message).lower())
    if advice is None:
        return None
    return RepairRefusedError(
        RepairRefusal.NOT_POSSIBLE, f"Google forbids {purpose}: {sentence(error)}. Nothing was written.", advice=advice
    )


def _advice(error: exceptions.GoogleAPICallError, text: str) -> str | None:
    if isinstance(error, exceptions.Forbidden) and holds(text, PERIMETER_MARKS):
        return PERIMETER.advice
    if isinstance(error, exceptions.FailedPrecondition) and holds(text, ORGANIZATION_MARKS):
        return (
            "An organization policy forbids it: ask the organization's administrators for an exception, or grant an "
            "account of the organization."
        )
    if isinstance(error, exceptions.InvalidArgument) and "do not exist" in text:
        return "Remove the members that were deleted from the service's policy, then try again."
    if isinstance(error, exceptions.InvalidArgument) and "does not exist" in text:
        return "Create the account, or correct its name in the pipeline file ('callers', or 'members' of 'repairs')."
    return None
