"""The types of BigQuery's columns, as its interface names them and as GoogleSQL does."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.bigquery import SchemaField

from bot.sources.warehouse.bigquery_values import field_of, type_of
from checks.column_types import SIMPLE


def column(**field: Any) -> SchemaField:
    return SchemaField.from_api_repr({"name": "it", "mode": "NULLABLE", **field})


@pytest.mark.parametrize(
    ("field", "named"),
    [
        (column(type="INTEGER"), "INT64"),
        (column(type="FLOAT"), "FLOAT64"),
        (column(type="BOOLEAN"), "BOOL"),
        (column(type="BYTES", mode="REPEATED"), "ARRAY<BYTES>"),
        (column(type="RANGE", rangeElementType={"type": "DATE"}), "RANGE<DATE>"),
        (
            column(
                type="RECORD",
                mode="REPEATED",
                fields=[{"name": "key", "type": "STRING"}, {"name": "values", "type": "FLOAT", "mode": "REPEATED"}],
            ),
            "ARRAY<STRUCT<key STRING, values ARRAY<FLOAT64>>>",
        ),
    ],
)
def test_a_column_has_the_type_that_queries_use(field: SchemaField, named: str) -> None:
    assert str(type_of(field)) == named


@pytest.mark.parametrize("named", [*SIMPLE, "ARRAY<INT64>", "RANGE<DATETIME>", "STRUCT<a ARRAY<STRUCT<b JSON>>>"])
def test_a_column_is_made_of_the_type_that_is_declared(named: str) -> None:
    assert str(type_of(field_of("it", named))) == named
