from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.cells import LONGEST_VALUE
from checks.shell_words import WITHOUT_VALUE
from checks.templates import (
    MissingColumnError,
    columns_in,
    fill,
    fill_command,
    fill_name,
    has_stray_brace,
)
from tests.thoroughness import examples

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(None, "no value", id="NULL"),
        pytest.param(True, "yes", id="boolean"),
        pytest.param(14, "14", id="whole number"),
        pytest.param(123456.0, "123,456", id="whole float"),
        pytest.param(52.36, "52.4", id="float"),
        pytest.param(0.0432, "0.043", id="small float"),
        pytest.param(float("inf"), "inf", id="infinite"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param(date(2026, 2, 10), "10 Feb", id="date"),
        pytest.param(datetime(2026, 2, 10, 13, tzinfo=UTC), "10 Feb 08:00 EST", id="time in the zone"),
        pytest.param(datetime(2026, 2, 10, 13), "10 Feb 13:00", id="time without a zone"),  # noqa: DTZ001 - DATETIME columns have none
        pytest.param("two\nlines", "two lines", id="text"),
        pytest.param("x" * 500, "x" * (LONGEST_VALUE - 1) + "…", id="long text"),
    ],
)
def test_values_are_written_for_people(value: Any, shown: str) -> None:
    assert fill("{it}", {"it": value}, ZONE) == shown


@pytest.mark.parametrize("column", ["season", "game_id", "id", "model_version", "Year"])
def test_a_number_that_is_a_name_has_no_thousands(column: str) -> None:
    assert fill(f"{{{column}}} has {{rows}} rows", {column: 2025, "rows": 2025}, ZONE) == "2025 has 2,025 rows"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(date(2026, 2, 10), "2026-02-10", id="date"),
        pytest.param(datetime(2026, 2, 10, 13, 0, 5, 7, tzinfo=UTC), "2026-02-10 13:00:05.000007+00", id="time"),
        pytest.param(52.36, "52.36", id="number"),
        pytest.param(9007199254740993, "9007199254740993", id="id that no double holds"),
        pytest.param("two  blanks " + "x" * LONGEST_VALUE, "two  blanks " + "x" * LONGEST_VALUE, id="long text"),
    ],
)
def test_names_and_commands_have_exact_values(value: Any, shown: str) -> None:
    assert fill_name("{it}", {"it": value}) == shown
    assert fill_command('"{it}"', {"it": value}) == f'"{shown}"'


@pytest.mark.parametrize(
    ("year", "shown"),
    [pytest.param(2026, "31 Dec 2025 19:30 EST", id="another"), pytest.param(2025, "31 Dec 19:30 EST", id="the same")],
)
def test_a_year_is_told_where_it_is_another_than_that_of_the_report(year: int, shown: str) -> None:
    assert fill("{at}", {"at": datetime(2026, 1, 1, 0, 30, tzinfo=UTC)}, ZONE, year) == shown


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{share:.2f} %", "52.36 %"),
        ("{rows:,} rows", "1,234,567 rows"),
        ("{{share}}", "{share}"),
        ("{share", "{share"),
        ("{share.real} {0} {}", "{share.real} {0} {}"),
        ("{share!r}", "{share!r}"),
    ],
)
def test_only_plain_columns_are_filled(template: str, filled: str) -> None:
    assert fill(template, {"share": 52.36, "rows": 1_234_567}, ZONE) == filled


@pytest.mark.parametrize("template", ["{", "}", "{a.b}", "{0}", "{}", "{a!r}", "{a:>9}", "a } b"])
def test_a_brace_that_stands_for_nothing_is_seen(template: str) -> None:
    assert has_stray_brace(template)


@pytest.mark.parametrize("template", ["", "{a}", "{a:.1f}", "{{", "{{}}", "{a}{b:,}"])
def test_a_brace_that_stands_for_something_is_fine(template: str) -> None:
    assert not has_stray_brace(template)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingColumnError) as caught:
        fill("{covered} of {games}", {"covered": 3}, ZONE)

    assert caught.value.column == "games"


def test_the_columns_of_a_template_are_told_once_each() -> None:
    assert columns_in("{b} {a:.1f} {b} {{c}}") == ("b", "a")


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(st.none(), st.text(), st.floats())))
def test_a_template_is_filled_or_names_the_missing_column(template: str, values: dict[str, Any]) -> None:
    if set(columns_in(template)) <= values.keys():
        fill(template, values, ZONE)
        return

    with pytest.raises(MissingColumnError) as caught:
        fill(template, values, ZONE)
    assert caught.value.column in set(columns_in(template)) - values.keys()


def test_a_command_does_not_name_null() -> None:
    assert fill_command("delete --id={id}", {"id": None}) == WITHOUT_VALUE


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(9007199254740993, "9,007,199,254,740,993.00", id="whole number"),
        pytest.param(Decimal("12345678901234567890123.125"), "12,345,678,901,234,567,890,123.12", id="decimals"),
        pytest.param(float("nan"), "nan", id="not a number"),
        pytest.param(True, "yes", id="boolean"),
    ],
)
def test_a_format_rounds_nothing_but_what_it_says(value: Any, shown: str) -> None:
    assert fill("{it:,.2f}", {"it": value}, ZONE) == shown


@given(st.text())
def test_what_a_value_says_is_never_read_as_a_template(value: str) -> None:
    assert fill("[{a}]", {"a": value, "secret": "no"}, ZONE).startswith("[")
    assert "no" not in fill("{a}", {"a": "{secret}", "secret": "no"}, ZONE)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        pytest.param("{a} {a}", ["VALUE", "VALUE"], id="bare"),
        pytest.param("--name={a}", ["--name=VALUE"], id="after an option"),
        pytest.param("'name=\"{a}\"'", ['name="VALUE"'], id="between single quotes"),
        pytest.param('"{a} and {a}" {a}', ["VALUE and VALUE", "VALUE"], id="between double quotes"),
        pytest.param("\\' {a}", ["'", "VALUE"], id="after an escaped quote"),
        pytest.param("'a\\' {a}", ["a\\", "VALUE"], id="after single quotes that end with a backslash"),
        pytest.param("'a\\'{a}", ["a\\VALUE"], id="right behind them"),
        pytest.param('"\\"{a}"', ['"VALUE'], id="after an escaped quote within quotes"),
    ],
)
@settings(deadline=None, max_examples=examples(50))
@given(value=st.text("ab'\"$`\\;|&(){}*? #!", min_size=1, max_size=12))
def test_a_value_never_leaves_its_place_in_a_command(template: str, words: list[str], value: str) -> None:
    command = fill_command(template, {"a": value})

    assert words_of(command) == [word.replace("VALUE", value) for word in words]


def words_of(command: str) -> list[str]:
    """Ask a real shell, one that finds no programs, how it reads the words of a command."""
    shell = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True, text=True, env={"PATH": ""}
    )
    return shell.stdout.split("\0")[:-1]
