"""Repairs in a process that serves: what makes them, and what looks after them once they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.alerting.threads import AlertThreads
from bot.notifying import Notifying
from bot.redaction.shown import Secret
from bot.render.repairs import verified_reply
from bot.repairs.composition import repairs_of
from bot.repairs.following import Following
from bot.repairs.model import Run
from bot.repairs.repairs import Repairs
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Repairing:
    """The repairs of a pipeline, and who follows them."""

    repairs: Repairs
    following: Following


def repairing_of(settings: Settings, secret: Secret, told: Notifying) -> Repairing | None:
    """Put repairs together, their records sealed with a secret; None where the pipeline file allows none.

    Raises SettingsError without credentials.
    """
    pipeline = told.validation.pipeline
    if pipeline.repairs is None:
        return None
    repairs = repairs_of(told.validation, told.store, settings, told.requested, secret=secret)
    threads = AlertThreads(told.incidents, told.validation, told.outbox.wake)

    def say(runs: Sequence[Run]) -> Mapping[str, Any]:
        return verified_reply(runs, pipeline.zone)

    return Repairing(repairs, Following(repairs, told.store, threads, say, told.clock))
