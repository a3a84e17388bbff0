"""The message holds what an operator wants to read, in that order, and interprets instead of dumping."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.render.message import Command, Heading, Line, Mark, Message, SmallPrint, Table
from bot.render.reading import Reading
from bot.render.report import message_of
from checks.model import Outcome, Severity
from tests.advice import advised
from tests.bot.render.reports import (
    ORCHESTRATORS,
    all_clear,
    blocked,
    cut_off,
    finding,
    grant,
    healthy,
    off_day,
    reading_of,
    unknown,
)
from tests.fakes import SLATE


def headings(message: Message) -> list[str]:
    return [part.text for part in message.parts if isinstance(part, Heading)]


def section(message: Message, title: str) -> list[Line]:
    """The lines under a heading."""
    lines: list[Line] = []
    inside = False
    for part in message.parts:
        if isinstance(part, Heading):
            inside = part.text == title
        elif inside and isinstance(part, Line):
            lines.append(part)
    return lines


def test_causes_come_first_and_oddities_last() -> None:
    assert headings(message_of(blocked())) == [
        "Cause",
        "Phases",
        "Last night, Tue 10 Feb",
        "Today, Wed 11 Feb",
        "Control plane",
        "Other problems",
        "Not judged",
        "Known issues",
    ]


@pytest.mark.parametrize(
    ("severity", "first"),
    [(Severity.P0, "Problems"), (Severity.P1, "Problems"), (Severity.P2, "Phases"), (Severity.P3, "Phases")],
    ids=["P0", "P1", "P2", "P3"],
)
def test_only_what_cannot_wait_stands_before_the_board(severity: Severity, first: str) -> None:
    findings = healthy() | {"grading": [finding(Outcome.FAILED, "low", "system", "Not graded.", severity=severity)]}

    shown = headings(message_of(reading_of(findings)))

    assert shown[0] == first
    assert shown.count("Problems") == 1


def test_grave_and_lesser_problems_have_sections_of_their_own() -> None:
    findings = healthy() | {
        "grading": [
            finding(Outcome.FAILED, "low", "champion", "Not graded.", severity=Severity.P1),
            finding(Outcome.FAILED, "little", "shadow", "Hardly graded.", severity=Severity.P3),
        ]
    }

    message = message_of(reading_of(findings))

    assert [line.text for line in section(message, "Problems") if line.mark] == ["Not graded."]
    assert [line.text for line in section(message, "Lesser problems") if line.mark] == ["Hardly graded."]


def test_what_could_not_be_looked_at_stands_before_the_board() -> None:
    assert headings(message_of(unknown()))[:2] == ["Could not check", "Phases"]


def test_evidence_that_the_cause_tells_already_is_told_in_the_full_report_only() -> None:
    said = {
        full: [line.text for line in section(message_of(blocked(full=full)), "Cause") if line.label == "Evidence"]
        for full in (False, True)
    }

    assert len(said[False][0]) < len(said[True][0])
    assert set(said[False][0].split(" · ")) < set(said[True][0].split(" · "))


def test_a_run_without_a_network_says_so_once() -> None:
    lines = section(message_of(cut_off()), "Could not check")

    why = [line for line in lines if isinstance(line, Line) and line.mark is Mark.UNKNOWN]
    assert len(why) == 1
    assert "BigQuery and Cloud Run cannot be reached" in why[0].text


def test_what_could_not_be_looked_at_has_its_own_section() -> None:
    lines = section(message_of(unknown()), "Could not check")

    assert [line.mark for line in lines if line.mark] == [Mark.UNKNOWN, Mark.UNKNOWN]
    assert "BigQuery timed out" in lines[2].text


def test_the_full_report_adds_the_expected_state_and_all_that_passed() -> None:
    added = set(headings(message_of(all_clear(full=True)))) - set(headings(message_of(all_clear())))

    assert added == {"Expected state", "Passed", "Known issues"}


def test_the_expected_state_has_a_row_for_each_check_that_ran() -> None:
    reading = blocked(full=True)

    tables = [part for part in message_of(reading).parts if isinstance(part, Table)]

    assert tables[-1].columns == ("Check", "Expected", "Unwanted", "Status")
    assert len(tables[-1].rows) == len(reading.report.results)


def test_what_a_cause_explains_is_not_told_again_as_a_problem() -> None:
    message = message_of(blocked())

    assert len([line for line in section(message, "Cause") if line.code == "invoker"]) == len(ORCHESTRATORS)
    assert [line.code for line in section(message, "Other problems") if line.code] == ["grading"]


def test_the_repair_of_a_cause_can_be_copied() -> None:
    commands = [part.text for part in message_of(blocked()).parts if isinstance(part, Command)]

    assert commands[0].splitlines() == [grant(name) for name in ORCHESTRATORS]


def test_equal_failures_share_their_impact_and_repair() -> None:
    action = advised(text="Run it again.", command="gcloud run jobs execute grading")
    findings = healthy() | {
        "grading": [
            finding(
                Outcome.FAILED,
                "low",
                f"system_{index}",
                f"system_{index} is not graded.",
                severity=Severity.P1,
                impact="No hit rate.",
                action=action,
            )
            for index in range(3)
        ]
    }

    lines = section(message_of(reading_of(findings)), "Problems")

    assert [line.text for line in lines] == [
        "3 of them",
        "system_0 is not graded.",
        "system_1 is not graded.",
        "system_2 is not graded.",
        "No hit rate.",
        "Run it again.",
    ]


def test_an_excuse_is_told_with_its_end() -> None:
    lines = section(message_of(off_day()), "Not judged")

    assert "Suppressed until 2026-02-20" in lines[0].text


def test_an_oddity_past_its_date_is_not_shown() -> None:
    shown = [part.text for part in message_of(all_clear(full=True)).parts if isinstance(part, SmallPrint)]

    assert any("RED signal" in text for text in shown)
    assert not any("bdl-" in text for text in shown)


@pytest.mark.parametrize(
    "reading",
    [all_clear(), replace(blocked(), report=replace(blocked().report, partial=True))],
    ids=["a clear morning", "a few checks"],
)
def test_who_does_not_look_for_oddities_reads_how_many_there_are_and_where(reading: Reading) -> None:
    last = message_of(reading).parts[-1]

    assert isinstance(last, SmallPrint)
    assert "--full" in last.text
    assert "RED signal" not in last.text


def test_a_phase_shows_its_worst_finding_and_counts_the_others() -> None:
    table = next(part for part in message_of(blocked()).parts if isinstance(part, Table))
    rows = {row[0].text: row[1:] for row in table.rows}

    assert [cell.mark for cell in rows["Precompute"][:2]] == [Mark.P2, Mark.WAITING]
    assert rows["Analytics"][1].mark is None


def test_a_single_date_has_a_single_column() -> None:
    reading = all_clear()

    message = message_of(replace(reading, report=replace(reading.report, current=reading.report.previous)))

    table = next(part for part in message.parts if isinstance(part, Table))
    assert table.columns == ("Phase", "Last night", "Status")


def test_a_partial_report_says_so() -> None:
    reading = all_clear()

    message = message_of(replace(reading, report=replace(reading.report, partial=True)))

    assert any("Only selected checks ran" in part.text for part in message.parts if isinstance(part, SmallPrint))
    ran, every = len(reading.report.results), len(reading.checks)
    assert message.title == f"{reading.report.title}: {ran} of {every} checks"


def test_an_interval_that_no_check_judges_has_no_column() -> None:
    reading = all_clear()
    results = tuple(
        replace(result, findings=tuple(each for each in result.findings if each.interval != SLATE))
        for result in reading.report.results
        if any(each.interval != SLATE for each in result.findings)
    )

    message = message_of(replace(reading, report=replace(reading.report, results=results)))

    table = next(part for part in message.parts if isinstance(part, Table))
    assert table.columns == ("Phase", "Last night", "Status")


def test_what_is_not_configured_is_one_line_of_the_expected_state_and_is_not_counted() -> None:
    nothing = [finding(Outcome.SKIPPED, "not-configured", "invoker", "Nothing.", interval=None)]
    small = message_of(reading_of(healthy() | {"invoker": nothing}, full=True))
    without = message_of(reading_of({name: each for name, each in healthy().items() if name != "invoker"}, full=True))

    lines = [part.text for part in small.parts if isinstance(part, SmallPrint)]
    assert [line for line in lines if "invoker" in line] == ["1 check has nothing to check here: invoker."]
    assert lines[0] == next(part.text for part in without.parts if isinstance(part, SmallPrint))
