"""Text of others in Slack: shown as it stands, whatever Slack would make of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.blocks import line_text, slack_messages
from bot.render.message import Line
from bot.render.report import message_of
from bot.render.slack_text import APART, BACKTICK, code, escape, fitted
from checks.diagnosis.evidence import CauseFacts
from tests.bot.render.reports import blocked

MARKED = re.compile(r"(?:^|\s)([*_~`])\S|\S([*_~`])(?:\s|$)|:[\w+'-]+:|^(?:>|&gt;)")
"""What Slack would read as the beginning or the end of markup, as the name of an emoji, or as a quotation."""

HOSTILE = st.text(st.sampled_from("ab1 *_~`:<>&/-\n"), max_size=60)


@pytest.mark.parametrize(
    "text",
    ["The job runs at */5 * * * *", "Column `total` is NULL", "ratio 10:100:20 and :boom:", "_triggered is unset",
     "~40 rows~ fewer", "> quoted", "*bold*", "a *b*, c"],
)  # fmt: skip
def test_nothing_of_a_text_is_read_as_markup(text: str) -> None:
    shown = escape(text)

    assert MARKED.search(shown) is None
    assert shown.replace(APART, "").replace("&gt;", ">") == text


@given(HOSTILE)
def test_whatever_is_written_nothing_of_it_is_read_as_markup(text: str) -> None:
    assert MARKED.search(escape(text)) is None


@pytest.mark.parametrize("name", ["phase3_to_phase4", "nba_raw.nbac_schedule", "11:30", "a-b", "prediction-worker"])
def test_a_name_or_a_time_can_be_copied_as_it_is(name: str) -> None:
    assert APART not in escape(name)


@given(HOSTILE, st.integers(60, 80))
def test_what_is_fitted_is_never_longer_than_allowed(text: str, most: int) -> None:
    assert len(fitted(text * 3, most)) <= most


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("the Slack user U0EXAMPLE1", "<@U0EXAMPLE1> took it, by <@U0EXAMPLE1> &lt;@U0OTHER&gt;"),
        ("", "The Slack user U0EXAMPLE1 took it, by the Slack user U0EXAMPLE1 &lt;@U0OTHER&gt;"),
        ("deployer@example.com", "The Slack user U0EXAMPLE1 took it, by the Slack user U0EXAMPLE1 &lt;@U0OTHER&gt;"),
    ],
)
def test_only_the_person_of_a_line_is_mentioned_in_it(person: str, shown: str) -> None:
    line = Line(text="The Slack user U0EXAMPLE1 took it, by the Slack user U0EXAMPLE1 <@U0OTHER>", person=person)

    assert line_text(line) == shown


def test_a_whole_report_mentions_who_made_the_change_that_is_a_cause() -> None:
    facts = CauseFacts(changed_by="the Slack user U0EXAMPLE1")
    said = "The Slack user U0EXAMPLE1 took a role."
    reading = blocked()
    causes = tuple(
        replace(each, title="A service refuses calls", sentence=said, facts=facts) for each in reading.report.causes
    )
    reading = replace(reading, report=replace(reading.report, causes=causes))

    shown = str([each.blocks for each in slack_messages(message_of(reading))])

    assert "<@U0EXAMPLE1> took a role" in shown
    assert "lack user U0" not in shown


def test_what_is_cut_is_counted() -> None:
    assert fitted("x" * 100, 60) == f"{'x' * 32}… (cut: 68 more characters)"


def test_code_is_shown_exactly_but_for_what_would_end_it() -> None:
    assert code("*a_b* `c` :d:", 60) == f"`*a_b* {BACKTICK}c{BACKTICK} :d:`"
