"""The exact commands that give a call its account and its audience."""

from __future__ import annotations

from checks.actions import Gcloud
from checks.control_plane.callers import CallerKind, Edge
from checks.control_plane.gcloud import gcloud
from checks.pipeline import Pipeline

_HARMLESS_QUERY = "__GCP_CloudEventsMode="
"""What Eventarc puts behind an address; anything else there may be a secret."""


def call_command(pipeline: Pipeline, edge: Edge, account: str, audience: str = "") -> Gcloud:
    """Return the command that gives a call its account, and an audience where one is stated."""
    if edge.kind is CallerKind.JOB:
        flags = [f"--location={pipeline.region}", f"--oidc-service-account-email={account}"]
        token = [f"--oidc-token-audience={shown(audience)}"] if audience else []
        return gcloud(pipeline, "scheduler jobs", "update http", edge.name, *flags, *token)
    flags = [f"--push-endpoint={shown(edge.url)}", f"--push-auth-service-account={account}"]
    token = [f"--push-auth-token-audience={shown(audience)}"] if audience else []
    return gcloud(pipeline, "pubsub subscriptions", "modify-push-config", edge.name, *flags, *token)


def account_command(pipeline: Pipeline, edge: Edge, account: str) -> Gcloud:
    """Return the command that gives a call another account, and leaves the rest: through its Eventarc trigger if any.

    Eventarc would put the account of the trigger back.
    """
    if edge.trigger:
        place = f"--location={edge.trigger_region or pipeline.region}"
        return gcloud(pipeline, "eventarc triggers", "update", edge.trigger, place, f"--service-account={account}")
    return call_command(pipeline, edge, account, edge.audience)


def shown(address: str) -> str:
    """Return an address for people: what stands behind its question mark may be a secret."""
    query = address.partition("?")[2]
    return address if not query or query.startswith(_HARMLESS_QUERY) else "ADDRESS"
