"""The exact commands that remove what calls a service: only for what a look has just seen."""

from __future__ import annotations

from checks.actions import Gcloud
from checks.control_plane.callers import CallerKind, Edge
from checks.control_plane.gcloud import gcloud
from checks.pipeline import Pipeline
from checks.ports.messaging import Subscription


def subscription_removal(pipeline: Pipeline, subscription: Subscription | Edge) -> Gcloud:
    """Return the command that removes a subscription: through its Eventarc trigger where it has one.

    Eventarc would make a subscription of its own again.
    """
    if subscription.trigger:
        region = subscription.trigger_region or pipeline.region
        return gcloud(pipeline, "eventarc triggers", "delete", subscription.trigger, f"--location={region}")
    return gcloud(pipeline, "pubsub subscriptions", "delete", subscription.name)


def removal(pipeline: Pipeline, edge: Edge) -> Gcloud:
    """Return the command that removes a caller."""
    if edge.kind is CallerKind.JOB:
        return gcloud(pipeline, "scheduler jobs", "delete", edge.name, f"--location={pipeline.region}")
    return subscription_removal(pipeline, edge)
