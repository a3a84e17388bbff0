"""A recording: a validation whose ports keep what they are asked, and the scenario that this makes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot.composition.validation import Ready
from bot.definition.files import EXAMPLES, PipelineFileError, parse
from bot.definition.pipeline_queries import queries_of
from bot.definition.sources import SOURCES, SourceLine
from bot.recording.calls import Call, CallLog, Calls, recording
from bot.recording.recorder import MOST_ROWS, Recording
from bot.recording.veil import Veil
from bot.recording.writing import yaml_text
from bot.request import Plan, Request, RequestError
from bot.scenarios.scenario import ScenarioFile
from bot.validation import Validation
from checks.model import CheckResult, Outcome, Report
from checks.pipeline import Pipeline
from checks.ports.warehouse import BIGQUERY, Query
from checks.reads import ReadCache, Reads
from checks.source import Ports, Problem, SourceError

_NOT_IN_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedWorld:
    """A recording that is ready to be written. ``hidden`` counts what is hidden, by kind."""

    text: str
    report: Report
    notes: tuple[str, ...]
    hidden: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a recording would read of a table beside the validation; ``size`` in bytes, None where nobody knows."""

    table: str
    columns: int
    size: int | None
    problem: str = ""


def veil_of(pipeline: Pipeline, columns: Sequence[str], variables: Sequence[str], *, people: bool) -> Veil:
    """Return what a recording hides: what the pipeline file calls personal, and what was asked for.

    Raises RequestError for a column that no table has.
    """
    known = {column.lower() for table in pipeline.tables.values() for column in table.columns}
    for each in columns:
        if each.lower() not in known:
            message = f"No table of the pipeline file has a column '{each}', so --hash {each} would hide nothing."
            raise RequestError(message)
    personal = {column.lower() for table in pipeline.tables.values() for column in table.personal}
    return Veil(
        columns=frozenset(personal | {each.lower() for each in columns}),
        people=people,
        variables=frozenset(variables),
    )


def costs(ready: Ready, request: Request, most_rows: int = MOST_ROWS) -> list[Cost]:
    """Return what a recording would read of the tables, without reading it. Raises RequestError."""
    from bot.sources.warehouse.recorder import plan as selections  # noqa: PLC0415 - sqlglot takes a moment

    validation, pipeline = ready.validation, ready.validation.pipeline
    planned = validation.plan(request)
    queries = [
        each.bound(pipeline, interval, planned.now)
        for each in queries_of(pipeline)
        for interval in dict.fromkeys((planned.previous, planned.current))
    ]
    return [_cost(validation.ports, name, each) for name, each in selections(pipeline, queries, most_rows).items()]


def _cost(ports: Ports, table: str, selection: Query) -> Cost:
    columns = selection.sql.partition(" FROM ")[0].count("`") // 2
    try:
        return Cost(table=table, columns=columns, size=ports[BIGQUERY].dry_run(selection))
    except SourceError as error:
        return Cost(table=table, columns=columns, size=None, problem=f"{error.problem}: {error.detail}")


def record(
    ready: Ready,
    request: Request,
    veil: Veil,
    *,
    file: Path,
    source: Path,
    most_rows: int = MOST_ROWS,
    observe: Callable[[CheckResult], None] = lambda _: None,
) -> RecordedWorld:
    """Validate, and return the scenario that says the same. ``source`` is the pipeline file.

    Raises RequestError, also for a copy that is larger than a scenario may be.
    """
    pipeline, log = ready.validation.pipeline, CallLog()
    now = ready.validation.now
    validation = Validation(
        pipeline, recording(ready.validation.ports, log), lambda: now, jobs_before=ready.validation.jobs_before
    )
    planned = validation.plan(request)
    report = validation.run(planned, observe)
    notes: list[str] = []
    sections = _sections(pipeline, planned, ready.validation, log, veil, notes, most_rows)
    head = _head(pipeline, report, file, source)
    content = {**head, "expect": _expect(report, veil), **dict(sections.items())}
    told = tuple(dict.fromkeys(notes))
    text = yaml_text(content, _comments(pipeline, report, veil, told))
    try:
        parse(text, str(file), ScenarioFile)
    except PipelineFileError as error:
        message = f"The copy is no scenario that can be read back: {error.problems[0]}. Fewer rows help: use --rows."
        raise RequestError(message) from None
    return RecordedWorld(text=text, report=report, notes=told, hidden=dict(veil.hidden))


