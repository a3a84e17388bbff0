"""Switches traces on, where ``REVEILLE_TRACES`` says so; without it nothing of OpenTelemetry is imported."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.serving.serving_settings import ServingSettings
from bot.settings import SettingsError

if TYPE_CHECKING:
    from bot.serving.traces import Traces


def traces_of(serving: ServingSettings) -> Traces | None:
    """Return what sends traces, None where nobody wants any. Raises SettingsError without the package for it."""
    if not serving.traces:
        return None
    try:
        found = find_spec("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise SettingsError(
            "REVEILLE_TRACES needs OpenTelemetry's exporter: run `pip install 'reveille[telemetry]'`, or take "
            "REVEILLE_TRACES out of the environment."
        )
    from bot.serving.traces import Traces  # noqa: PLC0415 - nobody pays for it who wants no traces

    return Traces()
