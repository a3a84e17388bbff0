"""A validation, on a scenario or on Google Cloud."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.composition.google import google_ports
from bot.composition.local_data import local_ports, tables_alone
from bot.definition.files import EXAMPLES, file_of
from bot.definition.pipeline_file import load_pipeline, read_pipelines
from bot.definition.pipeline_folder import SEPARATOR, files_named, name_in, which_there_are
from bot.request import Request
from bot.settings import Settings, SettingsError
from bot.validation import Validation, plan
from checks.catalog import checks_of
from checks.model import Report
from checks.pipeline import Pipeline

if TYPE_CHECKING:
    from bot.scenarios.scenario import Scenario

_NAME_ONE = (
    "give --pipeline FILE or set REVEILLE_PIPELINE; 'reveille init' writes a first one. "
    "To see an example first: 'reveille demo', '--scenario healthy-morning', "
    f"or '--pipeline nba' ({EXAMPLES / 'nba.yaml'})."
)
_NAME_ONE_IN_SCENARIO = (
    "add 'pipeline: nba' or a path beside it to the file, give --pipeline FILE, or set REVEILLE_PIPELINE."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A validation that can run. ``interval`` is what it is asked for when nobody says anything else; ``newest``
    reads the date of the newest row of data of this machine, None where none is dated or nothing lies here."""

    validation: Validation
    interval: str
    newest: Callable[[], date | None] = lambda: None


def sources_of(
    pipeline_file: Path | None, settings: Settings | None = None, scenario: Scenario | None = None
) -> tuple[Path, ...]:
    """Return the pipeline files that are meant: those given, else the scenario's, else the environment's.

    What is given may be the name of one of several that the environment names.
    Raises SettingsError where none is named, PipelineFileError for a folder that holds none.
    """
    if pipeline_file is not None:
        return _given(pipeline_file, settings or Settings.from_environment())
    if scenario is not None and scenario.pipeline is not None:
        return (scenario.pipeline,)
    named = (settings or Settings.from_environment()).pipeline
    if named is None and scenario is not None:
        raise SettingsError(f"The scenario {scenario.file.name} names no pipeline: {_NAME_ONE_IN_SCENARIO}")
    if named is None:
        raise SettingsError(f"No pipeline is named: {_NAME_ONE}")
    return files_named(named)


def _given(pipeline_file: Path, settings: Settings) -> tuple[Path, ...]:
    """Return what an option names: one of several by its name, else what is there."""
    name = str(pipeline_file)
    is_path = pipeline_file.exists() or pipeline_file.suffix or SEPARATOR in name or len(pipeline_file.parts) > 1
    if is_path or settings.pipeline is None:
        return files_named(pipeline_file)
    by_name = {name_in(file): file for file in files_named(settings.pipeline)}
    if name in by_name:
        return (by_name[name],)
    if len(by_name) == 1 or file_of(pipeline_file) != pipeline_file:
        return files_named(pipeline_file)
    raise SettingsError(f"There is no pipeline '{name}': {which_there_are(by_name, name)}")


def source_of(pipeline_file: Path | None, settings: Settings | None = None, scenario: Scenario | None = None) -> Path:
    """Return the one pipeline file that is meant, as ``sources_of`` says. Raises also SettingsError for several."""
    files = sources_of(pipeline_file, settings, scenario)
    if len(files) > 1:
        there = which_there_are(map(name_in, files))
        how = "--pipeline NAME" if pipeline_file is None else "--pipeline FILE"
        raise SettingsError(f"Several pipelines are named, so say which with {how}: {there}")
    return files[0]


def pipeline_of(
    pipeline_file: Path | None, settings: Settings | None = None, scenario: Scenario | None = None
) -> Pipeline:
    """Load the pipeline that is meant, as ``source_of`` says. Raises PipelineFileError, SettingsError."""
    return load_pipeline(source_of(pipeline_file, settings, scenario))


