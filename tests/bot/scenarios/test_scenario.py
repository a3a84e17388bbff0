"""Loading scenario files: what is wrong is named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.composition.scenario import scenario_ports
from bot.definition.files import PipelineFileError
from bot.scenarios.scenario import UnknownScenario, load_scenario, shipped_scenarios
from tests.bot.scenarios.worlds import PIPELINE, loaded, world, write

HEAD_LINES = 7


def problem_of(folder: Path, body: str) -> tuple[int, str, str]:
    with pytest.raises(PipelineFileError) as caught:
        world(folder, body)
    problem = caught.value.problems[0]
    assert problem.file.endswith("mine.yaml")
    return problem.line - HEAD_LINES, problem.key, problem.text


@pytest.mark.parametrize(
    ("body", "line", "key", "said"),
    [
        pytest.param("wrong: 1\n", 1, "wrong", "", id="an unknown key"),
        pytest.param(
            "bigquery:\n  raw.gamez:\n    all: {row: {}}\n", 2, "bigquery.raw.gamez", "raw.games", id="no table"
        ),
        pytest.param(
            "bigquery:\n  raw.games:\n    all:\n      row:\n        gane: x\n",
            5,
            "bigquery.raw.games.all.row.gane",
            "did you mean game?",
            id="no column",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {row: {status: many}}}\n",
            2,
            "bigquery.raw.games.all.row.status",
            "INT64",
            id="a text for a number",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {row: {status: [1, many]}}}\n",
            2,
            "bigquery.raw.games.all.row.status",
            "INT64",
            id="also further down a list",
        ),
        pytest.param(
            "bigquery:\n  raw.notes: {all: {row: {good: 1}}}\n",
            2,
            "bigquery.raw.notes.all.row.good",
            "BOOL",
            id="a number for a boolean",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {row: {day: soon}}}\n",
            2,
            "bigquery.raw.games.all.row.day",
            "DATE",
            id="a text for a date",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {row: {at: <nov> 08:00}}}\n",
            2,
            "bigquery.raw.games.all.row.at",
            "did you mean <now>?",
            id="an unknown gap",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {row: {status: []}}}\n",
            2,
            "bigquery.raw.games.all.row.status",
            "empty",
            id="an empty list of values",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {repeat: teams}}\n",
            2,
            "bigquery.raw.games.all.repeat",
            "teams",
            id="a list that does not exist",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {repeat: -1}}\n",
            2,
            "bigquery.raw.games.all.repeat",
            "0",
            id="fewer than none",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {each: teams}}\n",
            2,
            "bigquery.raw.games.all.each",
            "teams",
            id="for each of a list that does not exist",
        ),
        pytest.param(
            "bigquery:\n  raw.games: {all: {repeat: [1, 2]}}\n",
            2,
            "bigquery.raw.games.all.repeat",
            "each",
            id="several numbers for nothing",
        ),
        pytest.param("lists: {team: []}\n", 1, "lists.team", "empty", id="an empty list"),
        pytest.param("lists: {now: [1]}\n", 1, "lists", "now", id="a list with the name of something else"),
        pytest.param(
            "firestore:\n  runs/a: {}\n  runs/b: {at: <tomorrow>}\n",
            3,
            "firestore.runs/b",
            "<tomorrow>",
            id="in a document",
        ),
        pytest.param("services:\n  <team>: {}\n", 2, "services.<team>", "<team>", id="in a service's name"),
        pytest.param("services:\n  all: {ready: maybe}\n", 2, "services.all.ready", "", id="a text for ready"),
        pytest.param(
            "services:\n  all: {deployed_at: yesterday}\n", 2, "services.all", "yesterday", id="a time that is none"
        ),
        pytest.param("faults:\n- {source: Snowflake, problem: hang}\n", 2, "faults[0].source", "", id="no such source"),
        pytest.param("faults:\n- {source: BigQuery, problem: sad}\n", 2, "faults[0].problem", "", id="no such problem"),
        pytest.param("base: helthy-morning\n", 1, "base", "healthy-morning", id="a base that does not exist"),
        pytest.param("base: ./mine.yaml\n", 1, "base", "itself", id="a base that is the file itself"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_key(tmp_path: Path, body: str, line: int, key: str, said: str) -> None:
    found_line, found_key, text = problem_of(tmp_path, body)

    assert (found_line, found_key) == (line, key)
    assert said in text


def test_a_wrong_column_of_the_base_is_named_in_the_base(tmp_path: Path) -> None:
    write(tmp_path, "bigquery:\n  raw.games: {all: {row: {gane: x}}}\n", "below")

    with pytest.raises(PipelineFileError) as caught:
        world(tmp_path, "base: ./below.yaml\nbigquery:\n  raw.games: {all: {repeat: 3}}\n")

    assert caught.value.problems[0].file.endswith("below.yaml")
    assert caught.value.problems[0].line == HEAD_LINES + 2


@pytest.mark.parametrize(
    ("line", "wrong", "key"),
    [
        pytest.param("interval: yesterday", "interval: last week", "interval", id="interval"),
        pytest.param("now: 2026-02-11 08:00", "now: eight", "now", id="now"),
        pytest.param("expect: {verdict: ALL CLEAR}", "expect: {verdict: FINE}", "expect.verdict", id="verdict"),
        pytest.param(
            "expect: {verdict: ALL CLEAR}",
            "expect: {verdict: ACT, findings: [invoker]}",
            "expect.findings[0]",
            id="a finding without code",
        ),
        pytest.param(
            "expect: {verdict: ALL CLEAR}",
            "expect: {verdict: ACT, causes: [unexplained]}",
            "expect.causes[0]",
            id="a cause without subject",
        ),
        pytest.param("interval: yesterday", "interval: 2026-03-01", "interval", id="a date in the future"),
        pytest.param("title: A world", "", "title", id="no title"),
    ],
)
def test_a_wrong_head_is_named_by_key(tmp_path: Path, line: str, wrong: str, key: str) -> None:
    path = write(tmp_path, "")
    path.write_text(path.read_text(encoding="utf-8").replace(line, wrong), encoding="utf-8")

    with pytest.raises(PipelineFileError) as caught:
        scenario_ports(PIPELINE, load_scenario(path))

    assert caught.value.problems[0].key.split(".<")[0] == key


def test_scenarios_that_stand_on_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "base: ./mine.yaml\n", "other")

    with pytest.raises(PipelineFileError, match="stands on itself"):
        loaded(tmp_path, "base: ./other.yaml\n")


def test_the_nearest_scenarios_are_suggested() -> None:
    with pytest.raises(UnknownScenario, match="did you mean invoker-lost"):
        load_scenario("invoker-last")


def test_a_name_like_no_other_gets_the_command_that_lists_them() -> None:
    with pytest.raises(UnknownScenario, match="reveille scenarios"):
        load_scenario("qqqqqq")


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineFileError, match="does not exist"):
        load_scenario(tmp_path / "none.yaml")


def test_shipped_scenarios_are_named_as_their_files() -> None:
    assert [load_scenario(name).file.name for name in shipped_scenarios()] == list(shipped_scenarios())
