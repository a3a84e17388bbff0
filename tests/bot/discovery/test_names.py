"""What names say of columns."""

from __future__ import annotations

import pytest

from bot.discovery.names import are_codes, date_columns, key_columns, loaded_column, may_list, refers_to


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({"order_date": "DATE", "created_at": "TIMESTAMP"}, "order_date", id="a date before a time"),
        pytest.param({"due_date": "DATE", "booked_on": "DATE"}, "booked_on", id="not the date on which it is due"),
        pytest.param({"created_at": "TIMESTAMP", "event_time": "TIMESTAMP"}, "created_at", id="known names in order"),
        pytest.param({"date_of_birth": "DATE"}, None, id="no date of a person"),
        pytest.param({"loaded_at": "TIMESTAMP"}, None, id="not when it was loaded"),
        pytest.param({"date": "STRING"}, None, id="no text"),
    ],
)
def test_the_date_column_is_the_likeliest(columns: dict[str, str], expected: str | None) -> None:
    found = date_columns(columns, loaded_column(columns))

    assert next(iter(found), None) == expected


def test_the_loaded_column_has_a_known_name_or_word() -> None:
    assert loaded_column({"updated_at": "TIMESTAMP", "loaded_at": "TIMESTAMP"}) == "loaded_at"
    assert loaded_column({"_etl_loaded": "DATETIME"}) == "_etl_loaded"
    assert loaded_column({"loaded_at": "DATE", "x": "TIMESTAMP"}) is None


@pytest.mark.parametrize(
    "name", ["full_name", "email", "contact_email", "phone_type", "assigned_to", "notes", "seller"]
)
def test_of_what_may_be_about_people_no_value_is_read(name: str) -> None:
    assert not may_list(name)


@pytest.mark.parametrize("name", ["status", "orderStatus", "country_code", "side", "quality", "event_type"])
def test_codes_are_known_by_their_name(name: str) -> None:
    assert may_list(name)


@pytest.mark.parametrize(
    "value", ["Anna Berg", "a@example.com", "+49 30 123456", "49301234567", "2026-11-27", "", "é", "x" * 25]
)
def test_what_is_no_code_is_not_taken_for_one(value: str) -> None:
    assert not are_codes([value])


@pytest.mark.parametrize("value", ["open", "IN_TRANSIT", "4xx", "de-AT", "v1.2", "A+"])
def test_a_code_is_one(value: str) -> None:
    assert are_codes([value])


def test_keys_are_ids_first() -> None:
    columns = {"line_no": "INT64", "order_id": "STRING", "item_count": "INT64", "note": "STRING"}

    assert key_columns(columns) == ["order_id", "line_no"]


@pytest.mark.parametrize(
    ("column", "own", "other", "key", "expected"),
    [
        ("customer_id", "shop.orders", "shop.customers", "customer_id", True),
        ("customer_id", "shop.orders", "shop.customers", "id", True),
        ("billing_customer_id", "shop.orders", "shop.dim_customer", "id", True),
        ("customer_id", "shop.customers", "shop.orders", "customer_id", False),
        ("id", "shop.orders", "shop.customers", "id", False),
        ("product_id", "shop.orders", "shop.customers", "id", False),
        ("account", "ledger.entries", "ledger.accounts", "account", True),
    ],
)
def test_a_reference_is_known_by_four_names(column: str, own: str, other: str, key: str, expected: bool) -> None:
    assert refers_to(column, own, other, key) is expected
