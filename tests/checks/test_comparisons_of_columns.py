"""Rules that compare a column with another column of the row, or with a parameter of the file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from math import nan
from typing import Any

import pytest

from bot.definition.files import PipelineFileError, parse
from bot.definition.pipeline_file import referenced
from checks.catalog import checks_of
from checks.pipeline import Pipeline
from checks.values import Comparison
from tests.fakes import FakeWarehouse, ports, run_check

AT = datetime(2026, 2, 10, 7, tzinfo=UTC)

FILE = """\
name: shop
timezone: UTC
tables: {{shop.orders: {{columns: {{shipped: INT64, ordered: INT64}}}}}}
parameters: {{fewest: {{type: INT64, value: 10}}, names: {{type: ARRAY<STRING>, value: [a]}}}}
checks:
  - id: shipped
    title: Orders are shipped
    rationale: They are.
    query: SELECT shipped, ordered FROM {{shop}}.orders
    subject: orders
    summary: "{{shipped}} of {{ordered}}"
    rules:
      - {{if: {{shipped: {test}}}, severity: P1, code: late}}
    expected: All.
"""


def read(test: str) -> Pipeline:
    return referenced(parse(FILE.format(test=test), "shop.yaml", Pipeline)).content


@pytest.mark.parametrize(
    ("bounds", "value", "other", "expected"),
    [
        ({"below": "{b}"}, 1, 2, True),
        ({"below": "{b}"}, 2, 2, False),
        ({"at_most": "{b}"}, 2, Decimal("2.0"), True),
        ({"above": "{b}", "at_most": 5}, 6, 3, False),
        ({"equals": "{b}"}, "x", "x", True),
        ({"equals": "{b}"}, 0.1, Decimal("0.1"), True),
        ({"above": "{b}"}, AT, AT.replace(hour=6), True),
        ({"above": "{b}"}, date(2026, 2, 10), date(2026, 2, 10), False),
        ({"above": "{b}"}, AT, date(2026, 2, 10), None),
        ({"above": "{b}"}, 1, None, None),
        ({"above": "{b}"}, None, 1, None),
        ({"above": "{b}"}, nan, 1, None),
        ({"above": "{b}"}, True, 0, None),
        ({"above": "@b"}, 3, 2, True),
    ],
)
def test_a_value_is_compared_with_another(
    bounds: dict[str, Any], value: Any, other: Any, expected: bool | None
) -> None:
    name = "@b" if "@b" in bounds.values() else "b"

    assert Comparison(**bounds).test(value, {name: other}) is expected


@pytest.mark.parametrize(
    ("test", "row", "expected"),
    [
        ('{below: "{ordered}"}', {"shipped": 3, "ordered": 4}, ["late"]),
        ('{below: "{ordered}"}', {"shipped": 4, "ordered": 4}, ["as-expected"]),
        ('{below: "{ordered}"}', {"shipped": 4, "ordered": None}, ["no-value"]),
        ('{below: "@fewest"}', {"shipped": 9, "ordered": 4}, ["late"]),
        ('{below: "@fewest"}', {"shipped": 10, "ordered": 4}, ["as-expected"]),
    ],
)
def test_rows_are_judged_by_it(test: str, row: dict[str, Any], expected: list[str]) -> None:
    pipeline = read(test)
    found = run_check(checks_of(pipeline)[-1], pipeline, ports(warehouse=FakeWarehouse({"shipped": [row]}))).findings

    assert [each.code for each in found] == expected


def test_the_column_that_has_no_value_is_named() -> None:
    pipeline = read('{below: "{ordered}"}')
    warehouse = FakeWarehouse({"shipped": [{"shipped": 1, "ordered": None}]})
    (found,) = run_check(checks_of(pipeline)[-1], pipeline, ports(warehouse=warehouse)).findings

    assert found.summary == "The column 'ordered' is NULL, so 'shipped < {ordered}' cannot be judged."


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ('{below: "{orderd}"}', "does not select a column 'orderd'"),
        ('{below: "@fewst"}', "did you mean '@fewest'?"),
        ('{below: "@names"}', "there is no parameter with one value"),
        ('{below: "ordered"}', "expected"),
    ],
)
def test_one_that_is_not_there_is_told(test: str, words: str) -> None:
    with pytest.raises(PipelineFileError) as refused:
        read(test)

    (only,) = refused.value.problems
    assert words in only.text
    assert only.line == 13


def test_rules_imply_each_other_only_where_they_are_the_same() -> None:
    assert Comparison(below="{a}").implies(Comparison(below="{a}"))
    assert not Comparison(below="{a}").implies(Comparison(below="{b}"))
    assert not Comparison(below=3).implies(Comparison(below="{b}"))
