from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.definition.config_check import check_config, check_live, pipeline_schema, questions_of
from bot.definition.files import EXAMPLES, PipelineFileError, ReadFile, parse
from bot.definition.pipeline_file import read_pipeline, referenced
from bot.yaml_tree import FileProblem, read_yaml
from checks.pipeline import Pipeline
from checks.ports.services import Service
from checks.ports.warehouse import Query, Row
from checks.source import Ports, Problem, SourceError
from tests.fakes import FakeControlPlane, FakeDocuments, FakeWarehouse, down, ports

NOW = datetime(2026, 2, 11, 3, tzinfo=UTC)
"""Still the evening of the tenth in New York."""

TABLES: Mapping[str, Mapping[str, str]] = {"raw.games": {"game_date": "DATE", "Points": "INT64", "extra": "JSON"}}
"""As they really are; BigQuery does not tell capitals apart."""

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
    tables: Mapping[str, Mapping[str, str] | Exception] | None = None,
) -> Ports:
    warehouse = FakeWarehouse(query)
    warehouse.tables = dict(TABLES if tables is None else tables)
    return ports(
        warehouse=warehouse,
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
        assert check_config(EXAMPLES / "nba.yaml", None, NOW) == ()


class TestLive:
    def test_a_pipeline_whose_names_all_exist_has_no_problems(self) -> None:
        assert problems(world()) == []

    def test_every_query_is_analysed_with_its_parameters_for_the_local_date(self) -> None:
        warehouse = FakeWarehouse(lambda _: [])
        warehouse.tables = dict(TABLES)

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

        assert problem.text == "BigQuery denies access: No access. Grant roles/bigquery.user."

    def test_progress_counts_every_answer(self) -> None:
        seen: list[tuple[int, int]] = []

        check_live(pipeline_file(), world(), NOW, lambda done, total: seen.append((done, total)))

        assert seen == [(done, 11) for done in range(1, 12)]

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
        pipeline = referenced(parse((EXAMPLES / "nba.yaml").read_text(encoding="utf-8"), "nba.yaml", Pipeline)).content

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

    @pytest.mark.parametrize("text", [TEXT, (EXAMPLES / "nba.yaml").read_text(encoding="utf-8")], ids=["small", "nba"])
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
            for key, field in described.get("properties", {}).items()
            if "description" not in field
        ] == []


class TestStatements:
    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("SELECT SUM(points) AS total FROM {raw}.games WHERE (", "cannot be parsed"),
            ("SELECT SUM(pionts) AS total FROM {raw}.games", "did you mean 'points'"),
            ("SELECT SUM(g.pionts) AS total FROM {raw}.games AS g", "did you mean 'points'"),
            ("SELECT 1 AS total FROM {raw}.games WHERE points IN (SELECT pionts FROM {raw}.games)", "'points'"),
            ("SELECT SUM(points) AS total FROM `other-project`.{raw}.games", "other-project.raw.games"),
        ],
        ids=["syntax", "column", "column of an alias", "column of a subquery", "project"],
    )
    def test_the_text_of_a_query_tells_what_is_wrong_with_it(self, tmp_path: Path, query: str, words: str) -> None:
        (problem,) = statement_problems_of(tmp_path, query)

        assert problem.key == "checks[points].query"
        assert words in problem.text

    @pytest.mark.parametrize(
        "query",
        [
            "WITH g AS (SELECT points AS total FROM {raw}.games) SELECT total FROM g",
            "SELECT p AS total FROM UNNEST([1, 2]) AS p",
            "SELECT SUM(p) AS total FROM {raw}.games, UNNEST([1, 2]) AS p",
            "SELECT SUM(q.a) AS total FROM {raw}.games, UNNEST([STRUCT(1 AS a)]) AS q WITH OFFSET AS o WHERE o > a",
            "SELECT points AS total, b FROM {raw}.games LEFT JOIN (SELECT 1 AS b) ON b = points GROUP BY points, b",
            "SELECT AS STRUCT points AS total FROM {raw}.games WINDOW w AS (PARTITION BY game_date)",
            "SELECT COUNT(g) AS total FROM {raw}.games AS g WHERE game_date = @date ORDER BY total",
            (
                "SELECT (SELECT MAX(h.points) FROM {raw}.games AS h WHERE h.game_date = g.game_date) AS total"
                " FROM {raw}.games AS g"
            ),
            "SELECT COUNT(*) AS total FROM {raw}.games WHERE _PARTITIONTIME > TIMESTAMP(@date)",
            "SELECT 1 AS total FROM {raw}.games AS g WHERE EXISTS (SELECT 1 FROM (SELECT 1 AS day) WHERE day = points)",
            "SELECT 1 AS total FROM {raw}.games WHERE EXISTS (SELECT 1 FROM UNNEST([1]) AS a WHERE a = points)",
            "SELECT total, of FROM {raw}.games UNPIVOT(total FOR of IN (points))",
            "SELECT s_1 AS total FROM {raw}.games PIVOT(COUNT(*) AS s FOR points IN (1))",
            "SELECT COUNT(NORMALIZE_AND_CASEFOLD(CAST(points AS STRING), NFKC)) AS total FROM {raw}.games",
            "SELECT 1 AS total, @@time_zone AS zone FROM {raw}.games WHERE CAST(points AS STRING) != 'a@b.example'",
            "SELECT COUNTIF(REGEXP_CONTAINS(CAST(points AS STRING), r'^[0-9]{4}$')) AS total FROM {raw}.games",
            "SELECT total FROM (SELECT points AS total, game_date AS day FROM {raw}.games) WHERE day = @date",
        ],
    )
    def test_a_query_that_is_right_has_no_problems(self, tmp_path: Path, query: str) -> None:
        assert statement_problems_of(tmp_path, query) == ()

    def test_braces_that_name_no_dataset_are_told_also_within_a_text(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineFileError) as refused:
            read_pipeline(written(tmp_path, with_query("SELECT '{rwa}' AS total FROM {raw}.games")))

        assert "'raw'" in refused.value.problems[0].text

    def test_a_table_that_needs_a_filter_gets_one(self, tmp_path: Path) -> None:
        needing = "{columns: {game_date: DATE, points: INT64}, partition: game_date, filter_required: true}"
        text = TEXT.replace("{columns: {game_date: DATE, points: INT64}}", needing)

        found = check_config(written(tmp_path, text), None, NOW)

        assert [each.key for each in found] == ["checks[points].query"]

    @pytest.mark.parametrize(
        "query",
        [
            "DELETE FROM {raw}.games WHERE TRUE",
            "SELECT 1 AS total; DELETE FROM {raw}.games WHERE TRUE",
            "/* SELECT total */ TRUNCATE TABLE {raw}.games",
            "CALL {raw}.total()",
            "CREATE TABLE {raw}.total AS SELECT 1 AS total",
        ],
    )
    def test_what_does_more_than_read_is_refused_wherever_the_file_is_read(self, tmp_path: Path, query: str) -> None:
        with pytest.raises(PipelineFileError) as refused:
            read_pipeline(written(tmp_path, with_query(query)))

        assert any("one SELECT" in each.text for each in refused.value.problems)

    def test_what_bigquery_alone_can_parse_is_left_to_it(self, tmp_path: Path) -> None:
        query = "SELECT WITH DIFFERENTIAL_PRIVACY SUM(points) AS total FROM {raw}.games"
        path = written(tmp_path, with_query(query))

        assert check_config(path, lambda _: world(), NOW) == ()
        assert len(check_config(path, None, NOW)) == 1


