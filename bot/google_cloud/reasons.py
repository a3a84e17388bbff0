"""What the reasons of Google's refusals mean, whatever status they come with.

The status often misleads: a quota is a 400 or a 403, a cancelled job has none, a perimeter looks like a missing role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError

from checks.source import NO_NETWORK, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """``detail`` says it in our words where Google's say too much; ``advice`` what to do, where the advice for the
    problem would mislead. ``passing`` says that the next attempt may not see it."""

    problem: Problem
    detail: str = ""
    advice: str = ""
    passing: bool = False


_BUSY = Meaning(problem=Problem.THROTTLED, passing=True)
_QUOTA = Meaning(problem=Problem.THROTTLED)
_DOWN = Meaning(problem=Problem.UNAVAILABLE, passing=True)
_SLOW = Meaning(problem=Problem.TIMED_OUT)
_NOT_ENABLED = Meaning(problem=Problem.NOT_ENABLED)
_BILLING = Meaning(
    problem=Problem.NOT_ENABLED, advice="Enable billing for the project in the Cloud console; no role helps."
)
_TOO_LARGE = Meaning(
    problem=Problem.INVALID, advice="Let the query read or return less: filter it, or add up in the query."
)
PERIMETER = Meaning(
    problem=Problem.DENIED,
    advice="A perimeter of VPC Service Controls keeps this account out, and no role changes that: ask its "
    "administrators for an ingress rule.",
)
_ORGANIZATION = Meaning(
    problem=Problem.DENIED,
    advice="An organization policy forbids it, and no role changes that: ask the organization's administrators for an "
    "exception.",
)
_ELSEWHERE = Meaning(
    problem=Problem.NOT_FOUND,
    advice="Check the name and the prefix, and whether the data is in another location: BIGQUERY_LOCATION says where "
    "queries run.",
)
_CANCELLED = Meaning(problem=Problem.UNAVAILABLE, advice="Somebody or something cancelled the query. Run it again.")
_UNREACHABLE = Meaning(
    problem=Problem.UNREACHABLE,
    detail="no connection from here",
    advice=NO_NETWORK,
    passing=True,
)
_NO_ACCOUNT = Meaning(
    problem=Problem.UNAUTHENTICATED,
    detail="the account of these Google credentials does not exist any more",
    advice="Run Reveille with another account, or create this one again.",
)

REASONS: Mapping[str, Meaning] = {
    "rateLimitExceeded": _BUSY,
    "jobRateLimitExceeded": _BUSY,
    "RATE_LIMIT_EXCEEDED": _BUSY,
    "quotaExceeded": _QUOTA,
    "RESOURCE_EXHAUSTED": _QUOTA,
    "backendError": _DOWN,
    "jobBackendError": _DOWN,
    "internalError": _DOWN,
    "jobInternalError": _DOWN,
    "tableUnavailable": _DOWN,
    "timeout": _SLOW,
    "SERVICE_DISABLED": _NOT_ENABLED,
    "accessNotConfigured": _NOT_ENABLED,
    "CONSUMER_INVALID": Meaning(problem=Problem.NOT_FOUND),
    "billingNotEnabled": _BILLING,
    "BILLING_DISABLED": _BILLING,
    "billingTierLimitExceeded": _TOO_LARGE,
    "bytesBilledLimitExceeded": Meaning(
        problem=Problem.INVALID, advice="Let the query read less: filter its tables by their partitions."
    ),
    "responseTooLarge": _TOO_LARGE,
    "resourcesExceeded": _TOO_LARGE,
    "vpcServiceControls": PERIMETER,
    "SECURITY_POLICY_VIOLATED": PERIMETER,
    "invalid": Meaning(problem=Problem.INVALID),
    "invalidQuery": Meaning(problem=Problem.INVALID),
}
"""By reason: of BigQuery (https://cloud.google.com/bigquery/docs/error-messages), and of ``ErrorInfo`` in other
services (https://cloud.google.com/apis/design/errors)."""

PERIMETER_MARKS = ("vpcservicecontrolsuniqueidentifier", "vpc service controls")
ORGANIZATION_MARKS = ("organization policy", "org policy", "permitted customer", "constraints/")
_UNREACHABLE_MARKS = ("failed to connect", "resolution failed", "name resolution", "errors resolving", "is unreachable")
_NO_ACCOUNT_MARKS = ("account not found", "gaia id not found", "account has been deleted", "account_not_found")


def reason_of(error: exceptions.GoogleAPICallError) -> str:
    """Return the machine-readable reason: of the error's details, or of its first entry in JSON."""
    first: Any = next(iter(error.errors), None)
    return error.reason or (first.get("reason") if isinstance(first, dict) else None) or ""


def meaning_of(error: BaseException) -> Meaning | None:
    """Return what an error means, None where its kind alone tells."""
    text = str(error).lower()
    if isinstance(error, TransportError | requests.exceptions.ConnectionError):
        # Requests counts a connection that takes too long as one that failed.
        return None if isinstance(error, requests.exceptions.Timeout) else _UNREACHABLE
    if isinstance(error, RefreshError):
        return _NO_ACCOUNT if holds(text, _NO_ACCOUNT_MARKS) else None
    if not isinstance(error, exceptions.GoogleAPICallError):
        return None
    return _by_text(error, text) or REASONS.get(reason_of(error))


def _by_text(error: exceptions.GoogleAPICallError, text: str) -> Meaning | None:
    """Several services give no reason for what their sentence says; BigQuery gives one for two things."""
    if holds(text, PERIMETER_MARKS):
        return PERIMETER
    if holds(text, ORGANIZATION_MARKS):
        return _ORGANIZATION
    if isinstance(error, exceptions.ServiceUnavailable) and holds(text, _UNREACHABLE_MARKS):
        return _UNREACHABLE
    if reason_of(error) == "stopped":
        return _SLOW if "timed out" in text else _CANCELLED
    return _ELSEWHERE if isinstance(error, exceptions.NotFound) and "in location" in text else None


def holds(text: str, marks: Sequence[str]) -> bool:
    """Whether one of the marks stands in a text."""
    return any(mark in text for mark in marks)
