"""The manual of the pipeline file is held to what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.definition.config_check import pipeline_schema
from bot.definition.files import EXAMPLES, parse
from bot.definition.pipeline_file import referenced
from bot.definition.pipeline_queries import queries_of
from bot.definition.statement_checks import statement_problems
from checks.data.sql import sql_check
from checks.expansion import expansions
from checks.model import Outcome, Severity
from checks.pipeline import Pipeline
from tests.fakes import FakeWarehouse, ports, run_check

MANUAL = (Path(__file__).parents[3] / "docs" / "pipeline-file.md").read_text(encoding="utf-8")


def pipeline_with_the_example() -> Pipeline:
    """Return the shipped pipeline with the manual's check instead of its own."""
    (example,) = re.findall(r"```yaml\n(checks:\n.*?)```", MANUAL, re.DOTALL)
    shipped = (EXAMPLES / "nba.yaml").read_text(encoding="utf-8")
    # What names the shipped checks goes with them.
    text = re.sub(r"^(?:suppressions|scheduler):(?:.|\n(?=[ \n#]))*", "", shipped, flags=re.MULTILINE)
    text = re.sub(r"^checks:(?:.|\n(?=[ \n#]))*", lambda _: example, text, flags=re.MULTILINE)
    return referenced(parse(text, "manual.yaml", Pipeline)).content


@pytest.mark.parametrize(
    ("players", "outcome", "severity"),
    [pytest.param(16, Outcome.PASSED, None, id="enough"), pytest.param(15, Outcome.FAILED, Severity.P2, id="too few")],
)
def test_the_example_runs_as_it_stands(players: int, outcome: Outcome, severity: Severity | None) -> None:
    pipeline = pipeline_with_the_example()
    (spec,) = pipeline.checks
    warehouse = FakeWarehouse(
        {"games": [{"number": 1}], spec.id: [{"game_id": "20260210_MIL_OKC", "players": players}]}
    )

    result = run_check(sql_check(spec), pipeline, ports(warehouse=warehouse))

    assert [(finding.subject, finding.outcome, finding.severity) for finding in result.findings] == [
        ("20260210_MIL_OKC", outcome, severity)
    ]


def test_the_example_has_ten_lines() -> None:
    (example,) = re.findall(r"```yaml\nchecks:\n(.*?)```", MANUAL, re.DOTALL)

    assert example.count("\n") == 10


def test_the_manual_names_every_key() -> None:
    schema = pipeline_schema()
    keys = {key for described in (schema, *schema["$defs"].values()) for key in described.get("properties", ())}

    assert sorted(key for key in keys if f"`{key}`" not in MANUAL) == []


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(tables:\n.*?)```", MANUAL, re.DOTALL))
def test_every_example_of_expectations_is_valid_and_its_queries_can_be_read(example: str) -> None:
    head = "name: shop\ntitle: Shop\ntimezone: UTC\nproject: shop\ndatasets: [shop]\n"
    openings = "  shop.openings:\n    columns: {day: DATE}\nconditions:" if "conditions:" in example else ""
    text = head + (example.replace("conditions:", openings) if openings else example)

    pipeline = referenced(parse(text, "manual.yaml", Pipeline)).content

    assert [problem for each in queries_of(pipeline) for problem in statement_problems(each.sql, pipeline)] == []
    assert len(list(expansions(pipeline))) == 1
