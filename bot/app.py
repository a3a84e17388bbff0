"""The composition of a validation: builds the adapters and puts them behind the ports. ``bot.notifying`` adds Slack."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.definition.pipeline_file import load_pipeline
from bot.settings import Settings
from bot.staging.ground import StagingGround
from bot.validation import Request, Validation, plan
from checks.catalog import checks_of
from checks.pipeline import Pipeline
from checks.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A validation that can run. ``interval`` is what it is asked for when nobody says anything else."""

    validation: Validation
    interval: str


def pipeline_of(pipeline_file: Path | None, settings: Settings | None = None) -> Pipeline:
    """Load the pipeline: the file given, else the environment's, else the shipped one.

    Raises PipelineFileError, SettingsError.
    """
    settings = settings or Settings.from_environment()
    return load_pipeline(pipeline_file or settings.pipeline)


@contextmanager
def ready(
    pipeline_file: Path | None,
    scenario: str | None,
    now: datetime | None,
    request: Request,
    settings: Settings | None = None,
) -> Iterator[Ready]:
    """Put a validation together, on a scenario or on Google Cloud; ``now`` fixes its clock.

    A ``now`` without an offset is local to the pipeline. Settings that are given replace the environment's.
    Raises PipelineFileError, SettingsError, UnknownScenario, DemoExtraMissing, and, before it asks for credentials,
    RequestError.
    """
    settings = settings or Settings.from_environment()
    pipeline = pipeline_of(pipeline_file, settings)
    if scenario is not None:
        with on_scenario(pipeline, scenario, now) as prepared:
            yield prepared
    else:
        plan(pipeline, checks_of(pipeline), request, _clock(pipeline, now)())
        yield on_google(pipeline, settings, now)


@contextmanager
def on_scenario(pipeline: Pipeline, name_or_path: str, now: datetime | None = None) -> Iterator[Ready]:
    """Put a validation of a scenario together; its clock stands still at ``now``, else at its own instant."""
    from bot.local.embedded import embedded_ports  # noqa: PLC0415 - production does without
    from bot.local.scenario import load_scenario  # noqa: PLC0415 - likewise

    scenario = load_scenario(name_or_path)
    ports = embedded_ports(pipeline, scenario)
    try:
        validation = Validation(pipeline, ports, _clock(pipeline, now or ports.now))
        yield Ready(validation=validation, interval=scenario.file.requested)
    finally:
        ports.close()


def on_google(pipeline: Pipeline, settings: Settings, now: datetime | None = None) -> Ready:
    """Put a validation of the real project together. Raises SettingsError without credentials."""
    ports = google_ports_of(settings)(pipeline)
    # What Google's modules made stays for as long as the process. Left to the garbage collector, a full
    # collection in the middle of a validation stops every look for some 60 ms; without it, for 1 ms.
    gc.freeze()
    return Ready(validation=Validation(pipeline, ports, _clock(pipeline, now)), interval="previous")


def google_ports_of(settings: Settings) -> Callable[[Pipeline], Ports]:
    """Return what builds the ports on Google Cloud for a pipeline; it raises SettingsError without credentials."""

    def build(pipeline: Pipeline) -> Ports:
        from bot.gcp.connect import google_ports  # noqa: PLC0415 - Google's clients take a second to import

        return google_ports(pipeline, settings)

    return build


def google_staging_of(
    pipeline: Pipeline, settings: Settings, prefix: str | None = None
) -> AbstractContextManager[StagingGround]:
    """Return the staging ground of a pipeline; opening it raises StagingError, SettingsError."""
    from bot.gcp.staging_connect import google_staging  # noqa: PLC0415 - Google's clients take a second to import

    return google_staging(pipeline, settings, prefix)


def _clock(pipeline: Pipeline, now: datetime | None) -> Callable[[], datetime]:
    if now is None:
        return lambda: datetime.now(UTC)
    fixed = now if now.tzinfo is not None else now.replace(tzinfo=pipeline.zone)
    return lambda: fixed
