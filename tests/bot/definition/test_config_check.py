from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.definition.config_check import check_config, check_live, pipeline_schema, questions_of
from bot.definition.pipeline_file import ReadFile, parse, referenced, shipped_file
from bot.yaml_tree import read_yaml
from checks.pipeline import Pipeline
from checks.ports import Ports, Problem, Query, Row, Service, SourceError
from tests.fakes import FakeControlPlane, FakeDocuments, FakeWarehouse, down, ports

NOW = datetime(2026, 2, 11, 3, tzinfo=UTC)
"""Still the evening of the tenth in New York."""

TEXT = """\
name: small
title: A small pipeline
timezone: America/New_York
project: example-project
project_number: "123456789"
region: us-west2
invoker: serviceAccount:caller@example.com
datasets: [raw]
tables:
  raw.games: {columns: {game_date: DATE, points: INT64}}
conditions:
  games:
    title: Games
    otherwise: no games
    query: SELECT COUNT(*) AS number FROM {raw}.games WHERE game_date = @date
phases:
  - id: phase1
    title: One
    rows: SELECT 1 AS row_count, @now AS first_at, @now AS last_at
  - {id: phase2, title: Two}
transitions:
  - id: phase1_to_phase2
    title: One to two
    from: phase1
    to: phase2
    orchestrator: mover
    state: phase1_completion
  - id: watcher
    title: Only watches
    from: phase1
    to: phase2
    orchestrator: gone
    state: gone_completion
    monitoring_only: true
phase_log:
  table: raw.games
  query: SELECT 1 AS transition, 1 AS rows_for_date, 1 AS first_at, 1 AS last_at, 1 AS last_ever_at
run_history:
  unfinished: SELECT 1 AS processor, 1 AS run_id, 1 AS phase, 1 AS started_at
  succeeded: SELECT 1 AS phase, 1 AS run_count, 1 AS last_at
heartbeats:
  collection: beats
  bad_id: _None_
services:
  - name: mover
  - name: worker
  - name: old-worker
    optional: true
checks:
  - id: points
    title: Points
    rationale: Because.
    subject: points
    summary: "{total} points."
    expected: Points.
    query: |
      SELECT
        SUM(points) AS total
      FROM {raw}.games
"""


def pipeline_file() -> ReadFile[Pipeline]:
    return referenced(parse(TEXT, "small.yaml", Pipeline))


def service(name: str) -> Service:
    return Service(name=name, ready=True, latest_created_revision="r", latest_ready_revision="r", traffic={"r": 100})


def world(
    *,
    query: Callable[[Query], Sequence[Row]] = lambda _: [],
    services: Sequence[str] = ("mover", "worker"),
    documents: FakeDocuments | None = None,
    control_plane: FakeControlPlane | None = None,
) -> Ports:
    return ports(
        warehouse=FakeWarehouse(query),
        control_plane=control_plane or FakeControlPlane({name: service(name) for name in services}),
        documents=documents or FakeDocuments({"phase1_completion/2026-02-10": {}, "beats/one": {}}),
    )


def problems(world: Ports) -> list[tuple[int, str, bool]]:
    return [(problem.line, problem.key, problem.undecided) for problem in check_live(pipeline_file(), world, NOW)]


def line_of(part: str) -> int:
    return TEXT[: TEXT.index(part)].count("\n") + 1


def raised(error: SourceError, label: str) -> Callable[[Query], Sequence[Row]]:
    def answer(query: Query) -> Sequence[Row]:
        if query.label == label:
            raise error
        return []

    return answer


class TestOffline:
    def test_a_file_that_is_right_has_no_problems(self, tmp_path: Path) -> None:
        path = tmp_path / "small.yaml"
        path.write_text(TEXT, encoding="utf-8")

        assert check_config(path, None, NOW) == ()

    def test_a_file_that_is_wrong_is_not_looked_up(self, tmp_path: Path) -> None:
        path = tmp_path / "small.yaml"
        path.write_text(TEXT.replace("to: phase2\n    orchestrator: mover", "to: x"), encoding="utf-8")

        def never(pipeline: Pipeline) -> Ports:
            raise AssertionError(pipeline)

        (problem,) = check_config(path, never, NOW)
        assert problem.key == "transitions[phase1_to_phase2].to"

    def test_a_file_that_is_right_is_looked_up(self, tmp_path: Path) -> None:
        path = tmp_path / "small.yaml"
        path.write_text(TEXT, encoding="utf-8")

        found = check_config(path, lambda _: world(services=["mover"]), NOW)

        assert [problem.key for problem in found] == ["services[worker].name"]

    def test_the_shipped_file_is_right(self) -> None:
        assert check_config(None, None, NOW) == ()


