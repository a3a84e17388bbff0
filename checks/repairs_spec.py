"""The part of a pipeline file about repairs: what may be repaired, and by which means. What is not listed may not."""

from __future__ import annotations

from collections.abc import Mapping

from checks.values import Model


class Repairs(Model):
    """The bounds of every repair, from Slack and from the shell alike."""

    invoker: tuple[str, ...] = ()
    """Services whose callers may be granted roles/run.invoker again."""
    members: Mapping[str, tuple[str, ...]] = {}
    """By service, the members that may be granted it; left out, the callers that the service declares."""
    jobs: tuple[str, ...] = ()
    """Cloud Scheduler jobs that may be run out of turn."""
    traffic: tuple[str, ...] = ()
    """Services whose traffic may be sent to their latest ready revision."""
    variables: Mapping[str, tuple[str, ...]] = {}
    """By service, the variables that may be restored from the secret that the service names under ``secrets``."""
