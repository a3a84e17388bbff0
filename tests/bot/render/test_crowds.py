"""What stands for many is counted as many, wherever people read a number."""

from __future__ import annotations

import json

from bot.render.blocks import slack_message, slack_messages
from bot.render.digest import Digest, digest_messages
from bot.render.headline import headline
from bot.render.json import report_json
from bot.render.report import message_of
from checks.folding import LISTED, Folding
from checks.model import Finding, Outcome, Severity
from tests.bot.render.reports import finding, reading_of
from tests.plain import terminal_text

ROWS = 4_000


def crowd(outcome: Outcome, severity: Severity | None = None) -> list[Finding]:
    folding = Folding("grading")
    for number in range(ROWS):
        folding.add(finding(outcome, "no-team", f"row {number}", f"Row {number} is so.", severity=severity))
    return list(folding.findings())


FAILING = reading_of({"grading": crowd(Outcome.FAILED, Severity.P1)})


def test_the_shell_counts_them_all_and_lists_a_few() -> None:
    text = terminal_text(message_of(FAILING), width=400)

    assert "1 check, 4,000 findings: 4,000 failed" in text
    assert "4,000 of them" in text
    assert text.count(" is so.") <= 2 * LISTED
    assert "3,980 more like these, such as row 20, row 21, row 22." in text


def test_the_headline_and_slack_count_them_all() -> None:
    assert headline(FAILING).endswith(": 4,000 failures.")
    assert "4,000 of them" in str([each.blocks for each in slack_messages(message_of(FAILING))])
    assert "4,000 failures" in str(slack_message(digest_messages(Digest(reading=FAILING)).parent).blocks)


def test_the_json_counts_them_all_and_says_which_finding_stands_for_how_many() -> None:
    document = json.loads(report_json(FAILING))

    assert document["counts"]["failed"] == ROWS
    assert [each.get("count", 1) for each in document["results"][0]["findings"]] == [1] * LISTED + [ROWS - LISTED]


def test_those_that_pass_wait_or_do_not_apply_are_counted_as_well() -> None:
    waiting = terminal_text(message_of(reading_of({"grading": crowd(Outcome.WAITING)})), width=400)
    passed = terminal_text(message_of(reading_of({"grading": crowd(Outcome.PASSED)})), width=400)

    assert "4,000 not due yet" in waiting
    assert "4,000 passed" in passed
