from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.files import EXAMPLES, LARGEST, MOST_PROBLEMS, PipelineFileError, load, parse
from bot.definition.pipeline_file import load_pipeline, referenced, shipped_pipeline
from bot.yaml_tree import FileProblem
from checks.pipeline import Limits, Pipeline

ROUTES = "routes: {default: C0EXAMPLE1}"

SMALL = """\
name: small
title: A small pipeline
timezone: America/New_York
project: example-project
project_number: "123456789"
region: us-west2
invoker: serviceAccount:caller@example.com
datasets: [raw, marts]
tables:
  raw.games:
    partition: game_date
    filter_required: true
    columns: {game_id: STRING, game_date: DATE}
  marts.players:
    columns: {player: STRING, game_date: DATE}
parameters:
  champion: {type: STRING, value: catboost_v9}
conditions:
  games:
    title: Games on the date
    otherwise: no games
    query: SELECT COUNT(*) AS number FROM {raw}.games WHERE game_date = @date
phases:
  - id: phase1
    title: Raw
  - id: phase2
    title: Marts
    rows: |
      SELECT COUNT(*) AS row_count, MIN(game_date) AS first_at, MAX(game_date) AS last_at
      FROM {marts}.players WHERE game_date = @date
transitions:
  - id: phase1_to_phase2
    title: Raw to marts
    from: phase1
    to: phase2
    state: phase1_completion
    when: games
    runs:
      overnight:
        opens: +1d 05:00
        due: +1d 06:30
        expected: 2
        critical: [players]
        optional: [teams]
services:
  - name: marts-processor
    phase: phase2
    callers: ["serviceAccount:other@example.com"]
checks:
  - id: games-loaded
    title: Games are loaded
    rationale: Nothing works without games.
    phase: phase1
    when: games
    due: 11:30
    query: SELECT COUNT(*) AS loaded FROM {raw}.games WHERE game_date = @date
    subject: games
    summary: "{loaded} games."
    expected: Games are there.
    rules:
      - if: {loaded: {at_most: 0}}
        severity: P0
        code: no-games
      - if: {loaded: {below: 3}}
        severity: P2
        code: few-games
suppressions:
  - check: games-loaded
    code: few-games
    until: 2026-03-01
    reason: The season starts.
"""


def changed(old: str, new: str) -> str:
    assert SMALL.count(old) == 1, old
    return SMALL.replace(old, new)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def refusal(act: Callable[[], object]) -> tuple[FileProblem, ...]:
    with pytest.raises(PipelineFileError) as caught:
        act()
    return caught.value.problems


def problems(text: str) -> tuple[FileProblem, ...]:
    return refusal(lambda: referenced(parse(text, "small.yaml", Pipeline)))


def only(text: str) -> FileProblem:
    found = problems(text)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def test_a_pipeline_file_becomes_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")

    pipeline = load_pipeline(path)

    assert pipeline.name == "small"
    assert str(pipeline.checks[0].due) == "11:30"
    assert pipeline == load_pipeline(str(path))


def test_the_example_is_right() -> None:
    assert shipped_pipeline("nba").name == "nba"


def test_the_shipped_pipeline_loads_quickly() -> None:
    shipped_pipeline()
    began = time.process_time()
    shipped_pipeline()

    assert time.process_time() - began < 0.3


def test_other_models_are_read_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("firestore: 4", encoding="utf-8")

    assert load(path, Limits) == Limits(firestore=4)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("firestore: 4", encoding="utf-8-sig")

    assert load(path, Limits).firestore == 4


class TestFilesThatCannotBeRead:
    @pytest.mark.parametrize(
        ("data", "line", "word"),
        [
            pytest.param(b"", 0, "empty", id="empty"),
            pytest.param(b"# nothing\n", 0, "empty", id="only a comment"),
            pytest.param(b"- a\n- b\n", 0, "keys and values", id="a list"),
            pytest.param(b"hello", 0, "keys and values", id="a word"),
            pytest.param(b"name: small\ntitle: caf\xe9\n", 2, "UTF-8", id="another encoding"),
            pytest.param("name: small".encode("utf-16"), 1, "UTF-8", id="UTF-16"),
            pytest.param(b"PK\x03\x04\x00\x00", 1, "control character", id="a zip archive"),
            pytest.param(b"#" * (LARGEST + 1), 0, "larger", id="too large"),
        ],
    )
    def test_each_gets_one_sentence(self, tmp_path: Path, data: bytes, line: int, word: str) -> None:
        path = tmp_path / "broken.yaml"
        path.write_bytes(data)

        (problem,) = refusal(lambda: load_pipeline(path))

        assert (problem.file, problem.line) == (str(path), line)
        assert word in problem.text

    @pytest.mark.parametrize(("name", "word"), [("missing.yaml", "exist"), ("", "directory"), ("a\0b", "exist")])
    def test_a_path_that_leads_nowhere_is_named(self, tmp_path: Path, name: str, word: str) -> None:
        (problem,) = refusal(lambda: load_pipeline(tmp_path / name))

        assert word in problem.text


