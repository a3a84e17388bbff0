"""``reveille graph``: files, the text alternative, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bot.in_process import run


def test_it_writes_each_format_with_the_cause_marked_and_says_the_same(tmp_path: Path) -> None:
    files = [f"--{each}={tmp_path / each}" for each in ("svg", "dot", "mermaid")]

    ended = run(("graph", "--scenario", "invoker-lost", *files), tmp_path, {})

    assert ended.returncode == 0
    assert "Cause: service phase3-to-phase4-orchestrator, service phase4-to-phase5-orchestrator" in ended.stdout
    assert "Affected: transition phase3_to_phase4" in ended.stdout
    says = ET.parse(tmp_path / "svg").getroot().attrib["aria-label"]
    assert "Cause: service phase3-to-phase4-orchestrator" in says
    for each in ("dot", "mermaid"):
        assert "phase3-to-phase4-orchestrator (cause)" in (tmp_path / each).read_text(encoding="utf-8")


def test_a_place_that_could_not_be_checked_is_not_shown_as_fine(tmp_path: Path) -> None:
    ended = run(("graph", "--scenario", "half-the-sources-down"), tmp_path, {})

    assert "Could not be checked: " in ended.stdout


def test_a_good_day_says_so_and_a_pipeline_alone_says_nothing_of_its_state(tmp_path: Path) -> None:
    good = run(("graph", "--scenario", "healthy-morning"), tmp_path, {})
    alone = run(("graph", "--pipeline", "nba"), tmp_path, {})

    assert "Nothing is found to be wrong." in good.stdout
    assert alone.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--around", "phase5", "--all"), "exclude each other"),
        (("--pipeline", "nba", "--around", "prediction-wroker"), "did you mean prediction-worker"),
        (("--pipeline", "nba", "--around", "<nowhere>"), "reveille graph --dot -"),
        (("--pipeline", "nba", "--svg", "-", "--dot", "-"), "standard output"),
        (("10", "feb"), "--live or --scenario"),
        (("--live", "--scenario", "invoker-lost"), "exclude each other"),
        (("--across", "0"), "--across"),
        (("--pipeline", "nba", "--svg", "missing/graph.svg"), "Check the path"),
        (("--scenario", "invoker-lots"), "did you mean"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = run(("graph", *arguments), tmp_path, {})

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert said in ended.stderr


def test_a_scenario_shows_what_is_around_its_marks_and_all_when_asked(tmp_path: Path) -> None:
    near = run(("graph", "--scenario", "invoker-lost", "--dot", "-"), tmp_path, {}).stdout
    whole = run(("graph", "--scenario", "invoker-lost", "--all", "--dot", "-"), tmp_path, {}).stdout

    assert near.count("(cause)") == whole.count("(cause)") == 3
    assert "phase Scrapers" not in near
    assert "phase Scrapers" in whole
    assert near.startswith("digraph")


@pytest.mark.parametrize("name", ["phase5", "Predictions", "phase:phase5", "phase Predictions"])
def test_a_place_is_asked_for_by_each_of_its_names(name: str, tmp_path: Path) -> None:
    shown = run(("graph", "--pipeline", "nba", "--around", name, "--mermaid", "-"), tmp_path, {}).stdout

    assert "phase Predictions" in shown
    assert "phase Scrapers" not in shown