def _sections(  # noqa: PLR0917 - what a recording consists of
    pipeline: Pipeline,
    planned: Plan,
    validation: Validation,
    log: CallLog,
    veil: Veil,
    notes: list[str],
    most_rows: int,
) -> dict[str, Any]:
    ports = validation.ports
    found: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    cache = ReadCache(pipeline.limits)
    try:
        for line in SOURCES:
            if line.source not in ports:
                continue
            calls = Calls(log.of(line.source))
            faults += _faults(line, calls.all, veil)
            found |= line.recorder.sections(
                Recording(
                    pipeline=pipeline,
                    interval=planned.previous,
                    veil=veil,
                    calls=calls,
                    reads=Reads(cache, ports, frozenset(), pipeline.limits.check_seconds),
                    most_rows=most_rows,
                    jobs_before=tuple(validation.jobs_before(planned.now)),
                    notes=notes,
                )
            )
    finally:
        cache.close()
    return {**found, **({"faults": faults} if faults else {})}


def _faults(line: SourceLine, calls: Sequence[Call], veil: Veil) -> list[dict[str, Any]]:
    """Return what did not answer: the source, where it answered nothing and always said the same, else each part."""
    failed = [(call, call.error) for call in calls if call.error is not None]
    # The embedded engine says by itself what it cannot run.
    told = [(call, error) for call, error in failed if error.problem is not Problem.UNSUPPORTED]
    is_all = len(told) == len(calls) and len({error.problem for _, error in told}) == 1
    found: dict[str | None, dict[str, Any]] = {}
    for call, error in told:
        only = None if is_all else line.recorder.narrowed(call)
        state = {"source": line.source.name, "only": only, "problem": str(error.problem)}
        state |= {"detail": veil.text(error.detail), "advice": veil.text(error.advice)}
        found.setdefault(only, {name: each for name, each in state.items() if each})
    return list(found.values())


def _head(pipeline: Pipeline, report: Report, file: Path, source: Path) -> dict[str, Any]:
    is_example = source.resolve().parent == EXAMPLES.resolve()
    beside = source.stem if is_example else os.path.relpath(source.resolve(), file.resolve().parent)
    interval = report.previous
    return {
        "version": 2,
        "pipeline": beside,
        "name": "-".join(("recorded", *_NOT_IN_NAME.sub(" ", interval.name.lower()).split()))[:80],
        "title": f"{pipeline.title}: what was read of {interval.name}",
        "story": f"Recorded by reveille {version('reveille')}, with the verdict {report.verdict}.",
        "when": interval.name,
        "now": report.now.astimezone(UTC),
        "interval": interval.name,
        "whole": True,
    }


def _expect(report: Report, veil: Veil) -> dict[str, Any]:
    loud = [
        f"{result.check} {finding.code} {finding.subject}"
        for result, finding in report.findings()
        if finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    ]
    causes = [f"{cause.code} {cause.subject}" for cause in report.causes]
    return {
        "verdict": str(report.verdict),
        "findings": [veil.line(each) for each in loud],
        "causes": [veil.line(each) for each in causes],
    }


def _comments(pipeline: Pipeline, report: Report, veil: Veil, notes: Sequence[str]) -> Iterator[str]:
    at = report.now.astimezone(pipeline.zone)
    by = f"reveille {version('reveille')}"
    yield f"What a validation of {pipeline.title} read on {at:%Y-%m-%d %H:%M %Z}, recorded by {by}."
    yield "Replay it with 'reveille replay FILE', or 'reveille validate --scenario FILE'."
    if veil.hidden:
        yield (
            "Hidden, with a key that nobody has kept: "
            + ", ".join(f"{what} ({count})" for what, count in sorted(veil.hidden.items()))
            + "."
        )
    yield from notes
