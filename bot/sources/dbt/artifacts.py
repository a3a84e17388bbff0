"""What dbt's artifacts say, whichever version wrote them: only what is needed is read, and what is odd is left out.

Read are manifests from version 4 on (tried: 9 and 12), run results from version 4 on, and sources of version 3. Newer
versions have added keys and renamed none of those that are read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.instants import of_iso
from checks.column_types import column_type
from checks.facts.tasks import TaskState
from checks.ports.dbt import DBT, DbtKind, DbtNode, DbtProject
from checks.source import Problem, SourceError

_SCHEMA = re.compile(r"/dbt/(?P<kind>[a-z-]+)/v(?P<version>\d+)\.json$")
_OLDEST = {"manifest": 4, "run-results": 4, "sources": 3}

_KINDS = {
    "model": DbtKind.MODEL,
    "seed": DbtKind.MODEL,
    "snapshot": DbtKind.MODEL,
    "test": DbtKind.TEST,
    "unit_test": DbtKind.UNIT_TEST,
    "source": DbtKind.SOURCE,
}
"""By dbt's word; of the others (analyses, operations, exposures) nothing is judged."""

_STATES = {
    "success": TaskState.SUCCEEDED,
    "pass": TaskState.SUCCEEDED,
    "no-op": TaskState.SUCCEEDED,
    "reused": TaskState.SUCCEEDED,
    "warn": TaskState.WARNED,
    "partial success": TaskState.WARNED,
    "fail": TaskState.FAILED,
    "error": TaskState.FAILED,
    "skipped": TaskState.BLOCKED,
}
"""By dbt's word for a model and a test."""

_LEAD = re.compile(r"^[A-Z][A-Za-z ]* Error in [a-z_ ]+\S+ \(.*\)$")
"""The first line of an error: which file it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """The texts of the files, None for those that are not there."""

    manifest: bytes
    run_results: bytes | None = None
    sources: bytes | None = None


def project_of(artifacts: Artifacts) -> DbtProject:
    """Return what the artifacts say. Raises SourceError for what is none of dbt's, or too old."""
    manifest = _read(artifacts.manifest, "manifest")
    run = None if artifacts.run_results is None else _read(artifacts.run_results, "run-results")
    ages = None if artifacts.sources is None else _read(artifacts.sources, "sources")
    nodes = {each.id: each for each in _nodes(manifest)}
    for each in _results(run):
        _add_result(nodes, each)
    for each in _results(ages):
        _add_age(nodes, each)
    ran_at = None if run is None else _instant(_part(run, "metadata").get("generated_at"))
    return DbtProject(
        name=_text(_part(manifest, "metadata").get("project_name")) or "dbt", nodes=tuple(nodes.values()), ran_at=ran_at
    )


def database_of(manifest: bytes) -> tuple[str, str]:
    """Return which warehouse a project is built in, and the database that most of its models are in."""
    read = _read(manifest, "manifest")
    named = [_text(each.get("database")) for each in _part(read, "nodes").values() if isinstance(each, Mapping)]
    (database, _), *_ = [*Counter(named).most_common(1), ("", 0)]
    return _text(_part(read, "metadata").get("adapter_type")), database


def _read(text: bytes, kind: str) -> Mapping[str, Any]:
    file = f"{kind.replace('-', '_')}.json"
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise invalid(f"{file} is no JSON", "Let dbt write it again: 'dbt build'.") from None
    schema = _SCHEMA.search(_text(_part(content, "metadata").get("dbt_schema_version")))
    if schema is None or schema["kind"] != kind:
        found = "nothing of dbt's" if schema is None else f"what dbt calls {schema['kind']}"
        raise invalid(f"{file} holds {found}", "Name the folder that dbt writes its artifacts to, mostly 'target'.")
    if int(schema["version"][:6]) < _OLDEST[kind]:
        advice = "Use dbt 1.0 or later."
        raise invalid(f"{file} is of version {schema['version']}; read are those from {_OLDEST[kind]} on", advice)
    return dict(content)


def invalid(detail: str, advice: str) -> SourceError:
    """Return the error for artifacts that say nothing."""
    return SourceError(DBT, Problem.INVALID, detail, advice=advice)


def _nodes(manifest: Mapping[str, Any]) -> Iterator[DbtNode]:
    stated = {**_part(manifest, "nodes"), **_part(manifest, "sources"), **_part(manifest, "unit_tests")}
    tables = {name: _table(each) for name, each in stated.items() if isinstance(each, Mapping)}
    package = _text(_part(manifest, "metadata").get("project_name"))
    names = Counter(_name(each) for each in stated.values() if isinstance(each, Mapping))
    twice = {name for name, count in names.items() if count > 1}
    for key, each in stated.items():
        kind = _KINDS.get(_text(each.get("resource_type"))) if isinstance(each, Mapping) else None
        if kind is None:
            continue
        depends = _part(each, "depends_on").get("nodes")
        after = tuple(name for name in depends if isinstance(name, str)) if isinstance(depends, list) else ()
        name, of = _name(each), _text(each.get("package_name"))
        is_test = kind in (DbtKind.TEST, DbtKind.UNIT_TEST)
        about = _tested(each, after) if is_test else key
        yield DbtNode(
            id=key,
            name=f"{of}.{name}" if name in twice and of != package else name,
            kind=kind,
            table=tables.get(about, ""),
            after=after,
            test=(_text(_part(each, "test_metadata").get("name")) or name) if is_test else "",
            column=_text(each.get("column_name")) if is_test else "",
        )


