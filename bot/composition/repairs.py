"""Puts repairs together for a process that serves: beside its validation, on the same ports and the same store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from bot.alerting.incidents import Incidents
from bot.alerting.threads import AlertThreads
from bot.composition.google import google_repair_platform
from bot.composition.validation import validating
from bot.delivery.outboxes import Outboxes
from bot.redaction.shown import Secret
from bot.render.repairs import still_open_reply, verified_reply
from bot.repairs.follow_up import FollowUp
from bot.repairs.model import RepairRun
from bot.repairs.ports import Platform
from bot.repairs.service import RepairService
from bot.settings import Settings
from bot.store.model import StateStore
from bot.validation import Validation
from checks.ports.services import CLOUD_RUN


@runtime_checkable
class Repairable(Protocol):
    """Ports whose world can be repaired, as those of a scenario."""

    @property
    def platform(self) -> Platform: ...


def repairs_of(
    validation: Validation,
    store: StateStore,
    settings: Settings,
    interval: str = "previous",
    *,
    secret: Secret | None = None,
) -> RepairService:
    """Return the repairs of a validation's pipeline: of its scenario, or of Google Cloud.

    ``secret`` seals their records, ``date`` is what verification asks the checks for. Raises SettingsError without
    credentials.
    """
    return RepairService(
        validation.pipeline,
        platform_of(validation, settings),
        store,
        validating(validation, interval),
        validation.ports[CLOUD_RUN],
        secret=secret,
    )


def platform_of(validation: Validation, settings: Settings) -> Platform:
    """Return what repairs read and write."""
    if isinstance(validation.ports, Repairable):
        return validation.ports.platform
    return google_repair_platform(validation.pipeline, settings)


@dataclass(frozen=True, slots=True)
class Repairing:
    """The repairs of a pipeline, and who follows them."""

    repairs: RepairService
    following: FollowUp


class Telling(Protocol):
    """What repairs need of what tells Slack."""

    @property
    def validation(self) -> Validation: ...

    @property
    def store(self) -> StateStore: ...

    @property
    def incidents(self) -> Incidents: ...

    @property
    def outbox(self) -> Outboxes: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...

    @property
    def requested(self) -> str: ...


def repairing_of(settings: Settings, secret: Secret, told: Telling) -> Repairing | None:
    """Put repairs together, their records sealed with a secret; None where the pipeline file allows none.

    Raises SettingsError without credentials.
    """
    pipeline = told.validation.pipeline
    if pipeline.repairs is None:
        return None
    repairs = repairs_of(told.validation, told.store, settings, told.requested, secret=secret)
    threads = AlertThreads(told.incidents, told.validation, told.outbox.wake, still_open_reply)

    def say(runs: Sequence[RepairRun]) -> Mapping[str, Any]:
        return verified_reply(runs, pipeline.zone)

    return Repairing(repairs, FollowUp(repairs, told.store, threads, say, told.clock))