def pipelines_of(pipeline_file: Path | None, settings: Settings) -> tuple[Pipeline, ...]:
    """Load every pipeline that is meant, as ``sources_of`` says. Raises PipelineFileError, SettingsError."""
    return read_pipelines(sources_of(pipeline_file, settings))


def scenario_of(name_or_path: str | None) -> Scenario | None:
    """Load a scenario, where one is named. Raises PipelineFileError, UnknownScenario."""
    if name_or_path is None:
        return None
    from bot.scenarios.scenario import load_scenario  # noqa: PLC0415 - production does without

    return load_scenario(name_or_path)


@contextmanager
def ready(
    pipeline_file: Path | None,
    scenario: str | None,
    now: datetime | None,
    request: Request,
    settings: Settings | None = None,
    data: Path | None = None,
) -> Iterator[Ready]:
    """Put a validation together, on a scenario, on data of this machine or on Google Cloud; ``now`` fixes its clock.

    A ``now`` without an offset is local to the pipeline. Settings that are given replace the environment's.
    Raises PipelineFileError, SettingsError, UnknownScenario, DemoExtraMissing, and, before it asks for credentials,
    RequestError.
    """
    if data is not None and scenario is not None:
        raise SettingsError("--data and --scenario exclude each other.")
    settings = settings or Settings.from_environment()
    recorded = scenario_of(scenario)
    pipeline = pipeline_of(pipeline_file, settings, recorded)
    if recorded is not None:
        with on_scenario(pipeline, recorded, now) as prepared:
            yield prepared
    elif data is not None:
        with on_data(pipeline, data, now) as prepared:
            yield prepared
    else:
        plan(pipeline, checks_of(pipeline), request, clock_of(pipeline, now)())
        yield on_google(pipeline, settings, now)


@contextmanager
def on_scenario(pipeline: Pipeline, scenario: Scenario, now: datetime | None = None) -> Iterator[Ready]:
    """Put a validation of a scenario together; its clock stands still at ``now``, else at its own instant."""
    from bot.composition.scenario import scenario_ports  # noqa: PLC0415 - production does without

    ports = scenario_ports(pipeline, scenario)
    try:
        clock = clock_of(pipeline, now or ports.now)
        validation = Validation(pipeline, ports, clock, jobs_before=lambda _: ports.jobs_before)
        yield Ready(validation=validation, interval=scenario.file.requested)
    finally:
        ports.close()


@contextmanager
def on_data(pipeline: Pipeline, path: Path, now: datetime | None = None) -> Iterator[Ready]:
    """Put a validation of the tables at a path together. Raises SettingsError, DemoExtraMissing."""
    judged = tables_alone(pipeline)
    ports, newest = local_ports(judged, path)
    try:
        validation = Validation(judged, ports, clock_of(judged, now))
        yield Ready(validation=validation, interval="previous", newest=newest)
    finally:
        ports.close()


def on_google(pipeline: Pipeline, settings: Settings, now: datetime | None = None) -> Ready:
    """Put a validation of the real project together. Raises SettingsError without credentials."""
    ports = google_ports(pipeline, settings)
    # What Google's modules made stays for as long as the process. Left to the garbage collector, a full
    # collection in the middle of a validation stops every read for some 60 ms; without it, for 1 ms.
    gc.freeze()
    return Ready(validation=Validation(pipeline, ports, clock_of(pipeline, now)), interval="previous")


def clock_of(pipeline: Pipeline, now: datetime | None) -> Callable[[], datetime]:
    """Return a clock that stands still at an instant, by default local to the pipeline; without one, the present."""
    if now is None:
        return lambda: datetime.now(UTC)
    fixed = now if now.tzinfo is not None else now.replace(tzinfo=pipeline.zone)
    return lambda: fixed


def validating(validation: Validation, interval: str = "previous") -> Callable[[Sequence[str]], Report]:
    """Return what runs some checks of a validation for the verification of a repair."""

    def validate(checks: Sequence[str]) -> Report:
        return validation.run(validation.plan(Request(interval=interval, checks=tuple(checks), trigger="repair")))

    return validate
