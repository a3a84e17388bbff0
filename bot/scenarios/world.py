"""From a scenario to the world that it describes: every gap filled, every layer laid over the one below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from bot.definition.files import PipelineFileError, ReadFile
from bot.request import RequestError, intervals_of
from bot.scenarios import healthy
from bot.scenarios.layers import EVERY, is_whole, merged, placed
from bot.scenarios.rows import table_columns, table_rows
from bot.scenarios.scenario import ConditionalGrant, Fault, Granted, Grants, Scenario, ScenarioFile, instant_of
from bot.scenarios.surroundings import Surroundings, build_surroundings
from bot.scenarios.template import COMMIT, Gaps
from checks.pipeline import Pipeline
from checks.ports.policies import Binding, Policy
from checks.ports.services import Service

INVOKER = "roles/run.invoker"

Layer = ReadFile[ScenarioFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Surroundings):
    """What the embedded ports answer from. ``tables`` holds JSON-like rows by ``dataset.table``."""

    now: datetime
    documents: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, list[dict[str, Any]]]
    services: Mapping[str, Service]
    policies: Mapping[str, Policy]
    project_policy: Policy
    faults: tuple[Fault, ...]
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Those of the tables that have others than the pipeline file declares."""


Change = Callable[[World], World]
"""What breaks a world, or makes another day of it."""

Build = Callable[[Pipeline, Scenario], World]
"""What makes the world of a scenario."""


def build_world(pipeline: Pipeline, scenario: Scenario) -> World:
    """Lay the scenario's layers over one another. Raises PipelineFileError for what does not fit together."""
    top = scenario.layers[-1]
    now = instant_of(scenario, pipeline)
    try:
        interval, _ = intervals_of(scenario.file.requested, pipeline, now)
    except RequestError as error:
        raise PipelineFileError((top.problem(("interval",), str(error)),)) from None
    gaps = Gaps(interval=interval, now=now, zone=pipeline.zone, invoker=pipeline.invoker, lists={})
    gaps = replace(gaps, lists=_lists(scenario, gaps))
    documents: dict[str, Any] = {}
    unnamed = [] if is_whole(scenario.layers) else healthy.unnamed_services(pipeline)
    unstated: dict[str, Any] = {} if is_whole(scenario.layers) else {"labels": {"commit-sha": COMMIT}}
    services: dict[str, Any] = dict.fromkeys(unnamed, unstated)
    policies: dict[str, Grants] = {name: {INVOKER: (pipeline.invoker,)} for name in services}
    project: Grants = {}
    faults: tuple[Fault, ...] = ()
    for layer in scenario.layers:
        file = layer.content
        documents = merged(documents, _expanded(layer, "firestore", gaps))
        services = _with_services(services, layer, pipeline, gaps, unstated)
        policies |= _policies(layer, pipeline, gaps)
        project = file.project_policy if file.project_policy is not None else project
        faults = _faults(layer, gaps) if file.faults is not None else faults
    existing = {name: _service(pipeline, name, state) for name, state in services.items() if state is not None}
    surroundings = build_surroundings(pipeline, scenario.layers, gaps, existing)
    return World(
        **{each.name: getattr(surroundings, each.name) for each in fields(surroundings)},
        now=now,
        documents={path: data for path, data in documents.items() if data is not None},
        tables=table_rows(pipeline, scenario.layers, gaps),
        columns=table_columns(pipeline, scenario.layers),
        services=existing,
        policies={name: _policy(grants, gaps) for name, grants in policies.items() if services.get(name) is not None},
        project_policy=_policy(project, gaps),
        faults=faults,
    )


def _lists(scenario: Scenario, gaps: Gaps) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for layer in scenario.layers:
        for name, items in layer.content.lists.items():
            if not items:
                text = "the list is empty; expected at least one item"
                raise PipelineFileError((layer.problem(("lists", name), text),))
            with placed(layer, ("lists", name)):
                found[name] = [gaps.settle(item) if isinstance(item, str) else item for item in items]
    return found


