"""Which files a setting names, and what several of them may not share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.composition.validation import pipelines_of, source_of, sources_of
from bot.definition.files import EXAMPLES, PipelineFileError
from bot.definition.pipeline_folder import files_named, name_in
from bot.settings import Settings, SettingsError

NBA = EXAMPLES / "nba.yaml"
TINY = "version: 2\nname: {name}\ntimezone: UTC\n"


def written(folder: Path, **names: str) -> Path:
    """A folder with a file for each name; what a file is called by need not be what its pipeline is."""
    for stem, name in names.items():
        (folder / f"{stem}.yaml").write_text(TINY.format(name=name))
    return folder


def test_a_folder_stands_for_its_files_and_for_the_pipeline_of_each_folder_in_it(tmp_path: Path) -> None:
    written(tmp_path, b="two", a="one")
    (tmp_path / "notes.md").write_text("no pipeline")
    (tmp_path / ".hidden.yaml").write_text("no: pipeline")
    for inside in ("c", "empty"):
        (tmp_path / inside).mkdir()
    (tmp_path / "c" / "pipeline.yaml").write_text(TINY.format(name="three"))
    (tmp_path / "c" / "other.yaml").write_text("no: pipeline")

    found = files_named(tmp_path)

    assert [each.relative_to(tmp_path).as_posix() for each in found] == ["a.yaml", "b.yaml", "c/pipeline.yaml"]


def test_several_are_named_as_in_path_each_once(tmp_path: Path) -> None:
    written(tmp_path, a="one", b="two")
    named = os.pathsep.join((str(tmp_path / "b.yaml"), "nba", "", str(tmp_path)))

    assert files_named(Path(named)) == (tmp_path / "b.yaml", NBA, tmp_path / "a.yaml")


def test_a_folder_without_a_pipeline_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PipelineFileError, match="folder without a pipeline file") as raised:
        files_named(tmp_path)

    assert str(tmp_path) in str(raised.value)


def test_one_of_several_is_chosen_by_the_name_in_its_file(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one", b="two"))

    assert source_of(Path("two"), settings) == tmp_path / "b.yaml"


def test_a_file_that_is_broken_hides_no_other(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one", b="two"))
    (tmp_path / "a.yaml").write_text("name: [")

    assert source_of(Path("two"), settings) == tmp_path / "b.yaml"
    assert name_in(tmp_path / "a.yaml") == "a"


def test_a_name_that_there_is_not_is_told_with_those_near(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="orders", b="events"))

    with pytest.raises(SettingsError, match=r"no pipeline 'ordres'.*events, orders.*Did you mean orders"):
        source_of(Path("ordres"), settings)


def test_several_without_a_name_are_listed(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one", b="two"))

    with pytest.raises(SettingsError, match="--pipeline NAME: there are one, two"):
        source_of(None, settings)
    assert sources_of(None, settings) == (tmp_path / "a.yaml", tmp_path / "b.yaml")


def test_who_has_no_pipeline_file_is_told_what_writes_one() -> None:
    with pytest.raises(SettingsError, match="'reveille init' writes a first one"):
        sources_of(None, Settings(pipeline=None))


def test_a_folder_of_one_is_that_one(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one"))

    assert source_of(None, settings) == tmp_path / "a.yaml"
    assert source_of(Path("nba"), settings) == NBA


def test_two_files_of_one_name_are_refused_with_the_line_of_the_second(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one", b="one"))

    with pytest.raises(PipelineFileError) as raised:
        pipelines_of(None, settings)

    assert str(raised.value).startswith(f"{tmp_path / 'b.yaml'}:2: name: is 'one'")


def test_the_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    settings = Settings(pipeline=written(tmp_path, a="one", b="two"))
    for stem in "ab":
        (tmp_path / f"{stem}.yaml").write_text(f"version: 2\nname: {stem}\ntimezone: Nowhere\n")

    with pytest.raises(PipelineFileError) as raised:
        pipelines_of(None, settings)

    assert [(Path(each.file).stem, each.line) for each in raised.value.problems] == [("a", 3), ("b", 3)]