class TestLive:
    def test_a_pipeline_whose_names_all_exist_has_no_problems(self) -> None:
        assert problems(world()) == []

    def test_every_query_is_analysed_with_its_parameters_for_the_local_date(self) -> None:
        warehouse = FakeWarehouse(lambda _: [])

        check_live(pipeline_file(), ports(warehouse=warehouse), NOW)

        assert sorted(query.label for query in warehouse.queries) == [
            "games",
            "phase-log",
            "phase1",
            "points",
            "run-history",
            "run-history",
        ]
        assert {query.parameters["date"].value for query in warehouse.queries if query.label == "games"} == {
            date(2026, 2, 10)
        }

    def test_a_service_is_asked_for_once_and_an_optional_one_not_at_all(self) -> None:
        control_plane = FakeControlPlane({"mover": service("mover"), "worker": service("worker")})

        problems(world(control_plane=control_plane))

        assert sorted(control_plane.asked) == ["service mover", "service worker"]

    def test_a_query_that_is_wrong_points_at_its_line(self) -> None:
        error = SourceError("BigQuery", Problem.INVALID, "Unrecognized name: points at [2:7]")

        assert problems(world(query=raised(error, "points"))) == [
            (line_of("SUM(points)"), "checks[points].query", False)
        ]

    def test_a_query_on_one_line_points_at_its_key(self) -> None:
        error = SourceError("BigQuery", Problem.NOT_FOUND, "Table not found at [1:40]")

        assert problems(world(query=raised(error, "games"))) == [
            (line_of("query: SELECT COUNT"), "conditions.games.query", False)
        ]

    def test_a_service_that_does_not_exist_is_a_problem(self) -> None:
        assert problems(world(services=["worker"])) == [(line_of("- name: mover"), "services[mover].name", False)]

    def test_a_collection_without_documents_may_be_right(self) -> None:
        assert problems(world(documents=FakeDocuments({"beats/one": {}}))) == [
            (line_of("state: phase1"), "transitions[phase1_to_phase2].state", True)
        ]

    @pytest.mark.parametrize(
        ("problem", "undecided"),
        [
            (Problem.INVALID, False),
            (Problem.NOT_FOUND, False),
            (Problem.DENIED, True),
            (Problem.TIMED_OUT, True),
            (Problem.UNAUTHENTICATED, True),
        ],
    )
    def test_a_question_without_an_answer_decides_nothing(self, problem: Problem, *, undecided: bool) -> None:
        found = problems(world(query=raised(SourceError("BigQuery", problem, "No."), "games")))

        assert [each[2] for each in found] == [undecided]

    def test_a_source_that_is_down_is_told_once(self) -> None:
        documents = FakeDocuments(failure=down("Firestore"))

        def refuse(query: Query) -> Sequence[Row]:
            raise down()

        found = check_live(pipeline_file(), world(query=refuse, documents=documents), NOW)

        assert [(problem.key, problem.undecided) for problem in found] == [
            ("conditions.games.query", True),
            ("transitions[phase1_to_phase2].state", True),
        ]
        assert "5 more questions" in found[0].text

    def test_the_advice_of_a_source_is_passed_on(self) -> None:
        error = SourceError("BigQuery", Problem.DENIED, "No access.", advice="Grant roles/bigquery.user.")

        (problem,) = check_live(pipeline_file(), world(query=raised(error, "games")), NOW)

        assert problem.text == "BigQuery denied: No access. Grant roles/bigquery.user."

    def test_progress_counts_every_answer(self) -> None:
        seen: list[tuple[int, int]] = []

        check_live(pipeline_file(), world(), NOW, lambda done, total: seen.append((done, total)))

        assert seen == [(done, 10) for done in range(1, 11)]

    def test_all_questions_are_asked_at_once(self) -> None:
        together = threading.Barrier(6, timeout=5)

        def answer(query: Query) -> Sequence[Row]:
            together.wait()
            return []

        assert problems(world(query=answer)) == []

    def test_a_bug_is_not_taken_for_an_answer(self) -> None:
        def broken(query: Query) -> Sequence[Row]:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            check_live(pipeline_file(), world(query=broken), NOW)

    def test_the_whole_shipped_pipeline_is_asked_for(self) -> None:
        pipeline = referenced(parse(shipped_file().read_text(encoding="utf-8"), "nba.yaml", Pipeline)).content

        asked = {question.path[0] for question in questions_of(pipeline, world(), NOW)}

        assert {"checks", "conditions", "phases", "phase_log", "run_history", "services", "transitions"} <= asked


def as_json(value: Any) -> Any:
    """Return a value as an editor sees it: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


class TestTheSchema:
    validator = Draft202012Validator(pipeline_schema())

    def test_it_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(pipeline_schema())

    @pytest.mark.parametrize("text", [TEXT, shipped_file().read_text(encoding="utf-8")], ids=["small", "nba"])
    def test_it_accepts_what_the_loader_accepts(self, text: str) -> None:
        data = as_json(read_yaml(text, "a.yaml").value)

        assert [error.message for error in self.validator.iter_errors(data)] == []

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            pytest.param(("titel",), "x", id="unknown key"),
            pytest.param(("project_number",), 123, id="number for text"),
            pytest.param(("checks", 0, "dates"), "tonight", id="unknown word"),
            pytest.param(("checks", 0, "due"), "25:00", id="no such hour"),
            pytest.param(("checks", 0, "id"), "Points", id="capital letter"),
            pytest.param(
                ("checks", 0, "rules"), [{"if": {"a": {"above": 1}}, "code": "x", "severity": "p1"}], id="severity"
            ),
            pytest.param(("checks", 0, "rules"), [{"if": {}, "code": "x"}], id="no comparison"),
            pytest.param(("transitions", 0, "source"), "phase1", id="the model's own name"),
            pytest.param(("tables", "raw.games", "columns", "points"), "TEXT", id="unknown type"),
        ],
    )
    def test_it_refuses_what_the_loader_refuses(self, path: tuple[str | int, ...], value: Any) -> None:
        data = copy.deepcopy(as_json(read_yaml(TEXT, "a.yaml").value))
        place = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

        assert list(self.validator.iter_errors(data))

    def test_every_key_is_described(self) -> None:
        schema = pipeline_schema()
        models = {"Pipeline": schema, **schema["$defs"]}

        assert [
            f"{model}.{key}"
            for model, described in models.items()
            for key, field in described["properties"].items()
            if "description" not in field
        ] == []