class TestTheShapeOfTheFile:
    def test_a_missing_key_points_at_its_parent(self) -> None:
        problem = only(changed("    title: Games are loaded\n", ""))

        assert (problem.line, problem.key) == (line_of(SMALL, "  - id: games-loaded"), "checks[games-loaded].title")

    def test_an_unknown_key_gets_the_nearest_one(self) -> None:
        text = changed("    due: 11:30", "    dew: 11:30")
        problem = only(text)

        assert (problem.line, problem.key) == (line_of(text, "dew"), "checks[games-loaded].dew")
        assert "'due'" in problem.text

    def test_the_names_of_the_models_are_not_keys_of_the_file(self) -> None:
        assert {problem.key for problem in problems(changed("    from: phase1\n", "    source: phase1\n"))} == {
            "transitions[phase1_to_phase2].source",
        }

    @pytest.mark.parametrize(
        ("old", "new", "key", "words"),
        [
            pytest.param('"123456789"', "123456789", "project_number", ["text", "quotes"], id="a number for text"),
            pytest.param('"123456789"', "abc", "project_number", ["'abc'", "digits"], id="letters for digits"),
            pytest.param("America/New_York", "Mars/Olympus", "timezone", ["zone"], id="no such zone"),
            pytest.param("America/New_York", "America", "timezone", ["zone"], id="a folder of zones"),
            pytest.param("11:30", "25:30", "checks[games-loaded].due", ["'25:30'", "HH:MM"], id="no such hour"),
            pytest.param("11:30", "1130", "checks[games-loaded].due", ["1130", "HH:MM"], id="a number for a time"),
            pytest.param(
                "severity: P0", "severity: p0", "checks[games-loaded].rules[0].severity", ["'p0'", "P0"], id="severity"
            ),
            pytest.param(
                "severity: P0", "outcome: failed", "checks[games-loaded].rules[0]", ["severity"], id="no severity"
            ),
            pytest.param(
                "{at_most: 0}",
                "{at_most: none}",
                "checks[games-loaded].rules[0].if.loaded.at_most",
                ["'none'", "number"],
                id="a word for a number",
            ),
            pytest.param(
                "{at_most: 0}", "{}", "checks[games-loaded].rules[0].if.loaded", ["at_least"], id="no comparison"
            ),
            pytest.param(
                "{at_most: 0}", "{equals: [1]}", "checks[games-loaded].rules[0].if.loaded.equals", ["or"], id="a list"
            ),
            pytest.param("2026-03-01", "soon", "suppressions[games-loaded].until", ["'soon'", "date"], id="no date"),
            pytest.param(
                "expected: 2", "expected: 3", "transitions[phase1_to_phase2].runs.overnight", ["2"], id="count"
            ),
            pytest.param("value: catboost_v9", "value: 9", "parameters.champion", ["STRING"], id="another type"),
            pytest.param(
                "id: phase1\n", "id: Phase 1\n", "phases[Phase 1].id", ["lower-case"], id="a name with a space"
            ),
            pytest.param("champion:", "Champion:", "parameters.Champion", ["lower-case"], id="a key with a capital"),
            pytest.param("[raw, marts]", "raw", "datasets", ["list"], id="a word for a list"),
            pytest.param(
                "player: STRING", "player: TEXT", "tables.marts.players.columns.player", ["STRING"], id="type"
            ),
        ],
    )
    def test_a_wrong_value_is_named_with_what_was_expected(
        self, old: str, new: str, key: str, words: list[str]
    ) -> None:
        text = changed(old, new)

        problem = only(text)

        assert problem.key == key
        assert [word for word in words if word not in problem.text] == []
        assert problem.line > 0

    def test_all_problems_are_told_at_once_in_the_order_of_the_file(self) -> None:
        text = changed("11:30", "25:30").replace("title: Raw\n", "titel: Raw\n").replace("name: small\n", "")

        found = problems(text)

        assert [problem.key for problem in found] == [
            "name",
            "phases[phase1].titel",
            "checks[games-loaded].due",
        ]

    def test_the_number_of_problems_is_bounded(self) -> None:
        text = SMALL + "".join(f"key{number}: 1\n" for number in range(MOST_PROBLEMS + 5))

        found = problems(text)

        assert len(found) == MOST_PROBLEMS + 1
        assert "5 more" in found[-1].text

    def test_a_key_that_stands_twice_is_an_error(self) -> None:
        assert only(SMALL + "name: again\n").line == SMALL.count("\n") + 1

    def test_a_message_is_one_line_per_problem(self) -> None:
        with pytest.raises(PipelineFileError) as caught:
            parse("nam: x", "small.yaml", Limits)

        assert str(caught.value).startswith("small.yaml:1: nam: ")


