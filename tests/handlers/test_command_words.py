from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Request, RequestError
from checks.catalog import checks_of
from checks.notifications import Permissions as Rules
from handlers.command_words import Asked, HelpWanted, ask_for_checks, ask_for_days, ask_for_everything, ask_for_service
from tests.handlers.rig import described

PIPELINE = described(Rules())
CHECKS = checks_of(PIPELINE)
SERVICES = ("phase3-to-phase4", "Coordinator")


def everything(text: str) -> Asked:
    return ask_for_everything(text, PIPELINE, CHECKS, default="previous")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("", Asked(request=Request(trigger="command")), id="nothing is the previous interval, all of it"),
        pytest.param(
            "feb 10 quick",
            Asked(request=Request(interval="feb 10", depth="quick", trigger="command")),
            id="a date of words",
        ),
        pytest.param(
            "Quick 10 Feb 2025",
            Asked(request=Request(interval="10 feb 2025", depth="quick", trigger="command")),
            id="with its year",
        ),
        pytest.param("TODAY", Asked(request=Request(interval="today", trigger="command")), id="a date word"),
        pytest.param("`2026-02-03`,", Asked(request=Request(interval="2026-02-03", trigger="command")), id="in quotes"),
        pytest.param("quick", Asked(request=Request(depth="quick", trigger="command")), id="quick"),
        pytest.param("full", Asked(request=Request(depth="full", trigger="command"), full=True), id="full"),
        pytest.param("private", Asked(request=Request(trigger="command"), private=True), id="private"),
        pytest.param("phase3", Asked(request=Request(phases=("phase3",), trigger="command")), id="a phase"),
        pytest.param(
            "Predictions", Asked(request=Request(phases=("phase5",), trigger="command")), id="a phase by its title"
        ),
        pytest.param(
            "lines trigger lines private today",
            Asked(request=Request(interval="today", checks=("lines", "trigger"), trigger="command"), private=True),
            id="checks, once each, in any order",
        ),
    ],
)
def test_words_come_in_any_order(text: str, asked: Asked) -> None:
    assert everything(text) == asked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("triger", "Did you mean trigger?", id="a slip"),
        pytest.param("yesterdya", "Did you mean yesterday?", id="a slip in a date word"),
        pytest.param("xyzzy", "The nearest of", id="nothing near"),
        pytest.param("mon tue", "mon and tue", id="two weekdays"),
        pytest.param("today yesterday", "today and yesterday", id="two dates"),
        pytest.param("quick full", "quick and full", id="two depths"),
    ],
)
def test_wrong_words_are_answered_with_the_nearest_right_ones(text: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        everything(text)


def test_a_word_of_thousands_of_characters_is_cut_in_the_answer() -> None:
    with pytest.raises(RequestError) as caught:
        everything("x" * 5_000)

    assert len(str(caught.value)) < 1_500


@pytest.mark.parametrize("text", ["help", "HELP", "today --help", "?"])
def test_help_is_wanted_wherever_it_stands(text: str) -> None:
    with pytest.raises(HelpWanted):
        everything(text)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        asked = everything(text)
    except (RequestError, HelpWanted):
        return
    assert set(asked.request.checks) <= {check.id for check in CHECKS}


def test_a_command_for_some_checks_takes_a_date() -> None:
    asked = ask_for_checks("2026-02-03 private", ("trigger",), default="previous")

    assert asked == Asked(request=Request(interval="2026-02-03", checks=("trigger",), trigger="command"), private=True)


@pytest.mark.parametrize("text", ["quick", "trigger", "today yesterday"])
def test_a_command_for_some_checks_takes_nothing_else(text: str) -> None:
    with pytest.raises(RequestError):
        ask_for_checks(text, ("trigger",), default="previous")


def test_a_command_for_checks_that_a_pipeline_has_not_is_refused() -> None:
    with pytest.raises(RequestError):
        ask_for_checks("", (), default="previous")


@pytest.mark.parametrize(
    ("text", "service"),
    [("", None), ("coordinator", "Coordinator"), ("PHASE3-to-phase4 private", "phase3-to-phase4")],
)
def test_a_service_is_found_in_any_case(text: str, service: str | None) -> None:
    assert ask_for_service(text, ("invoker",), SERVICES).service == service


def test_the_nearest_service_is_suggested() -> None:
    with pytest.raises(RequestError, match="Did you mean coordinator"):
        ask_for_service("cordinator", ("invoker",), SERVICES)


def test_two_services_are_one_too_many() -> None:
    with pytest.raises(RequestError):
        ask_for_service("coordinator phase3-to-phase4", ("invoker",), SERVICES)


def test_a_service_that_may_be_discovered_is_taken_at_its_word() -> None:
    assert ask_for_service("Grading-2", ("invoker",), SERVICES, discovered=True).service == "grading-2"


@pytest.mark.parametrize("word", ["2grading", "grading_2", "grading.example.com", "g" * 64])
def test_what_cannot_be_a_service_is_refused_also_where_services_are_discovered(word: str) -> None:
    with pytest.raises(RequestError):
        ask_for_service(word, ("invoker",), SERVICES, discovered=True)


@pytest.mark.parametrize(("text", "days"), [("", 7), ("1", 1), ("`90`", 90), ("007", 7)])
def test_days_are_read(text: str, days: int) -> None:
    assert ask_for_days(text, 7, 90) == days


@pytest.mark.parametrize("text", ["0", "91", "-1", "1.5", "two", "3 4", "9" * 5000, "٣"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="1 to 90"):
        ask_for_days(text, 7, 90)
