"""The example of the page about scenarios is one that runs."""

from __future__ import annotations

import re
from pathlib import Path

from bot.definition.pipeline_file import shipped_pipeline
from bot.local.scenario import Fault, ServiceState, load_scenario
from bot.replay import differences, replay

PAGE = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_the_example_gives_what_it_states(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "precompute-late.yaml"
    path.write_text(example, encoding="utf-8")

    result = replay(load_scenario(path), shipped_pipeline())

    assert differences(result.comparisons) == ()


def test_every_key_of_a_service_and_every_problem_is_explained() -> None:
    problems = Fault.model_fields["problem"].annotation.__args__  # type: ignore[union-attr]
    names = [*(f"`{name}`" for name in ServiceState.model_fields), *problems]

    assert [name for name in names if name not in PAGE] == []