class TestTables:
    def test_a_column_that_the_table_does_not_have_is_named(self) -> None:
        (problem,) = found(world(tables={"raw.games": {"game_date": "DATE"}}))

        assert (problem.key, problem.undecided) == ("tables.raw.games", False)
        assert "no column points" in problem.text

    def test_another_type_is_named_with_both(self) -> None:
        (problem,) = found(world(tables={"raw.games": {"game_date": "DATE", "points": "ARRAY<STRING>"}}))

        assert "points is ARRAY<STRING> and not INT64" in problem.text

    @pytest.mark.parametrize(
        ("real", "told"),
        [
            ("STRUCT<a FLOAT64, b STRING>", []),
            ("STRUCT<b STRING>", ["raw.games: line is STRUCT<b STRING> and not STRUCT<a FLOAT64>"]),
        ],
    )
    def test_a_nested_column_needs_the_fields_that_are_declared(
        self, tmp_path: Path, real: str, told: list[str]
    ) -> None:
        path = written(tmp_path, TEXT.replace("points: INT64}", "points: INT64, line: 'STRUCT<a FLOAT64>'}"))
        there = {"raw.games": {"game_date": "DATE", "points": "INT64", "line": real}}

        assert [each.text for each in check_config(path, lambda _: world(tables=there), NOW)] == told

    def test_a_type_that_bigquery_has_not_is_answered_with_those_that_it_has(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineFileError) as refused:
            read_pipeline(written(tmp_path, TEXT.replace("points: INT64}", "points: INTEGER}")))

        (problem,) = refused.value.problems
        assert problem.key == "tables.raw.games.columns.points"
        assert "is 'INTEGER', expected a type of GoogleSQL; did you mean 'INT64'?" in problem.text
        assert "did you mean 'INT64'" in problem.text

    def test_a_table_that_is_not_there_is_a_problem(self) -> None:
        gone = SourceError("BigQuery", Problem.NOT_FOUND, "the table 'raw.games': Not found")

        (problem,) = found(world(tables={"raw.games": gone}))

        assert (problem.key, problem.undecided) == ("tables.raw.games", False)


def found(world: Ports) -> tuple[FileProblem, ...]:
    return check_live(pipeline_file(), world, NOW)


def with_query(query: str) -> str:
    before, _, _ = TEXT.partition("    query: |\n      SELECT\n        SUM(points)")
    return f"{before}    query: |\n      {query}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def statement_problems_of(folder: Path, query: str) -> tuple[FileProblem, ...]:
    return check_config(written(folder, with_query(query)), None, NOW)
