"""The types of columns: what is one, what its text is, and which real column meets a declared one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.column_types import RANGED, SIMPLE, ColumnType, column_type, declares

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
simple = st.sampled_from(SIMPLE).map(ColumnType) | st.sampled_from(RANGED).map(
    lambda of: ColumnType("RANGE", ColumnType(of))
)


def structs(of: st.SearchStrategy[ColumnType]) -> st.SearchStrategy[ColumnType]:
    fields = st.lists(st.tuples(names, of), max_size=3).map(tuple)
    return fields.map(lambda each: ColumnType("STRUCT", fields=each))


types = st.recursive(
    simple,
    lambda of: structs(of) | of.filter(lambda each: each.name != "ARRAY").map(lambda each: ColumnType("ARRAY", each)),
    max_leaves=8,
)


@given(types)
def test_a_type_is_read_back_from_its_text(kind: ColumnType) -> None:
    assert column_type(str(kind)) == kind
    assert declares(str(kind), str(kind))


@given(st.text(alphabet="ARYSTUCING<>, `ab1", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_type_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert column_type(str(column_type(text))) == column_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "TEXT", "int64", "NUMERIC(10, 2)", "ARRAY", "ARRAY<>", "ARRAY<STRING", "ARRAY<STRING>>",
        "ARRAY<ARRAY<STRING>>", "STRUCT<>", "STRUCT<a>", "STRUCT<INT64>", "STRUCT<a INT64,>", "STRUCT<a INT64 b INT64>",
        "RANGE<INT64>", "RANGE",
    ],
)  # fmt: skip
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected (STRING|a type of GoogleSQL|the type alone|what the array is of)"):
        column_type(text)


@pytest.mark.parametrize(("text", "meant"), [("INTEGER", "INT64"), ("FLOAT", "FLOAT64"), ("RECORD", "STRUCT")])
def test_a_name_of_the_interface_is_answered_with_that_of_sql(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        column_type(text)


def nested(levels: int) -> str:
    return "STRUCT<a " * levels + "INT64" + ">" * levels


def test_records_are_nested_as_deep_as_in_bigquery() -> None:
    assert column_type(nested(15))
    with pytest.raises(ValueError, match="expected"):
        column_type(nested(16))


@pytest.mark.parametrize(
    ("declared", "real", "is_met"),
    [
        ("STRUCT<b STRING>", "STRUCT<a INT64, B STRING>", True),
        ("STRUCT", "STRUCT<a INT64>", True),
        ("ARRAY<STRUCT<key STRING>>", "ARRAY<STRUCT<key STRING, value INT64>>", True),
        ("STRUCT<c STRING>", "STRUCT<a INT64, b STRING>", False),
        ("STRUCT<a STRING>", "STRUCT<a INT64>", False),
        ("ARRAY<INT64>", "INT64", False),
        ("RANGE<DATE>", "RANGE<TIMESTAMP>", False),
        ("NUMERIC", "BIGNUMERIC", False),
        ("STRING", "TOKENLIST", False),
    ],
)
def test_a_struct_declares_only_the_fields_that_queries_use(declared: str, real: str, is_met: bool) -> None:
    assert declares(declared, real) is is_met