def _expanded(layer: Layer, section: str, gaps: Gaps) -> dict[str, Any]:
    entries: Mapping[str, Any] = getattr(layer.content, section)
    found: dict[str, Any] = {}
    for key, value in entries.items():
        with placed(layer, (section, key)):
            for name, number in gaps.each(key):
                found[name] = None if value is None else gaps.value(value, number)
    return found


def _named(layer: Layer, section: str, pipeline: Pipeline, gaps: Gaps) -> Iterator[tuple[str, str, int, Any]]:
    """Yield key, service, number of the list's item, and value of a section by service.

    ``all`` comes first, so that a service by name can differ from it.
    """
    entries: Mapping[str, Any] = getattr(layer.content, section)
    for key, value in sorted(entries.items(), key=lambda entry: entry[0] != EVERY):
        if key == EVERY:
            yield from ((key, service.name, 1, value) for service in pipeline.services)
            continue
        with placed(layer, (section, key)):
            yield from ((key, name, number, value) for name, number in gaps.each(key))


def _with_services(
    below: Mapping[str, Any], layer: Layer, pipeline: Pipeline, gaps: Gaps, unstated: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay what a layer states over the services; ``unstated`` is true of one of which nothing is stated."""
    result = dict(below)
    for key, name, number, value in _named(layer, "services", pipeline, gaps):
        if value is None:
            result[name] = None
            continue
        with placed(layer, ("services", key)):
            state = gaps.value(value.model_dump(exclude_unset=True), number)
            if isinstance(state.get("deployed_at"), str):
                state["deployed_at"] = gaps.instant(state["deployed_at"])
        result = merged({name: unstated, **result}, {name: state})
    return result


def _policies(layer: Layer, pipeline: Pipeline, gaps: Gaps) -> dict[str, Grants]:
    return {name: value or {} for _, name, _, value in _named(layer, "policies", pipeline, gaps)}


def _faults(layer: Layer, gaps: Gaps) -> tuple[Fault, ...]:
    found = []
    for index, fault in enumerate(layer.content.faults or ()):
        with placed(layer, ("faults", index)):
            only = None if fault.only is None else gaps.settle(fault.only)
        found.append(fault.model_copy(update={"only": only}))
    return tuple(found)


def _service(pipeline: Pipeline, name: str, state: Mapping[str, Any]) -> Service:
    revision = _stated(state, "revision", f"{name}-00001-abc")
    ready_revision = _stated(state, "ready_revision", revision)
    uri = _stated(state, "uri", healthy.hash_address(pipeline, name))
    rest = {key: value for key, value in state.items() if key not in _MADE}
    return Service(
        name=name,
        latest_created_revision=revision,
        latest_ready_revision=ready_revision,
        traffic=_stated(state, "traffic", {ready_revision: 100}),
        uri=uri,
        urls=tuple(_stated(state, "urls", (uri, healthy.number_address(pipeline, name)))),
        audiences=tuple(state.get("audiences", ())),
        **{"ready": True, **rest},
    )


_MADE = frozenset({"revision", "ready_revision", "traffic", "audiences", "uri", "urls"})


def _stated(state: Mapping[str, Any], key: str, otherwise: Any) -> Any:
    found = state.get(key)
    return otherwise if found is None else found


def _policy(grants: Grants, gaps: Gaps) -> Policy:
    bindings = []
    for role, granted in grants.items():
        for each in _grants(granted):
            members = frozenset(gaps.settle(member) for member in each.members)
            bindings.append(Binding(role, members, each.condition))
    return Policy(tuple(bindings), etag="scenario")


def _grants(granted: Granted) -> Iterator[ConditionalGrant]:
    """Yield the bindings of one role."""
    if isinstance(granted, ConditionalGrant):
        yield granted
        return
    members = tuple(each for each in granted if isinstance(each, str))
    if members or not granted:
        yield ConditionalGrant(members=members)
    yield from (each for each in granted if isinstance(each, ConditionalGrant))
