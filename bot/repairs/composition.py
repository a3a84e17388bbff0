"""Puts repairs together for a process that serves: beside its validation, on the same ports and the same store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from bot.redaction.shown import Secret
from bot.repairs.ports import Platform
from bot.repairs.repairs import Repairs
from bot.settings import Settings
from bot.store.model import StateStore
from bot.validation import Request, Validation
from checks.model import Report


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
) -> Repairs:
    """Return the repairs of a validation's pipeline: of its scenario, or of Google Cloud.

    ``secret`` seals their records, ``date`` is what verification asks the checks for. Raises SettingsError without
    credentials.
    """
    return Repairs(
        validation.pipeline,
        platform_of(validation, settings),
        store,
        validating(validation, interval),
        validation.ports.control_plane,
        secret=secret,
    )


def platform_of(validation: Validation, settings: Settings) -> Platform:
    """Return what repairs read and write."""
    if isinstance(validation.ports, Repairable):
        return validation.ports.platform
    from bot.gcp.repairs_connect import google_repair_platform  # noqa: PLC0415 - Google's clients take a second

    return google_repair_platform(validation.pipeline, settings)


def validating(validation: Validation, interval: str = "previous") -> Callable[[Sequence[str]], Report]:
    """Return what runs some checks of a validation for the verification of a repair."""

    def validate(checks: Sequence[str]) -> Report:
        return validation.run(validation.plan(Request(interval=interval, checks=tuple(checks), trigger="repair")))

    return validate
