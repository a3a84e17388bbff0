"""The exact commands that remove what calls a service: only for what a look has just seen."""

from __future__ import annotations

from checks.control_plane.callers import Edge, Kind
from checks.pipeline import Pipeline
from checks.ports.messaging import Subscription
from checks.shell_words import command_line


def gcloud(pipeline: Pipeline, verb: str, name: str, *flags: str) -> str:
    """Return a gcloud command about one thing of the project, quoted for the shell."""
    return command_line(f"gcloud {verb}", [name], [*flags, f"--project={pipeline.project}"])


def subscription_removal(pipeline: Pipeline, subscription: Subscription | Edge) -> str:
    """Return the command that removes a subscription: through its Eventarc trigger where it has one.

    Eventarc would make a subscription of its own anew.
    """
    if subscription.trigger:
        region = subscription.trigger_region or pipeline.region
        return gcloud(pipeline, "eventarc triggers delete", subscription.trigger, f"--location={region}")
    return gcloud(pipeline, "pubsub subscriptions delete", subscription.name)


def removal(pipeline: Pipeline, edge: Edge) -> str:
    """Return the command that removes a caller."""
    if edge.kind is Kind.JOB:
        return gcloud(pipeline, "scheduler jobs delete", edge.name, f"--location={pipeline.region}")
    return subscription_removal(pipeline, edge)
