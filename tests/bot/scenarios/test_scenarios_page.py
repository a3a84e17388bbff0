"""The example of the page about scenarios is one that runs, and the page explains every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.definition.pipeline_file import shipped_pipeline
from bot.definition.sources import SOURCES
from bot.replay import differences, replay
from bot.scenarios import platform_states
from bot.scenarios.scenario import Fault, ScenarioFile, ServiceState, load_scenario
from checks.values import Model

PAGE = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")

STATES = [
    ServiceState,
    *(
        value
        for value in vars(platform_states).values()
        if isinstance(value, type) and issubclass(value, Model) and value is not Model
    ),
]


def test_the_example_gives_what_it_states(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "precompute-late.yaml"
    path.write_text(example, encoding="utf-8")

    result = replay(load_scenario(path), shipped_pipeline())

    assert differences(result.comparisons) == ()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_every_key_of_a_state_is_explained(state: type[Model]) -> None:
    assert [name for name in state.model_fields if f"`{name}`" not in PAGE] == []


def test_every_section_source_and_problem_is_explained() -> None:
    head = {"name", "title", "story", "when", "now", "date", "base", "expect"}
    sections = [f"| `{name}` |" for name in ScenarioFile.model_fields if name not in head]
    sources = [line.source.name for line in SOURCES]
    problems = Fault.model_fields["problem"].annotation.__args__  # type: ignore[union-attr]

    assert [name for name in [*sections, *sources, *problems] if name not in PAGE] == []
