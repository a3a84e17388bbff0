"""Who calls which service: the edges from subscriptions and scheduler jobs to services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.pipeline import Pipeline
from checks.repairs_spec import Repairs


class CallerKind(StrEnum):
    """What calls; the values are words for people."""

    SUBSCRIPTION = "subscription"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A caller and the service that it calls.

    ``account`` is the e-mail of the OIDC token that the call carries, empty without one. ``exists`` is False when
    the service is not there; ``function`` tells that the address names a function. ``trigger`` is the Eventarc
    trigger behind a subscription.
    """

    kind: CallerKind
    name: str
    service: str
    exists: bool
    function: bool = False
    account: str = ""
    audience: str = ""
    url: str = ""
    trigger: str = ""
    trigger_region: str = ""

    @property
    def words(self) -> str:
        """The caller in words: "subscription orders-push"."""
        return f"{self.kind} {self.name}"


MOST_NAMED = 2
"""Callers that a sentence names; the evidence has them all."""


def in_words(edges: Sequence[Edge], most: int = MOST_NAMED) -> str:
    """Return callers in words, at most so many by name: "subscription a, job b and 3 more"."""
    words = [edge.words for edge in edges]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def grantable(pipeline: Pipeline, service: str) -> tuple[str, ...]:
    """Return the members that a repair may let call a service: those of ``repairs``, else its declared callers."""
    bounds = pipeline.repairs or Repairs()
    if service in bounds.members:
        return bounds.members[service]
    declared = next((spec.callers for spec in pipeline.services if spec.name == service), None)
    return (pipeline.invoker,) if declared is None else declared
