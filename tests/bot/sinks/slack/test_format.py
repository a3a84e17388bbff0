from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.decisions import Adaptation, Attempt, Form
from bot.sinks.slack.format import SHORT, calls_somebody, cut, said, title
from tests.bot.delivery.posting import HOME, OTHER, body

PLAIN = Attempt(channel=HOME)
MENTIONS = {
    "<!subteam^S0EXAMPLE1>": "@S0EXAMPLE1",
    "<!subteam^S0EXAMPLE1|@data>": "@S0EXAMPLE1",
    "<!channel>": "@channel",
    "<!here|here>": "@here",
    "<!everyone>": "@everyone",
    "<@U0EXAMPLE1>": "@U0EXAMPLE1",
}


def test_a_message_that_is_taken_as_it_is_says_what_it_was_meant_to() -> None:
    assert said(body("text"), PLAIN) == body("text")


@pytest.mark.parametrize("form", Form)
def test_what_shows_in_the_channel_does_so_in_every_form(form: Form) -> None:
    shown = said({**body("text"), "broadcast": True}, replace(PLAIN, form=form))

    assert shown["broadcast"] is True


@pytest.mark.parametrize(("mention", "words"), MENTIONS.items())
def test_a_mention_becomes_a_word_wherever_it_stands(mention: str, words: str) -> None:
    meant = body(f"P0 {mention} now")

    shown = said(meant, replace(PLAIN, mentions=False))

    assert calls_somebody(meant)
    assert not calls_somebody(shown)
    assert shown == body(f"P0 {words} now")


def test_mentions_in_rich_text_become_words_and_a_command_stays_as_it_is() -> None:
    elements = [
        {"type": "usergroup", "usergroup_id": "S0EXAMPLE1"},
        {"type": "user", "user_id": "U0EXAMPLE1"},
        {"type": "broadcast", "range": "channel"},
        {"type": "text", "text": "echo '<!channel>'"},
    ]
    meant = {"text": "t", "blocks": [{"type": "rich_text", "elements": elements}]}

    (block,) = said(meant, replace(PLAIN, mentions=False))["blocks"]

    assert [each["text"] for each in block["elements"]] == [
        "@S0EXAMPLE1",
        "@U0EXAMPLE1",
        "@channel",
        "echo '<!channel>'",
    ]


@pytest.mark.parametrize("text", ["&lt;!channel&gt;", "<https://example.com|open>", "<#C0EXAMPLE1>", "a@b.example"])
def test_what_calls_nobody_stays_as_it_is(text: str) -> None:
    assert not calls_somebody(body(text))


@pytest.mark.parametrize("step", [step for step in Adaptation if step is not Adaptation.THREAD_GONE])
@pytest.mark.parametrize("form", Form)
def test_what_was_changed_is_said_in_every_form_and_slacks_code_has_no_power(step: Adaptation, form: Form) -> None:
    shown = said(body("text"), replace(PLAIN, form=form).noting(step, "<!channel>"), "its parent")

    assert shown != body("text")
    assert not calls_somebody(shown)
    assert ("blocks" in shown) is (form is Form.WHOLE)


def test_a_detour_names_where_the_message_belongs() -> None:
    shown = said(body("text"), Attempt(channel=OTHER).noting(Adaptation.REROUTED, "is_archived"))

    assert f"<#{OTHER}>" in shown["blocks"][0]["elements"][0]["text"]
    assert shown["blocks"][1:] == body("text")["blocks"]


def test_the_shortest_form_has_no_markup_and_keeps_the_beginning() -> None:
    long = f"P0 <https://example.com|open> <!channel> {'x' * 5_000}"

    shown = said(body(long), replace(PLAIN, form=Form.SHORT).noting(Adaptation.SHORTENED, "msg_too_long"))

    assert shown["text"].startswith("P0 open @channel x")
    assert "<" not in shown["text"]
    assert len(shown["text"]) < SHORT + 100


def test_a_message_is_named_by_its_first_line() -> None:
    assert title(body("P0 <https://example.com|Phase 4> <!channel>\nmore")) == "P0 Phase 4 @channel"


pieces = st.lists(st.sampled_from([*MENTIONS, "&amp;", "&lt;", "<https://e.example|x>", "word ", "ä"]), max_size=20)


@given(pieces, st.integers(1, 60))
@settings(deadline=None)
def test_what_is_cut_is_never_cut_inside_a_link_a_mention_or_an_escape(texts: list[str], most: int) -> None:
    found = cut("".join(texts), most)

    assert len(found) <= most
    assert re.fullmatch(r"(?:[^<>&]|<[^<>]*>|&(?:amp|lt|gt);)*", found)
