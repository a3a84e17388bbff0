"""Slack's limits hold for every report, and nothing goes missing in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.render.blocks import MESSAGES_AT_MOST, messages_json
from bot.render.message import Cell, Command, Divider, Heading, Line, Mark, Message, Part, SmallPrint, Table
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.render.slack_text import escape, fitted, is_safe_link
from bot.render.words import clean
from checks.model import Outcome, Verdict
from tests.bot.render.reports import READINGS, monstrous
from tests.bot.render.slack_rules import violations
from tests.bot.render.strategies import readings
from tests.thoroughness import examples

SLOW = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def posted(message: Message) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = json.loads(messages_json(message))["messages"]
    return messages


def shown(messages: list[dict[str, Any]]) -> str:
    """Every text of every block, as a person would read it."""
    texts: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                texts.append(part["text"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk([message["blocks"] for message in messages])
    return "\n".join(texts)


def message_with(*parts: Part) -> Message:
    return Message(
        title="NBA", verdict=Verdict.ACT, sentence="Something failed.", parts=parts, again="reveille validate"
    )


@pytest.mark.parametrize("name", READINGS)
def test_every_kind_of_morning_fits_into_slack(name: str) -> None:
    assert violations(posted(message_of(READINGS[name]))) == []


@SLOW
@given(readings())
def test_every_report_fits_into_slack(reading: Reading) -> None:
    assert violations(posted(message_of(reading))) == []


@SLOW
@given(readings())
def test_no_failure_goes_missing_in_silence(reading: Reading) -> None:
    text = shown(posted(message_of(reading)))

    lost = [
        finding.summary
        for _, finding in reading.report.findings()
        if finding.outcome is Outcome.FAILED and escape(finding.summary) not in text
    ]
    assert not lost or "(cut: " in text or "Cut here: " in text


def test_a_report_that_is_too_long_says_how_much_is_left_out_and_where_to_see_it() -> None:
    reading = monstrous()

    messages = posted(message_of(reading))

    text = shown(messages)
    told = sum(f"#{index:03} " in text for index in range(500))
    assert len(messages) == MESSAGES_AT_MOST
    assert f"Cut here: {500 - told} more entries with a problem" in text
    assert "`reveille validate 2026-02-10 --full`" in text


def test_a_mention_from_data_is_harmless() -> None:
    messages = posted(message_with(Line(text="<!channel> and <@U123> & co", mark=Mark.P0)))

    assert "<!channel>" not in messages_json(message_with(Line(text="<!channel>")))
    assert "&lt;!channel&gt; and &lt;@U123&gt; &amp; co" in shown(messages)


def test_a_command_is_copied_exactly() -> None:
    command = "gcloud run services update 'a' --set=\"<b>\" && echo ```\nsecond line"

    messages = posted(message_with(Command(text=command)))

    element = messages[0]["blocks"][-1]["elements"][0]
    assert element == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": command}]}


@pytest.mark.parametrize(
    ("command", "lengths"),
    [("x" * 3_000, [3_000]), ("x" * 3_001, [3_000, 1]), (f"{'x' * 2_000}\n{'y' * 2_000}", [2_000, 2_000])],
    ids=["at the limit", "just past it", "cut between its lines"],
)
def test_a_long_command_goes_on_in_the_next_block(command: str, lengths: list[int]) -> None:
    messages = posted(message_with(Command(text=command)))

    texts = [block["elements"][0]["elements"][0]["text"] for block in messages[0]["blocks"][2:]]
    assert [len(text) for text in texts] == lengths
    assert violations(messages) == []


def test_a_repair_and_its_command_stay_in_one_message() -> None:
    problems = [
        part
        for index in range(60)
        for part in (Line(text=f"problem {index}", mark=Mark.P1), Command(text=f"repair {index}"))
    ]

    messages = posted(message_with(*problems))

    assert len(messages) > 1
    for message in messages:
        text = shown([message])
        assert all((f"problem {index}\n" in text) == (f"repair {index}" in text.split("\n")) for index in range(60))


def test_a_divider_is_a_divider() -> None:
    assert posted(message_with(Divider()))[0]["blocks"][-1] == {"type": "divider"}


def test_a_second_table_begins_a_second_message() -> None:
    table = Table(columns=("Phase", "What is"), rows=((Cell(text="Analytics"), Cell(text="in order")),))

    messages = posted(message_with(Heading(text="One"), table, Heading(text="Two"), table))

    assert [sum(block["type"] == "table" for block in each["blocks"]) for each in messages] == [1, 1]
    assert "*Two*" in shown(messages[1:])


def test_a_heading_never_stays_behind_alone() -> None:
    table = Table(columns=("A",), rows=((Cell(text="x"),),))

    messages = posted(message_with(table, Heading(text="The second"), table))

    assert "The second" not in shown(messages[:1])


@pytest.mark.parametrize(
    ("rows", "tables"),
    [(99, 1), (100, 2)],
    ids=["as many as fit beside the header", "one more"],
)
def test_a_table_is_split_at_slacks_rows(rows: int, tables: int) -> None:
    table = Table(columns=("A",), rows=tuple((Cell(text=str(index)),) for index in range(rows)))

    messages = posted(message_with(table))

    assert sum(block["type"] == "table" for each in messages for block in each["blocks"]) == tables
    assert sum(len(block["rows"]) - 1 for each in messages for block in each["blocks"] if "rows" in block) == rows


@pytest.mark.parametrize(("length", "is_cut"), [(1_500, False), (1_501, True)], ids=["at the limit", "just past it"])
def test_a_line_past_its_limit_says_how_much_is_cut(length: int, is_cut: bool) -> None:
    text = shown(posted(message_with(Line(text="x" * length))))

    assert ("(cut: " in text) == is_cut


def test_cutting_never_splits_an_escape() -> None:
    assert fitted("&" * 1_000, 100).startswith("&amp;&amp;")
    assert fitted("&" * 1_000, 100).replace("&amp;", "").startswith("… (cut: ")


@pytest.mark.parametrize(
    ("link", "is_safe"),
    [
        ("https://example.com/runbook#trigger", True),
        ("http://example.com", False),
        ("javascript:alert(1)", False),
        ("https://example.com|<!channel>", False),
        ("https://example.com/a b", False),
        ("https://example.com/\n<!here>", False),
    ],
)
def test_only_plain_web_addresses_become_links(link: str, is_safe: bool) -> None:
    assert is_safe_link(link) == is_safe


def test_small_print_of_nothing_is_no_block() -> None:
    assert len(posted(message_with(SmallPrint(text="\x00")))[0]["blocks"]) == 2


def test_words_are_cleaned_to_one_line() -> None:
    assert clean("a\tb\r\nc\x1b[31m\u202e\ud800 d\u2028e") == "a b c[31m d e"


def test_slack_folds_no_section_behind_see_more() -> None:
    blocks = posted(message_of(READINGS["blocked"]))[0]["blocks"]

    assert {block.get("expand") for block in blocks if block["type"] == "section"} == {True}


def test_only_columns_with_long_cells_wrap() -> None:
    table = Table(columns=("Phase", "What is"), rows=((Cell(text="x" * 20), Cell(text="y" * 21)),))

    blocks = posted(message_with(table))[0]["blocks"]

    assert blocks[-1]["column_settings"] == [{"is_wrapped": False}, {"is_wrapped": True}]
