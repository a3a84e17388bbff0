"""What a scenario says of a table's columns: lost, more, of another type; a name that nobody declared is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.files import PipelineFileError
from bot.definition.pipeline_file import load_pipeline
from bot.scenarios.scenario import load_scenario
from bot.scenarios.world import build_world
from tests.sections import ROOT

MINIMAL = ROOT / "examples" / "minimal"


def columns_in(folder: Path, stated: str) -> dict[str, str]:
    text = (MINIMAL / "scenarios" / "column-lost.yaml").read_text(encoding="utf-8")
    path = folder / "changed.yaml"
    base = MINIMAL / "scenarios" / "healthy.yaml"
    text = text.replace("./healthy.yaml", str(base)).partition("columns:")[0]
    path.write_text(f"{text}columns:\n  {stated}\n", encoding="utf-8")
    world = build_world(load_pipeline(MINIMAL / "pipeline.yaml"), load_scenario(path))
    return dict(world.columns["shop.orders"])


def test_columns_are_lost_more_or_of_another_type(tmp_path: Path) -> None:
    found = columns_in(tmp_path, "shop.orders: {customer_id: null, voucher: STRING, amount: FLOAT64}")

    assert "customer_id" not in found
    assert (found["voucher"], found["amount"], found["order_id"]) == ("STRING", "FLOAT64", "INT64")


@pytest.mark.parametrize(
    ("stated", "key", "words"),
    [
        ("shop.orders: {custmer_id: null}", "columns.shop.orders.custmer_id", "did you mean customer_id"),
        ("shop.order: {customer_id: null}", "columns.shop.order", "did you mean shop.orders"),
        ("shop.orders: {amount: DECIMAL}", "columns.shop.orders.amount", "did you mean 'NUMERIC'"),
    ],
)
def test_a_slip_is_one_sentence_at_its_key(tmp_path: Path, stated: str, key: str, words: str) -> None:
    with pytest.raises(PipelineFileError) as refused:
        columns_in(tmp_path, stated)

    (only,) = refused.value.problems
    assert only.key == key
    assert words in only.text
