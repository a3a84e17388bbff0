"""What a validation read, written down: a validation of the copy says the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.composition.recording import RecordedWorld, record, veil_of
from bot.composition.validation import on_scenario, source_of
from bot.definition.pipeline_file import load_pipeline
from bot.definition.sources import SOURCES
from bot.replay import Replay, differences, replay
from bot.request import Request
from bot.scenarios.scenario import Scenario, load_scenario, shipped_scenarios
from checks.model import Report
from tests.sections import ROOT

EXAMPLES = sorted(str(path) for path in (ROOT / "examples").glob("*/scenarios/*.yaml"))


def recorded(scenario: Scenario, file: Path, hashed: Sequence[str] = (), *, people: bool = True) -> RecordedWorld:
    source = source_of(None, scenario=scenario)
    pipeline = load_pipeline(source)
    with on_scenario(pipeline, scenario) as ready:
        veil = veil_of(pipeline, hashed, (), people=people)
        copy = record(ready, Request(interval=ready.interval), veil, file=file, source=source)
    file.write_text(copy.text, encoding="utf-8")
    return copy


def replayed(file: Path) -> Replay:
    scenario = load_scenario(file)
    return replay(scenario, load_pipeline(source_of(None, scenario=scenario)))


def told(report: Report) -> list[tuple[str, str, str, str, str]]:
    return sorted(
        (result.check, finding.code, finding.subject, str(finding.interval), finding.summary)
        for result, finding in report.findings()
    )


@pytest.mark.parametrize("name", [*shipped_scenarios(), *EXAMPLES], ids=lambda name: Path(name).stem)
@pytest.mark.slow
def test_the_copy_of_a_scenario_gives_the_same_report(name: str, tmp_path: Path) -> None:
    copy = recorded(load_scenario(name), tmp_path / "copy.yaml", people=False)

    again = replayed(tmp_path / "copy.yaml")

    assert differences(again.comparisons) == ()
    assert told(again.report) == told(copy.report)
    assert again.report.causes == copy.report.causes


@pytest.mark.slow
def test_names_that_are_hashed_change_no_verdict(tmp_path: Path) -> None:
    scenario = load_scenario("invoker-lost")

    copy = recorded(scenario, tmp_path / "copy.yaml", hashed=("player_lookup",))

    assert replayed(tmp_path / "copy.yaml").agrees
    assert copy.hidden["column player_lookup"] > 0
    assert "Hidden" in copy.text.partition("version:")[0]


@pytest.mark.slow
def test_a_copy_of_a_copy_says_the_same(tmp_path: Path) -> None:
    recorded(load_scenario("services-behind"), tmp_path / "first.yaml", people=False)

    recorded(load_scenario(tmp_path / "first.yaml"), tmp_path / "second.yaml", people=False)

    first, second = (
        (tmp_path / name).read_text(encoding="utf-8").partition("\nexpect:")[2]
        for name in ("first.yaml", "second.yaml")
    )
    assert first.partition("services:")[0] == second.partition("services:")[0]
    assert replayed(tmp_path / "second.yaml").agrees


@pytest.mark.slow
def test_the_values_of_variables_are_not_in_the_copy(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(
        "version: 2\nname: told\ntitle: t\nstory: s\nwhen: now\nnow: 2026-02-11 08:10\ninterval: yesterday\n"
        "base: healthy-morning\nexpect: {verdict: ALL CLEAR}\n"
        "services:\n  prediction-worker:\n    environment: {DATABASE: orchid-and-thimble}\n",
        encoding="utf-8",
    )

    recorded(load_scenario(base), tmp_path / "copy.yaml")

    copy = (tmp_path / "copy.yaml").read_text(encoding="utf-8")
    assert "DATABASE" in copy
    assert "orchid-and-thimble" not in copy


@pytest.mark.slow
def test_a_cut_table_is_said(tmp_path: Path) -> None:
    scenario = load_scenario("healthy-morning")
    source = source_of(None, scenario=scenario)
    pipeline = load_pipeline(source)
    with on_scenario(pipeline, scenario) as ready:
        veil = veil_of(pipeline, (), (), people=True)
        asked = Request(interval=ready.interval)
        copy = record(ready, asked, veil, file=tmp_path / "copy.yaml", source=source, most_rows=3)

    assert any("cut to its newest 3 rows" in note for note in copy.notes)
    assert "cut to its newest 3 rows" in copy.text.partition("version:")[0]


@pytest.mark.parametrize("line", SOURCES, ids=lambda line: line.folder)
def test_every_source_has_a_recorder(line: object) -> None:
    recorder = line.recorder  # type: ignore[attr-defined]

    assert callable(recorder.sections)
    assert callable(recorder.narrowed)
