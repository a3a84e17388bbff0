"""Files of version 1 become files of version 2: what has to change does, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.files import PipelineFileError, parse
from bot.definition.upgrade import upgraded
from bot.scenarios.scenario import ScenarioFile
from bot.yaml_tree import YamlError
from checks.pipeline import Pipeline
from checks.sql_check_spec import SqlCheck
from tests.bot.in_process import run as reveille

PIPELINE = """\
# Ours.
name: ours   # a comment beside it
phases: []
checks:
  - id: a
    dates: night  # stays beside it
    query: "SELECT 'dates: night' AS dates"
  - {id: b, "dates": "slate", query: SELECT 1}
  - id: c
    dates: both
excuses: []
oddities:
  - text: excuses and oddities, in a text, stay.
"""
UPGRADED = """\
# Ours.
version: 2
words: {previous: last night}
name: ours   # a comment beside it
phases: []
checks:
  - id: a
    interval: previous  # stays beside it
    query: "SELECT 'dates: night' AS dates"
  - {id: b, interval: current, query: SELECT 1}
  - id: c
    interval: both
suppressions: []
known_issues:
  - text: excuses and oddities, in a text, stay.
"""
SCENARIO = """\
name: mine
now: 2026-02-11 08:00
date: yesterday
expect:
  verdict: ALL CLEAR
  among:
    - scheduler-jobs excused job-1
    - trigger triggered excused
"""
UPGRADED_SCENARIO = """\
version: 2
pipeline: nba
name: mine
now: 2026-02-11 08:00
interval: yesterday
expect:
  verdict: ALL CLEAR
  among:
    - scheduler-jobs suppressed job-1
    - trigger triggered excused
"""


def test_a_pipeline_file_is_upgraded_with_its_comments_and_layout() -> None:
    assert upgraded(PIPELINE, "a.yaml") == UPGRADED


def test_a_scenario_is_upgraded_and_names_the_pipeline_that_was_the_default() -> None:
    assert upgraded(SCENARIO, "a.yaml") == UPGRADED_SCENARIO


def test_a_scenario_on_a_base_has_the_pipeline_of_its_base() -> None:
    assert "pipeline:" not in upgraded(f"base: healthy-morning\n{SCENARIO}", "a.yaml")


@pytest.mark.parametrize("text", [UPGRADED, UPGRADED_SCENARIO, "version: 2\nname: x\n"])
def test_what_is_up_to_date_stays_as_it_is(text: str) -> None:
    assert upgraded(text, "a.yaml") == text


@pytest.mark.parametrize("text", ["[]", "text", "id,amount\n1,2\n"])
def test_what_holds_no_keys_is_no_file_of_ours(text: str) -> None:
    with pytest.raises(YamlError, match="does not hold keys and values"):
        upgraded(text, "a.yaml")


def test_what_an_alias_stands_for_is_changed_once() -> None:
    text = "phases: []\nchecks:\n  - &one {id: a, dates: night}\n  - *one\n  - {<<: *one, id: b}\n"

    assert upgraded(text, "a.yaml").count("interval: previous") == 1


def test_windows_line_ends_stay() -> None:
    assert upgraded(PIPELINE.replace("\n", "\r\n"), "a.yaml") == UPGRADED.replace("\n", "\r\n")


def test_letters_beyond_ascii_shift_nothing() -> None:
    assert upgraded(PIPELINE.replace("Ours.", "Größe 🏀"), "a.yaml") == UPGRADED.replace("Ours.", "Größe 🏀")


def test_version_1_that_says_so_says_2() -> None:
    assert upgraded("version: 1\nname: x\n", "a.yaml") == "version: 2\nname: x\n"


@given(st.sampled_from(["night", "slate", "both"]), st.text("abc:# '\n", max_size=30))
def test_upgrading_twice_is_upgrading_once(dates: str, comment: str) -> None:
    said = comment.replace("\n", " ")
    text = f"name: x\nphases: []\nchecks:\n  - id: a\n    dates: {dates}  # {said}\n"

    once = upgraded(text, "a.yaml")

    assert upgraded(once, "a.yaml") == once
    assert said in once


@pytest.mark.parametrize(
    ("text", "model", "said"),
    [
        (PIPELINE, Pipeline, "reveille config upgrade a.yaml"),
        (SCENARIO, ScenarioFile, "reveille config upgrade a.yaml"),
        ("version: 1\nname: x\n", Pipeline, "reveille config upgrade a.yaml"),
        ("version: 3\nname: x\n", Pipeline, "is of version 3; this release reads version 2"),
    ],
)
def test_a_file_of_another_version_is_refused_with_what_to_do(
    text: str, model: type[Pipeline | ScenarioFile | SqlCheck], said: str
) -> None:
    with pytest.raises(PipelineFileError, match=said):
        parse(text, "a.yaml", model)


def run(*arguments: str | Path) -> CompletedProcess[str]:
    return reveille(("config", "upgrade", *map(str, arguments)), Path.cwd(), os.environ)


def test_the_command_shows_the_difference_and_writes(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(PIPELINE, encoding="utf-8")
    path.chmod(0o640)

    ended = run(path)

    assert ended.returncode == 0
    assert "-    dates: night  # stays beside it\n+    interval: previous  # stays beside it" in ended.stdout
    assert path.read_text(encoding="utf-8") == UPGRADED
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(PIPELINE, encoding="utf-8")

    ended = run(path, "--dry-run")

    assert "+version: 2" in ended.stdout
    assert path.read_text(encoding="utf-8") == PIPELINE


def test_what_is_up_to_date_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(UPGRADED, encoding="utf-8")

    assert run(path).stdout == f"{path} is up to date.\n"


def test_what_is_no_yaml_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(PIPELINE, encoding="utf-8")
    bad.write_text("a: [", encoding="utf-8")

    ended = run(good, bad)

    assert ended.returncode == 3
    assert "bad.yaml" in ended.stderr
    assert good.read_text(encoding="utf-8") == PIPELINE


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "does not exist" in run(tmp_path / "none.yaml").stderr
