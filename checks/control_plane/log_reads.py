"""What of the logs is read: since when, and of which services."""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.context import Context
from checks.control_plane_spec import LONGEST_LOG, Errors
from checks.pipeline import Pipeline

CONFIGURE = "add the section 'errors'"


def window(context: Context, rules: Errors) -> datetime:
    """Return since when errors and changes are read: for some hours, and since the previous interval began."""
    since = min(context.now - timedelta(hours=rules.hours), context.previous.start)
    return max(since, context.now - timedelta(hours=LONGEST_LOG))


def services_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Return every service and Cloud Run job that the pipeline file names, ordered."""
    pushed = pipeline.messaging.targets.values() if pipeline.messaging is not None else ()
    orchestrators = (each.orchestrator for each in pipeline.transitions if each.orchestrator is not None)
    named = (*(each.name for each in pipeline.services), *(each.name for each in pipeline.run_jobs))
    return tuple(sorted({*named, *orchestrators, *(name for names in pushed for name in names)}))
