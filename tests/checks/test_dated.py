"""Which column says when: what the file states, else the only one that can be meant; where several can, it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.files import PipelineFileError
from bot.definition.pipeline_file import read_pipeline
from checks.dated import date_column, load_column
from checks.expansion.data_checks import data_checks

FILE = "tables:\n  shop.orders:\n    columns: {{id: INT64, {columns}}}\n    {stated}expect: {expect}\n"


def written(folder: Path, columns: str, expect: str, stated: str = "") -> Path:
    path = folder / "Our Shop.yaml"
    path.write_text(FILE.format(columns=columns, expect=expect, stated=stated), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("columns", "expect", "stated", "date", "loaded"),
    [
        ("day: DATE", "{volume: {}}", "", "day", None),
        ("day: DATE, at: TIMESTAMP", "{volume: {}, freshness: 24h}", "", "day", "at"),
        ("day: DATE, at: TIMESTAMP, seen: TIMESTAMP", "{volume: {}}", "", "day", None),
        ("at: TIMESTAMP", "{freshness: 24h}", "", "at", "at"),
        ("at: TIMESTAMP, got: TIMESTAMP", "{freshness: 24h}", "loaded: got\n    ", "at", "got"),
        ("at: TIMESTAMP, got: TIMESTAMP", "{freshness: 24h}", "date: at\n    ", "at", "got"),
        ("day: DATE, sent: DATE", "{volume: {}}", "date: sent\n    ", "sent", None),
        ("day: DATE, at: TIMESTAMP", "{unique: [id]}", "", None, None),
    ],
)
def test_the_only_column_that_can_be_meant_is_taken(
    tmp_path: Path, columns: str, expect: str, stated: str, date: str | None, loaded: str | None
) -> None:
    table = read_pipeline(written(tmp_path, columns, expect, stated)).content.tables["shop.orders"]

    assert (date_column(table), load_column(table)) == (date, loaded)


@pytest.mark.parametrize(
    ("columns", "expect", "said"),
    [
        ("day: DATE, sent: DATE", "{volume: {}}", "add 'date' to shop.orders: day or sent"),
        ("day: DATE, a: TIMESTAMP, b: TIMESTAMP", "{freshness: 1d}", "add 'loaded' to shop.orders: a or b"),
    ],
)
def test_where_several_can_be_meant_they_are_named(tmp_path: Path, columns: str, expect: str, said: str) -> None:
    with pytest.raises(PipelineFileError, match=said):
        read_pipeline(written(tmp_path, columns, expect))


def test_what_was_taken_is_said_and_what_the_file_leaves_out_comes_from_its_name(tmp_path: Path) -> None:
    columns, expect = "day: DATE, at: TIMESTAMP", "{volume: {}, freshness: 24h}"
    pipeline = read_pipeline(written(tmp_path, columns, expect)).content

    (check,) = data_checks(pipeline)

    assert (pipeline.name, pipeline.title, pipeline.timezone) == ("our-shop", "our-shop", "UTC")
    assert "Rows are dated by day, the only column that can" in check.expected
    assert "They were loaded at at, the only column that can say it" in check.expected


@pytest.mark.parametrize(("file", "name"), [("pipeline.yaml", "hotel"), ("2026.yaml", None), ("a_b.yml", "a-b")])
def test_a_pipeline_is_called_as_its_file_or_folder(tmp_path: Path, file: str, name: str | None) -> None:
    path = tmp_path / "hotel" / file
    path.parent.mkdir()
    path.write_text("tables: {}\n", encoding="utf-8")

    if name is None:
        with pytest.raises(PipelineFileError, match="name: is missing"):
            read_pipeline(path)
    else:
        assert read_pipeline(path).content.name == name
