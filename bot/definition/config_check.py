"""Is the pipeline file right, and does what it names exist? And the schema that editors use.

Offline the file alone is judged. Live, each query is analysed by BigQuery without running it, and each service
and collection is looked up, all at once.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bot.definition.files import PipelineFileError, ReadFile
from bot.definition.pipeline_file import read_pipeline
from bot.definition.pipeline_queries import queries_of
from bot.definition.statement_checks import statement_problems
from bot.yaml_tree import FileProblem
from bot.yaml_tree import Path as KeyPath
from checks.column_types import ColumnState, differences
from checks.pipeline import Pipeline
from checks.pools import BoundedPool
from checks.ports.documents import FIRESTORE
from checks.ports.services import CLOUD_RUN
from checks.ports.warehouse import BIGQUERY, Query
from checks.source import Ports, Problem, Source, SourceError

Progress = Callable[[int, int], None]
"""Called with the number of answers so far and the number of questions."""

_POSITION = re.compile(r"\[(\d+):\d+\]")
_DECIDED = (Problem.INVALID, Problem.NOT_FOUND)
_OF_THE_SOURCE = (
    Problem.UNAVAILABLE,
    Problem.UNREACHABLE,
    Problem.TIMED_OUT,
    Problem.THROTTLED,
    Problem.UNAUTHENTICATED,
    Problem.NOT_ENABLED,
)
"""Problems that say nothing about the question: they are told once a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to look up for one key. ``ask`` returns what is wrong, None when nothing is, and raises
    SourceError. An ``undecidable`` answer may also mean that all is well."""

    source: Source[Any]
    path: KeyPath
    ask: Callable[[], str | None]
    undecidable: bool = False


Answers = queue.SimpleQueue[tuple[Question, str | Exception | None]]


def check_config(
    path: str | Path | Traversable,
    ports_of: Callable[[Pipeline], Ports] | None,
    now: datetime,
    progress: Progress | None = None,
) -> tuple[FileProblem, ...]:
    """Return every problem of a pipeline file, in the order of the file.

    ``ports_of`` None judges the file alone; a file that is wrong in itself is not looked up. Problems that
    are ``undecided`` are questions without an answer.
    """
    try:
        pipeline_file = read_pipeline(path)
    except PipelineFileError as error:
        return error.problems
    offline = tuple(_statement_problems(pipeline_file, judged_live=ports_of is not None))
    if ports_of is None:
        return offline
    live = check_live(pipeline_file, ports_of(pipeline_file.content), now, progress)
    return tuple(sorted((*offline, *live), key=lambda problem: (problem.line, problem.key)))


def _statement_problems(pipeline_file: ReadFile[Pipeline], *, judged_live: bool) -> Iterator[FileProblem]:
    """Yield what the text of the queries tells; what cannot be parsed here is left to BigQuery where it is asked."""
    for declared in queries_of(pipeline_file.content):
        for sentence, line in statement_problems(declared.sql, pipeline_file.content, judged_live=judged_live):
            yield pipeline_file.problem(declared.path, sentence, line_of_text=line)


def check_live(
    pipeline_file: ReadFile[Pipeline],
    ports: Ports,
    now: datetime,
    progress: Progress | None = None,
) -> tuple[FileProblem, ...]:
    """Look up what a pipeline names; return every problem, in the order of the file."""
    pipeline = pipeline_file.content
    questions = tuple(questions_of(pipeline, ports, now))
    sources = {question.source for question in questions}
    pools = {source: BoundedPool(source.name, source.bound(pipeline.limits)) for source in sources}
    answers: Answers = queue.SimpleQueue()
    for question in questions:
        pools[question.source].submit(partial(_answer, question, answers))
    found: list[tuple[Question, str | SourceError]] = []
    try:
        for done in range(1, len(questions) + 1):
            question, answer = answers.get()
            if progress is not None:
                progress(done, len(questions))
            if isinstance(answer, str | SourceError):
                found.append((question, answer))
            elif answer is not None:
                raise answer
    finally:
        for pool in pools.values():
            pool.close()
    return tuple(_problems(pipeline_file, found))


def questions_of(pipeline: Pipeline, ports: Ports, now: datetime) -> Iterator[Question]:
    """Yield a question for each query, service and collection that a pipeline names, each once."""
    current = pipeline.timeline.at(now)
    for declared in queries_of(pipeline):
        yield Question(
            source=BIGQUERY,
            path=declared.path,
            ask=partial(_query, ports, declared.bound(pipeline, current, now)),
        )
    for name, table in pipeline.tables.items():
        yield Question(source=BIGQUERY, path=("tables", name), ask=partial(_table, ports, name, table.columns))
    for path, name in _services(pipeline).items():
        yield Question(source=CLOUD_RUN, path=path, ask=partial(_service, ports, pipeline, name))
    for path, name in _collections(pipeline).items():
        yield Question(
            source=FIRESTORE,
            path=path,
            ask=partial(_collection, ports, name),
            undecidable=True,
        )


def _services(pipeline: Pipeline) -> Mapping[KeyPath, str]:
    """The services that must exist, by the first key that names them."""
    may_be_missing = {service.name for service in pipeline.services if service.optional}
    named: list[tuple[KeyPath, str]] = [
        (("services", index, "name"), service.name) for index, service in enumerate(pipeline.services)
    ]
    named += [
        (("transitions", index, "orchestrator"), transition.orchestrator)
        for index, transition in enumerate(pipeline.transitions)
        if transition.orchestrator is not None and not transition.monitoring_only
    ]
    return _first_of_each((path, name) for path, name in named if name not in may_be_missing)


def _collections(pipeline: Pipeline) -> Mapping[KeyPath, str]:
    """The collections that should have documents, by the first key that names them."""
    named: list[tuple[KeyPath, str]] = [
        (("transitions", index, "state"), transition.state)
        for index, transition in enumerate(pipeline.transitions)
        if transition.state is not None and not transition.monitoring_only
    ]
    if pipeline.heartbeats is not None:
        named.append((("heartbeats", "collection"), pipeline.heartbeats.collection))
    return _first_of_each(named)


def _first_of_each(named: Iterable[tuple[KeyPath, str]]) -> Mapping[KeyPath, str]:
    first: dict[str, KeyPath] = {}
    for path, name in named:
        first.setdefault(name, path)
    return {path: name for name, path in first.items()}


def _query(ports: Ports, query: Query) -> None:
    # A dry run that gives any answer at all has found nothing wrong.
    ports[BIGQUERY].dry_run(query)


def _table(ports: Ports, name: str, declared: Mapping[str, str]) -> str | None:
    """Compare the columns that a table is declared with to those that it has."""
    found = tuple(differences(declared, ports[BIGQUERY].columns(name)))
    missing = [each.column for each in found if each.state is ColumnState.LOST]
    other = [
        f"{each.column} is {each.real} and not {each.declared}" for each in found if each.state is ColumnState.RETYPED
    ]
    told = ([f"has no column {', '.join(missing)}"] if missing else []) + other
    return f"{name}: {'; '.join(told)}" if told else None


def _service(ports: Ports, pipeline: Pipeline, name: str) -> str | None:
    if ports[CLOUD_RUN].service(name) is not None:
        return None
    return f"there is no Cloud Run service '{name}' in {pipeline.project}, {pipeline.region}"


def _collection(ports: Ports, name: str) -> str | None:
    if ports[FIRESTORE].list(name, 1):
        return None
    return f"the collection '{name}' has no documents; it is empty, or its name is wrong"


def _answer(question: Question, answers: Answers) -> None:
    answer: str | Exception | None
    try:
        answer = question.ask()
    except Exception as error:  # noqa: BLE001 - handed to the thread that asked, which tells a failure from a bug
        answer = error
    answers.put((question, answer))


def _problems(
    pipeline_file: ReadFile[Pipeline], found: list[tuple[Question, str | SourceError]]
) -> Iterator[FileProblem]:
    problems: list[FileProblem] = []
    silent: dict[tuple[str, Problem], list[FileProblem]] = {}
    for question, answer in found:
        problem = _problem(pipeline_file, question, answer)
        if isinstance(answer, SourceError) and answer.problem in _OF_THE_SOURCE:
            silent.setdefault((answer.source, answer.problem), []).append(problem)
        else:
            problems.append(problem)
    for same in silent.values():
        first = min(same, key=lambda problem: problem.line)
        more = f" (So did {len(same) - 1} more questions to it.)" if len(same) > 1 else ""
        problems.append(replace(first, text=first.text + more))
    yield from sorted(problems, key=lambda problem: (problem.line, problem.key))


def _problem(pipeline_file: ReadFile[Pipeline], question: Question, answer: str | SourceError) -> FileProblem:
    if isinstance(answer, str):
        return pipeline_file.problem(question.path, answer, undecided=question.undecidable)
    position = _POSITION.search(answer.detail)
    return pipeline_file.problem(
        question.path,
        answer.sentence,
        undecided=answer.problem not in _DECIDED,
        line_of_text=int(position[1]) if position is not None else 0,
    )


def pipeline_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of pipeline files."""
    schema = Pipeline.model_json_schema()
    needed = [key for key in schema.pop("required", []) if key != "name"]  # which the file's own name may be
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "required": needed}