class TestWhatPartsSayOfEachOther:
    @pytest.mark.parametrize("name", ["games", "raw.", ".games", "."])
    def test_a_table_has_a_dataset_and_a_name(self, name: str) -> None:
        text = changed("  raw.games:\n", f'  "{name}":\n')

        assert f"tables.{name}" in [each.key for each in problems(text)]

    @pytest.mark.parametrize(
        ("old", "new", "key", "word"),
        [
            pytest.param("to: phase2", "to: phase3", "transitions[phase1_to_phase2].to", "'phase2'", id="target"),
            pytest.param("from: phase1", "from: fase1", "transitions[phase1_to_phase2].from", "'phase1'", id="source"),
            pytest.param("to: phase2", "to: phase1", "transitions[phase1_to_phase2].to", "next", id="to itself"),
            pytest.param(
                "state: phase1_completion\n    when: games",
                "when: game",
                "transitions[phase1_to_phase2].when",
                "'games'",
                id="condition of a transition",
            ),
            pytest.param(
                "    phase: phase2\n    callers",
                "    phase: x\n    callers",
                "services[marts-processor].phase",
                "phase",
                id="service",
            ),
            pytest.param(
                "    phase: phase2\n    callers",
                "    phase: phase2\n    writes: [nowhere.rows]\n    callers",
                "services[marts-processor].writes[0]",
                "dataset",
                id="table that a service writes",
            ),
            pytest.param(
                "phase: phase1\n", "place: nowhere.rows\n", "checks[games-loaded].place", "dataset", id="judged table"
            ),
            pytest.param("phase: phase1\n", "phase: phase9\n", "checks[games-loaded].phase", "phase", id="check"),
            pytest.param(
                "phase: phase1\n", "explains: [phase1, x]\n", "checks[games-loaded].explains[1]", "'x'", id="explains"
            ),
            pytest.param(
                "    when: games\n    due",
                "    when: gams\n    due",
                "checks[games-loaded].when",
                "'games'",
                id="condition",
            ),
            pytest.param(
                "due: +1d 06:30",
                "due: +1d 04:30",
                "transitions[phase1_to_phase2].runs.overnight.due",
                "05:00",
                id="order",
            ),
            pytest.param(
                "optional: [teams]",
                "optional: [players]",
                "transitions[phase1_to_phase2].runs.overnight.optional",
                "critical",
                id="critical and optional",
            ),
            pytest.param(
                "        expected: 2\n", "", "transitions[phase1_to_phase2].runs.overnight.expected", "0", id="expected"
            ),
            pytest.param(
                "        expected: 2\n",
                "        expected: 2\n        tiers: [{at_least: 3, after_minutes: 60}]\n",
                "transitions[phase1_to_phase2].runs.overnight.tiers[0].at_least",
                "2",
                id="a tier above all",
            ),
            pytest.param(
                "        expected: 2\n",
                "        expected: 2\n"
                "        tiers: [{at_least: 2, after_minutes: 9}, {at_least: 1, after_minutes: 3}]\n",
                "transitions[phase1_to_phase2].runs.overnight.tiers[1]",
                "longer",
                id="tiers out of order",
            ),
            pytest.param(
                "partition: game_date", "partition: day", "tables.raw.games.partition", "game_date", id="partition"
            ),
            pytest.param(
                "    partition: game_date\n", "", "tables.raw.games.filter_required", "partition", id="no partition"
            ),
            pytest.param("invoker: serviceAccount:", "invoker: ", "invoker", "serviceAccount:", id="no member"),
            pytest.param(
                '["serviceAccount:other',
                '["other',
                "services[marts-processor].callers[0]",
                "serviceAccount:",
                id="caller",
            ),
            pytest.param(
                "- check: games-loaded", "- check: games", "suppressions[games].check", "games-loaded", id="suppression"
            ),
            pytest.param(
                "    code: few-games\n    until",
                "    code: fewgames\n    until",
                "suppressions[games-loaded].code",
                "few-games",
                id="code",
            ),
            pytest.param("  champion:", "  date:", "parameters.date", "@date", id="a reserved parameter"),
        ],
    )
    def test_a_reference_that_leads_nowhere_is_named(self, old: str, new: str, key: str, word: str) -> None:
        problem = only(changed(old, new))

        assert problem.key == key
        assert word in problem.text
        assert problem.line > 0

    @pytest.mark.parametrize("section", ["phases", "transitions", "services", "checks"])
    def test_a_name_stands_once(self, section: str) -> None:
        lines = SMALL.splitlines(keepends=True)
        start = lines.index(f"{section}:\n") + 1
        end = next(at for at in range(start, len(lines)) if not lines[at].startswith(" "))
        second = next((at for at in range(start + 1, end) if lines[at].startswith("  - ")), end)
        text = "".join(lines[:end] + lines[start:second] + lines[end:])

        (problem,) = problems(text)

        assert problem.key.startswith(f"{section}[")
        assert "twice" in problem.text

    def test_a_check_cannot_take_the_name_of_a_built_in_one(self) -> None:
        text = changed("- id: games-loaded", "- id: invoker").replace("check: games-loaded", "check: invoker")

        assert "checks[invoker].id" in {problem.key for problem in problems(text)}

    def test_processors_are_named_once(self) -> None:
        problem = only(changed("critical: [players]", "critical: [players, players]"))

        assert problem.key == "transitions[phase1_to_phase2].runs.overnight.critical[1]"

    @pytest.mark.parametrize(
        "limits", ["stale_minutes: 15", "many: 500", "bad_id: '['", "bad_id: x\n  dead_minutes: 5"]
    )
    def test_heartbeats_make_sense(self, limits: str) -> None:
        pattern = "" if "bad_id" in limits else "bad_id: _None_\n  "

        problem = only(SMALL + f"heartbeats:\n  collection: beats\n  {pattern}{limits}\n")

        assert problem.key.startswith("heartbeats.")

    def test_a_gap_to_act_on_is_longer_than_one_to_watch(self) -> None:
        assert only(SMALL + "phase_gap: {watch_minutes: 120}\n").key == "phase_gap.act_minutes"

    @pytest.mark.parametrize(
        ("parts", "key"),
        [
            pytest.param(
                "routes: {default: C0EXAMPLE1, phases: {phase9: C0EXAMPLE2}}", "routes.phases.phase9", id="phase"
            ),
            pytest.param(
                f"{ROUTES}\n  digest: {{refresh: [07:00]}}", "digest.refresh[0]", id="refresh before the post"
            ),
            pytest.param(f"{ROUTES}\n  digest: {{refresh: [08:00]}}", "digest.refresh[0]", id="refresh with the post"),
            pytest.param(f"{ROUTES}\n  digest: {{refresh: [12:00, 11:00]}}", "digest.refresh[1]", id="not in order"),
            pytest.param(
                f"{ROUTES}\n  digest: {{refresh: [+1d 07:00]}}", "digest.refresh[0]", id="refresh another day"
            ),
            pytest.param(f"{ROUTES}\n  digest: {{post: -1d 23:00}}", "digest.post", id="post another day"),
        ],
    )
    def test_notifications_make_sense(self, parts: str, key: str) -> None:
        assert only(SMALL + f"notifications:\n  {parts}\n").key == f"notifications.{key}"

    @pytest.mark.parametrize("routes", ["{default: '#alerts'}", "{default: U0EXAMPLE1}", "{}"])
    def test_a_channel_is_an_id(self, routes: str) -> None:
        assert only(SMALL + f"notifications:\n  routes: {routes}\n").key == "notifications.routes.default"

    def test_the_table_of_the_phase_log_is_declared(self) -> None:
        query = "SELECT transition, rows_for_date, first_at, last_at, last_ever_at FROM {raw}.games"

        problem = only(SMALL + f'phase_log:\n  table: raw.log\n  query: "{query}"\n')

        assert problem.key == "phase_log.table"


