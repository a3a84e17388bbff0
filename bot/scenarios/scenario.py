"""Scenario files: a world at one instant, and what a validation of it must say.

A scenario may stand on another one and state only what differs. ``docs/scenarios.md`` explains the format.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from bot.definition.files import PipelineFileError, ReadFile, file_of, read
from bot.definition.sources import SOURCES
from bot.nearest import meant, nearest
from bot.scenarios.changes import Aftermath, WorldChanges
from bot.scenarios.platform_states import RevisionState
from checks.model import Verdict
from checks.pipeline import Pipeline
from checks.values import EARLIEST_YEAR, LATEST_YEAR, Identifier, Model

SHIPPED = files("bot") / "scenarios" / "shipped"

LONGEST_CHAIN = 8
"""Scenarios that stand on one another; more than a few can no longer be read."""


def _finding(text: str) -> str:
    words = text.split(maxsplit=2)
    if len(words) < 3:  # noqa: PLR2004 - check, code, subject
        message = "expected 'check code subject', such as 'invoker caller-refused prediction-worker'"
        raise ValueError(message)
    return " ".join(words)


def _cause(text: str) -> str:
    words = text.split(maxsplit=1)
    if len(words) < 2:  # noqa: PLR2004 - code, subject
        message = "expected 'code subject', such as 'invoker-lost phase3-to-phase4-orchestrator'"
        raise ValueError(message)
    return " ".join(words)


IntervalName = Annotated[
    str,
    Field(pattern=r"^(previous|current|today|yesterday|\d{4}-W\d\d|\d{4}-\d\d(-\d\d(T\d\d(:\d\d)?([+-]\d{4})?)?)?)$"),
]
"""An interval as a request names it."""

Day = TypeVar("Day", bound=date)


def _of_our_times(day: Day) -> Day:
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        message = f"expected a year from {EARLIEST_YEAR} to {LATEST_YEAR}"
        raise ValueError(message)
    return day


def _source_name(text: str) -> str:
    names = [line.source.name for line in SOURCES]
    if text not in names:
        message = f"there is no source '{text}'; {nearest(text, names)}"
        raise ValueError(message)
    return text


class Expectation(Model):
    """What the report must say: the verdict, exactly these failed and unknown findings, exactly these causes.

    ``among`` are findings of any outcome that must be there too, beside whatever else passed or waits.
    """

    verdict: Verdict
    findings: tuple[Annotated[str, AfterValidator(_finding)], ...] = ()
    causes: tuple[Annotated[str, AfterValidator(_cause)], ...] = ()
    among: tuple[Annotated[str, AfterValidator(_finding)], ...] = ()


class ServiceState(Model):
    """A Cloud Run service as it stands. What is left out is OK: ready, all traffic on ``revision``."""

    ready: bool = True
    reason: str = ""
    reconciling: bool = False
    revision: str | None = None
    """The latest one created; by default ``NAME-00001-abc``."""
    ready_revision: str | None = None
    """The latest one that became ready; by default ``revision``."""
    traffic: Mapping[str, Annotated[int, Field(ge=0, le=100)]] | None = None
    """Percentages by revision."""
    minimum_instances: int = Field(default=0, ge=0, le=1_000)
    environment: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    deployed_at: str | datetime | None = None
    deployed_by: str = ""
    invoker_check_disabled: bool = False
    audiences: tuple[str, ...] = ()
    """What it accepts as the audience of a token beside its addresses."""
    function: str = ""
    """The Cloud Function that it belongs to."""
    uri: str | None = None
    """Its main address, and all of them; by default those that Cloud Run would give it."""
    urls: tuple[str, ...] | None = None


class ConditionalGrant(Model):
    """Members who hold a role only while a condition (CEL) is true."""

    members: tuple[str, ...]
    condition: str = ""


Granted = tuple[str, ...] | ConditionalGrant | tuple[ConditionalGrant, ...]
"""Members who hold a role, or several bindings of it."""

Grants = Mapping[str, Granted]
"""An IAM policy: members by role."""


class Fault(Model):
    """A source that does not answer, or not for one thing.

    ``only`` narrows it: for Firestore to paths that begin so, for BigQuery to queries with that label or on that
    ``dataset.table``, for Cloud Run to a service, for Pub/Sub to ``topics`` or ``subscriptions``, for Cloud Build to
    ``triggers`` or ``builds``, for the repository to a path,
    for Cloud Run also to ``services``, the list of all. ``hang`` never answers until the ports are closed.
    """

    source: Annotated[str, AfterValidator(_source_name)]
    only: str | None = None
    problem: Literal[
        "unavailable",
        "unreachable",
        "timed out",
        "throttled",
        "denied",
        "unauthenticated",
        "not found",
        "not enabled",
        "invalid",
        "hang",
    ]
    detail: str = ""
    advice: str = ""


class ScenarioFile(WorldChanges):
    """The content of a scenario file.

    ``interval`` is what the validation is asked for, ``now`` the instant at which it is asked; a time without an offset
    is local to the pipeline. ``base`` is a scenario whose world this one changes: a shipped one by name, or a file
    beside this one.
    """

    version: Literal[2] = 2
    """The version of the format."""
    pipeline: str | None = None
    """The pipeline that it is a world of: an example by name, or a file beside this one; by default the base's."""
    name: Identifier
    title: str
    story: str
    when: str
    """The days of the incident, as people say them: ``5-11 Feb 2026``."""
    now: Annotated[datetime, AfterValidator(_of_our_times)]
    interval: Annotated[date, AfterValidator(_of_our_times)] | IntervalName
    base: str | None = None
    whole: bool = False
    """Nothing is made up around what is stated, as in what was recorded: what is not stated, is not there."""
    expect: Expectation

    services: Mapping[str, ServiceState | None] = {}
    """``all`` stands for every service of the pipeline."""
    policies: Mapping[str, Grants | None] = {}
    project_policy: Grants | None = None
    revisions: Mapping[str, Mapping[str, RevisionState]] = {}
    """Earlier revisions by service and name."""
    faults: tuple[Fault, ...] | None = None
    after_repairs: tuple[Aftermath, ...] | None = None
    """Replaces what the base says of it."""

    @model_validator(mode="after")
    def _whole_stands_alone(self) -> Self:
        if self.whole and self.base is not None:
            message = "a whole world has no base; leave out 'base' or 'whole'"
            raise ValueError(message)
        return self

    @property
    def requested(self) -> str:
        """The interval as a request spells it."""
        return self.interval if isinstance(self.interval, str) else self.interval.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario file with those that it stands on, the lowest first, itself last."""

    layers: tuple[ReadFile[ScenarioFile], ...]

    @property
    def file(self) -> ScenarioFile:
        return self.layers[-1].content

    @property
    def pipeline(self) -> Path | None:
        """The pipeline file that the nearest layer names."""
        for layer in reversed(self.layers):
            if layer.content.pipeline is not None:
                return file_of(Path(layer.content.pipeline), Path(layer.name).parent)
        return None


def instant_of(scenario: Scenario, pipeline: Pipeline) -> datetime:
    """Return the instant at which a scenario is validated, in UTC."""
    now = scenario.file.now
    return (now if now.tzinfo is not None else now.replace(tzinfo=pipeline.zone)).astimezone(UTC)


class UnknownScenario(ValueError):  # noqa: N818 - reads as what it says
    """A name that no shipped scenario has; the message names the nearest."""


def shipped_scenarios() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the product, sorted."""
    names = (entry.name for entry in SHIPPED.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Load a shipped scenario by name, or a file of one's own by its path (anything with a slash or a suffix).

    Raises UnknownScenario, or PipelineFileError with every problem of the file.
    """
    source = _source(name_or_path)
    layers = [read(source, ScenarioFile)]
    sources = [str(source)]
    while (base := layers[0].content.base) is not None:
        beside = Path(sources[0]).parent if "/" in base or base.endswith((".yaml", ".yml")) else None
        try:
            source = _source(base if beside is None else beside / base)
        except UnknownScenario as error:
            raise PipelineFileError((layers[0].problem(("base",), str(error)),)) from None
        if str(source) in sources or len(sources) == LONGEST_CHAIN:
            text = f"stands on itself, or on more than {LONGEST_CHAIN} others in a row"
            raise PipelineFileError((layers[0].problem(("base",), text),))
        layers.insert(0, read(source, ScenarioFile))
        sources.insert(0, str(source))
    return Scenario(layers=tuple(layers))


def _source(name_or_path: str | Path) -> Path | Traversable:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or text.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    known = shipped_scenarios()
    if text in known:
        return SHIPPED / f"{text}.yaml"
    if os.path.exists(text):  # noqa: PTH110 - unlike Path's it takes any text
        return Path(text)
    message = f"There is no scenario '{text}'; {meant(text, known, '`reveille scenarios` lists them.')}"
    raise UnknownScenario(message)
