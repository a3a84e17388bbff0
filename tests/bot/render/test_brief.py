"""What a shell shows that did not ask for everything: one screen, whatever is broken."""

from __future__ import annotations

import pytest

from bot.composition.validation import on_scenario
from bot.render.alert_title import beyond
from bot.render.board import board
from bot.render.brief import UNJUDGED_FOR, brief_message
from bot.render.reading import Reading
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from checks.catalog import checks_of
from checks.data.expected import UNJUDGED
from checks.model import Outcome, Verdict
from tests.bot.render.reports import READINGS, finding, reading_of
from tests.bot.render.screens import SCENARIOS
from tests.pipelines.nba_world import NBA
from tests.plain import terminal_text
from tests.replayed import replayed, with_others_of
from tests.thoroughness import EVERY_DAY, sampled
from tests.validated import validated

SCREEN = 40
"""Lines of a screen of a hundred columns."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=with_others_of(name)) for name in sampled(SCENARIOS, EVERY_DAY)]
)
def test_a_report_fits_a_screen_and_says_how_to_see_the_rest(name: str) -> None:
    reading = Reading(report=replayed(name).report, pipeline=NBA, checks=checks_of(NBA))

    lines = terminal_text(brief_message(reading), width=100).rstrip().splitlines()

    assert len(lines) <= SCREEN
    assert lines[-1].endswith("--full")


@pytest.mark.parametrize("name", READINGS)
def test_any_report_has_a_verdict_first(name: str) -> None:
    text = terminal_text(brief_message(READINGS[name]))

    assert text.split("\n")[0].strip().startswith(READINGS[name].report.verdict.value)


@pytest.mark.parametrize("tables", [1, 5])
def test_what_could_not_be_judged_is_one_line_with_the_reason(tables: int) -> None:
    quiet = [
        finding(Outcome.SKIPPED, "not-enough-history", f"shop.t{number} volume", f"{number} rows; too few to tell.")
        for number in range(tables)
    ]
    reading = reading_of({"grading": [*quiet, finding(Outcome.PASSED, "as-expected", "shop.t9 unique id", "Fine.")]})

    text = " ".join(terminal_text(brief_message(reading)).split())

    said = "shop.t0 volume (too little" if tables == 1 else "and 2 more (too little history to tell what is usual)"
    assert reading.report.verdict is Verdict.ALL_CLEAR
    assert "Not judged: shop.t0" in text
    assert said in text


@pytest.mark.parametrize(("passed", "told"), [(1, False), (3, True)], ids=["a day off", "a table without rows"])
def test_no_rows_are_told_unless_it_is_a_day_off(passed: int, *, told: bool) -> None:
    nothing_due = [finding(Outcome.SKIPPED, "no-games", f"shop.t{each}", "No games.") for each in range(2)]
    fine = [finding(Outcome.PASSED, "as-expected", f"shop.o{each}", "Fine.") for each in range(passed)]
    empty = finding(Outcome.SKIPPED, "no-rows", "shop.t9 unique id", "There are no rows to judge.")

    text = terminal_text(brief_message(reading_of({"grading": [*nothing_due, *fine, empty]})))

    assert ("Not judged: shop.t9 unique id" in text) is told


def test_every_code_of_what_is_not_judged_has_its_words() -> None:
    assert set(UNJUDGED_FOR) == set(UNJUDGED)


def test_what_a_title_breaks_off_goes_on_where_it_did() -> None:
    said = "None of 267 predictions with a line is actionable and nothing can be published"

    assert beyond(said, "None of 267 predictions with a line is actionable and nothing can…") == "… be published"
    assert beyond("A is late; B waits", "A is late") == "B waits"
    assert beyond("9 Feb: a day off that has data: 40 rows.", "No rows: a day off that has data") == "40 rows."


def test_what_a_title_left_out_in_brackets_is_told_and_not_all_of_it_again() -> None:
    title = "No predictions for 11 Feb: 2 of 9 scrapers failed"

    assert beyond("2 of 9 scrapers failed (401 Unauthorized): odds, lines.", title) == "401 Unauthorized: odds, lines."
    assert beyond("2 of 9 scrapers failed (HTTP 401) since noon.", title).startswith("2 of 9")


def test_the_board_of_another_date_says_which() -> None:
    with on_scenario(NBA, load_scenario("invoker-lost")) as ready:
        report = validated(ready.validation, Request(interval="2026-02-09"))
        reading = Reading(report=report, pipeline=NBA, checks=ready.validation.checks)

    (table,) = board(reading)
    assert table.columns == ("Phase", "Mon 9 Feb")