def _name(node: Mapping[str, Any]) -> str:
    version = node.get("version")
    name = _text(node.get("name"))
    if node.get("resource_type") == "source":
        return f"{_text(node.get('source_name'))}.{name}"
    return f"{name}.v{version}" if version not in (None, "") and node.get("resource_type") == "model" else name


def _table(node: Mapping[str, Any]) -> str:
    """Return the table that a node is, as a pipeline file writes it; empty for what makes none."""
    if node.get("resource_type") not in ("model", "seed", "snapshot", "source"):
        return ""
    if _part(node, "config").get("materialized") == "ephemeral":
        return ""
    table = _text(node.get("identifier")) or _text(node.get("alias")) or _text(node.get("name"))
    schema = _text(node.get("schema"))
    return f"{schema}.{table}" if schema and table else ""


def _tested(node: Mapping[str, Any], after: tuple[str, ...]) -> str:
    """Return the id of what a test is about: dbt says so since 1.6; before, the file of the test does; a test with a
    query of its own is about the last that it reads."""
    attached = _text(node.get("attached_node")) or _text(node.get("tested_node_unique_id"))
    if attached:
        return attached
    named = _text(node.get("file_key_name")).rpartition(".")[2] or _text(node.get("model"))
    return next((each for each in after if each.split(".")[2:3] == [named]), after[-1] if after else "")


def _results(read: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    results = read.get("results") if read is not None else ()
    yield from (each for each in results if isinstance(each, Mapping)) if isinstance(results, list | tuple) else ()


def _add_result(nodes: dict[str, DbtNode], result: Mapping[str, Any]) -> None:
    node = nodes.get(_text(result.get("unique_id")))
    if node is None:
        return
    status = _text(result.get("status")).lower()
    state = _STATES.get(status, TaskState.UNKNOWN)
    if node.kind is DbtKind.TEST and status == "error":
        state = TaskState.UNKNOWN  # the test itself could not be run: nobody knows of its rows
    failures = result.get("failures")
    times = [each for each in result.get("timing") or () if isinstance(each, Mapping)]
    message = telling(_text(result.get("message"))) or (f"dbt says {status!r}" if state is TaskState.UNKNOWN else "")
    nodes[node.id] = replace(
        node,
        state=state,
        started_at=next(filter(None, (_instant(each.get("started_at")) for each in times)), None),
        ended_at=next(filter(None, (_instant(each.get("completed_at")) for each in reversed(times))), None),
        message=message,
        failures=failures if type(failures) is int else None,
    )


def _add_age(nodes: dict[str, DbtNode], result: Mapping[str, Any]) -> None:
    node = nodes.get(_text(result.get("unique_id")))
    if node is None or node.kind is not DbtKind.SOURCE:
        return
    states = {"pass": TaskState.SUCCEEDED, "warn": TaskState.WARNED, "error": TaskState.FAILED}
    state = states.get(_text(result.get("status")), TaskState.UNKNOWN)
    nodes[node.id] = replace(
        node,
        state=state,
        newest_at=_instant(result.get("max_loaded_at")),
        ended_at=_instant(result.get("snapshotted_at")),
        message=telling(_text(result.get("error"))),
    )


def telling(message: str) -> str:
    """Return the line of an error that says what is wrong: the first is mostly where."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((each for each in lines if not _LEAD.match(each)), "")


def _part(content: Any, key: str) -> Mapping[str, Any]:
    part = content.get(key) if isinstance(content, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _instant(value: Any) -> datetime | None:
    try:
        return of_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None


def columns_of(manifest: bytes) -> Mapping[str, Mapping[str, str]]:
    """Return the columns of the tables of which every one has a type that GoogleSQL knows, by ``dataset.table``."""
    read = _read(manifest, "manifest")
    found: dict[str, Mapping[str, str]] = {}
    for each in (*_part(read, "nodes").values(), *_part(read, "sources").values()):
        table = _table(each) if isinstance(each, Mapping) else ""
        stated = _part(each, "columns")
        types = {name: _text(_part(stated, name).get("data_type")).upper() for name in stated}
        if table and types and all(_is_type(kind) for kind in types.values()):
            found[table] = types
    return found


def _is_type(text: str) -> bool:
    try:
        column_type(text)
    except ValueError:
        return False
    return bool(text)
