"""What the columns of a table are for, told by their types, their names and their values."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from bot.drill.columns import date_column, day_of, directions, groups, keys, measures, names, read_by, times
from checks.pipeline import Table
from checks.sql_check_spec import SqlCheck

TABLE = Table(
    columns={
        "id": "STRING",
        "shop": "STRING",
        "state": "STRING",
        "paid": "BOOL",
        "amount": "BIGNUMERIC",
        "pieces": "INT64",
        "share": "FLOAT64",
        "code": "INT64",
        "sold_on": "DATE",
        "loaded_at": "TIMESTAMP",
    }
)
ROWS = [
    {
        "id": f"order-{number}",
        "shop": f"shop-{number % 6}",
        "state": "open" if number % 2 else "sent",
        "paid": bool(number % 3),
        "amount": f"{number}.50",
        "pieces": number,
        "share": number / 40,
        "code": number % 2,
        "sold_on": "2026-02-10",
        "loaded_at": "2026-02-11T02:00:00+00:00",
    }
    for number in range(40)
]


def test_measures_are_numbers_that_differ() -> None:
    assert measures(TABLE, ROWS) == ("amount", "pieces", "share")
    assert measures(TABLE, []) == ()


def test_keys_are_texts_with_more_values_than_a_group_has() -> None:
    assert keys(TABLE, ROWS) == ("id",)
    assert keys(TABLE, ROWS[:3]) == ("id", "shop")  # of three rows, a few values are many


def test_names_are_texts_with_several_values_of_a_set_that_stays() -> None:
    many = [{**row, "id": f"order-{number}"} for number, row in enumerate(ROWS * 3)]

    assert names(TABLE, ROWS, many) == ("shop",)
    assert names(TABLE, ROWS, ROWS) == ("id", "shop")


def test_groups_are_texts_with_a_few_values_each_of_several_rows() -> None:
    assert groups(TABLE, ROWS) == ("shop", "state")
    assert groups(TABLE, ROWS[:6]) == ("state",)
    assert groups(TABLE, ROWS[:1]) == ()


def test_directions_are_texts_and_flags_with_two_to_four_values() -> None:
    assert directions(TABLE, ROWS) == ("state", "paid")
    assert directions(TABLE, ROWS[:6]) == ()


def test_times_are_instants() -> None:
    assert times(TABLE) == ("loaded_at",)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({}, "sold_on"),
        ({"date": "loaded_at"}, "loaded_at"),
        ({"partition": "loaded_at"}, "loaded_at"),
        ({"date": "sold_on", "partition": "loaded_at"}, "sold_on"),
    ],
)
def test_the_date_of_a_row_is_where_the_table_says_or_in_its_first_date(changes: dict[str, str], column: str) -> None:
    table = TABLE.model_copy(update=changes)

    assert date_column(table, ROWS) == column
    assert date_column(table, [{**row, column: None} for row in ROWS]) != column


def test_a_table_without_dates_has_none() -> None:
    assert date_column(Table(columns={"id": "STRING"}), ROWS) is None


def test_an_instant_has_its_date_in_a_zone() -> None:
    row = {"at": "2026-02-11T02:00:00+00:00", "on": "2026-02-11", "none": None}

    assert day_of(row, "at", UTC) == "2026-02-11"
    assert day_of(row, "at", ZoneInfo("America/New_York")) == "2026-02-10"
    assert (day_of(row, "on"), day_of(row, "none"), day_of(row, "absent")) == ("2026-02-11", "", "")


def test_a_column_is_read_by_a_check_of_its_table_that_names_it() -> None:
    check = SqlCheck(
        id="sums",
        title="Sums",
        rationale="Sums are right.",
        subject="orders",
        summary="Sums.",
        expected="Sums.",
        query="SELECT SUM(amount) AS amount FROM {shop}.orders",
    )

    assert read_by([check], "shop.orders", "amount")
    assert not read_by([check], "shop.orders", "pieces")
    assert not read_by([check], "shop.returns", "amount")
