"""Which remedy makes a repair."""

from __future__ import annotations

from typing import Any

from bot.repairs.granting import Granting
from bot.repairs.model import Kind, RepairKey
from bot.repairs.ports import Platform
from bot.repairs.remedies import Remedy
from bot.repairs.rerouting import Rerouting
from bot.repairs.restoring import Restoring
from bot.repairs.running import Running
from checks.pipeline import Pipeline


def remedy_of(key: RepairKey, pipeline: Pipeline, platform: Platform, members: tuple[str, ...] = ()) -> Remedy[Any]:
    """Return the remedy of a key; ``members`` narrows a grant."""
    match key.kind:
        case Kind.GRANT_INVOKER:
            return Granting(pipeline, platform, members)
        case Kind.ROUTE_TO_LATEST:
            return Rerouting(pipeline, platform)
        case Kind.RESTORE_VARIABLES:
            return Restoring(pipeline, platform)
        case Kind.RUN_JOB:
            return Running(pipeline, platform)
