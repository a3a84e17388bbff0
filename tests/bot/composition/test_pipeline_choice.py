"""Which pipeline a command is about: no one is the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.composition.validation import pipeline_of, source_of
from bot.definition.files import EXAMPLES, PipelineFileError
from bot.scenarios.scenario import Scenario, load_scenario
from bot.settings import Settings, SettingsError
from tests.bot.scenarios.worlds import loaded

NBA = EXAMPLES / "nba.yaml"
NOBODY = Settings()
OURS = Settings(pipeline=Path("ours.yaml"))


def named(folder: Path, line: str, name: str = "mine") -> Scenario:
    return loaded(folder, line, name)


@pytest.mark.parametrize(
    ("option", "settings", "expected"),
    [
        pytest.param(Path("given.yaml"), OURS, Path("given.yaml"), id="the option before the environment"),
        pytest.param(None, OURS, Path("ours.yaml"), id="the environment"),
        pytest.param(Path("nba"), OURS, NBA, id="an example by its name"),
        pytest.param(None, Settings(pipeline=Path("nba")), NBA, id="an example in the environment"),
        pytest.param(Path("other"), NOBODY, Path("other"), id="no example of that name: a path"),
    ],
)
def test_the_pipeline_is_the_one_that_is_named(option: Path | None, settings: Settings, expected: Path) -> None:
    assert source_of(option, settings) == expected


def test_without_a_name_the_examples_are_told() -> None:
    with pytest.raises(SettingsError) as raised:
        source_of(None, NOBODY)

    told = ("--pipeline", "REVEILLE_PIPELINE", "reveille demo", "--scenario", str(NBA))
    assert [each for each in told if each not in str(raised.value)] == []
    assert "\n" not in str(raised.value)


def test_a_scenario_brings_its_pipeline_whatever_the_environment_says() -> None:
    assert source_of(None, OURS, load_scenario("healthy-morning")) == NBA
    assert source_of(None, OURS, load_scenario("invoker-lost")) == NBA, "from its base"


def test_the_option_is_stronger_than_the_scenario() -> None:
    assert source_of(Path("given.yaml"), OURS, load_scenario("healthy-morning")) == Path("given.yaml")


def test_a_path_is_beside_the_scenario_that_names_it(tmp_path: Path) -> None:
    assert source_of(None, OURS, named(tmp_path, "pipeline: ../ours.yaml")) == tmp_path / "../ours.yaml"


def test_a_scenario_without_a_pipeline_is_of_the_environments(tmp_path: Path) -> None:
    assert source_of(None, OURS, named(tmp_path, "")) == Path("ours.yaml")


def test_a_scenario_without_any_pipeline_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pipeline: nba"):
        source_of(None, NOBODY, named(tmp_path, ""))


def test_a_pipeline_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineFileError, match=r"nowhere\.yaml"):
        pipeline_of(None, NOBODY, named(tmp_path, "pipeline: nowhere.yaml"))