CHECK_QUERY = "SELECT COUNT(*) AS loaded FROM {raw}.games WHERE game_date = @date"


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "word"),
        [
            pytest.param("SELECT 1 AS loaded FROM {raw}.games WHERE game_date = @day", "@day", id="parameter"),
            pytest.param("SELECT 1 AS loaded FROM {raw}.games WHERE game_date = @Date", "'date'", id="capital letter"),
            pytest.param("SELECT 1 AS loaded FROM {row}.games WHERE game_date = @date", "'raw'", id="dataset"),
            pytest.param("SELECT 1 AS loaded FROM {raw}.game WHERE game_date = @date", "'raw.games'", id="table"),
            pytest.param("SELECT 1 AS loaded FROM `{raw}`.`game`", "raw.game", id="quoted table"),
            pytest.param("SELECT 1 AS loaded FROM raw.games WHERE game_date = @date", "{raw}", id="without a prefix"),
            pytest.param(
                "SELECT 1 AS loaded FROM {raw}.games WHERE game_date = CURRENT_DATE()", "@date", id="the clock"
            ),
        ],
    )
    def test_a_query_names_only_what_is_declared(self, query: str, word: str) -> None:
        problem = only(changed(CHECK_QUERY, query))

        assert problem.key == "checks[games-loaded].query"
        assert word in problem.text

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param("SELECT 1 AS loaded FROM {raw}.games -- not CURRENT_DATE or raw.games", id="comment"),
            pytest.param("SELECT 1 AS loaded, 'raw.games' AS source FROM {raw}.games", id="text"),
            pytest.param("SELECT r.game_id AS loaded FROM {raw}.games AS r", id="another alias"),
            pytest.param("SELECT LENGTH(@champion) AS loaded FROM {raw}.games", id="a parameter"),
            pytest.param("WITH marts AS (SELECT 1 AS loaded) SELECT loaded FROM marts", id="a name like a dataset"),
        ],
    )
    def test_what_only_looks_wrong_is_fine(self, query: str) -> None:
        text = SMALL.replace(CHECK_QUERY, "|\n      " + query)

        assert referenced(parse(text, "small.yaml", Pipeline)).content.checks[0].query.strip() == query

    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [
            ("AS number", "AS amount", "conditions.games.query"),
            ("AS first_at", "AS first", "phases[phase2].rows"),
            ('"{loaded} games."', '"{loadet} games."', "checks[games-loaded].summary"),
            ('"{loaded} games."', '"{loaded.real} games."', "checks[games-loaded].summary"),
            ("if: {loaded: {below: 3}}", "if: {loadd: {below: 3}}", "checks[games-loaded].rules[1].if.loadd"),
        ],
    )
    def test_a_query_selects_what_is_read_from_it(self, old: str, new: str, key: str) -> None:
        assert only(changed(old, new)).key == key

    def test_templates_may_name_the_date_and_the_project(self) -> None:
        text = changed('"{loaded} games."', '"{loaded} games on {date} in {project}, {region}."')

        assert referenced(parse(text, "small.yaml", Pipeline))

    @pytest.mark.parametrize("bounds", ["{at_most: 0}", "{at_most: -1}", "{equals: 0}", "{below: 0}"])
    def test_a_rule_behind_one_that_always_holds_first_is_named(self, bounds: str) -> None:
        problem = only(changed("if: {loaded: {below: 3}}", f"if: {{loaded: {bounds}}}"))

        assert problem.key == "checks[games-loaded].rules[1]"


@given(st.sampled_from(SMALL.splitlines()), st.text(max_size=10))
def test_any_damage_is_read_or_named(line: str, replacement: str) -> None:
    text = SMALL.replace(line, replacement)
    try:
        referenced(parse(text, "small.yaml", Pipeline))
    except PipelineFileError as error:
        assert all(problem.file == "small.yaml" and problem.text for problem in error.problems)  # noqa: PT017 - either end is fine, a third is not


def test_the_shipped_file_is_where_it_is_looked_for() -> None:
    assert (EXAMPLES / "nba.yaml").is_file()


def test_a_column_where_a_value_could_be_run_is_a_problem_with_its_line() -> None:
    action = '    action:\n      text: Look.\n      command: bash -c "echo {loaded}"\n    rules:\n'
    text = changed("    rules:\n", action)

    problem = only(text)

    assert (problem.line, problem.key) == (line_of(text, "command: bash"), "checks[games-loaded].action.command")
    assert "{loaded}" in problem.text
