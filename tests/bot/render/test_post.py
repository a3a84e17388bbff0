"""A message as the store keeps it: whatever it says comes back, and no part of it is in the form of a sink."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.decisions import Adaptation, Attempt, Form
from bot.playground.slack.limits import check_message
from bot.render.blocks import posts_of, slack_message
from bot.render.limits import SECTION_TEXT
from bot.render.message import Cell, Command, Divider, Heading, Line, Mark, SmallPrint, Table
from bot.render.post import (
    Actions,
    Aside,
    Button,
    Channel,
    Code,
    Link,
    Mention,
    Paragraph,
    Post,
    Strong,
    Title,
    limited,
    post_of,
)
from bot.render.report import message_of
from bot.render.slack_text import markup
from bot.render.words import clean
from bot.sinks.slack.format import SlackWording, formatted
from tests.bot.render.reports import READINGS
from tests.bot.render.strategies import TEXTS

SPANS = st.one_of(
    TEXTS,
    TEXTS.map(lambda each: Strong((each,))),
    st.builds(Code, TEXTS, st.booleans()),
    TEXTS.map(Mention),
    TEXTS.map(Channel),
    st.builds(Link, TEXTS, TEXTS),
)
RICH = st.lists(SPANS, min_size=1, max_size=5).map(tuple)
BUTTONS = st.builds(
    Button,
    text=st.just("Go"),
    action=st.sampled_from(["alert:go", "alert:stay", "alert:ask"]),
    style=st.sampled_from([None, "danger"]),
)
BUTTON_ROWS = st.lists(BUTTONS, min_size=1, max_size=3, unique_by=lambda each: each.action)
"""Rows as the messages have them: no two buttons of a row do the same."""
PARTS = st.one_of(
    TEXTS.map(Title),
    st.builds(Paragraph, RICH, st.booleans(), st.booleans()),
    RICH.map(Aside),
    BUTTON_ROWS.map(lambda each: Actions(tuple(each), {"key": "a", "runs": ["b"]})),
    TEXTS.map(lambda each: Heading(text=each)),
    st.builds(Line, text=TEXTS, label=TEXTS, mark=st.sampled_from([None, *Mark]), code=TEXTS, inset=st.booleans()),
    TEXTS.map(lambda each: Command(text=each)),
    TEXTS.map(lambda each: SmallPrint(text=each)),
    TEXTS.map(lambda each: Table(columns=("a", "b"), rows=((Cell(text=each), Cell(text="c", mark=Mark.P1)),))),
    st.just(Divider()),
)
POSTS = st.builds(Post, RICH, st.lists(PARTS, max_size=8).map(tuple))
KNOWN = (Mention("U0000001"), " and ", Mention("S0000001"), " in ", Channel("C0000001"))


@given(POSTS)
def test_what_is_stored_comes_back(post: Post) -> None:
    assert post_of(json.loads(json.dumps(post.document))) == post


@given(st.lists(PARTS, min_size=1, max_size=40).map(tuple), TEXTS)
def test_slack_takes_every_message_and_nothing_in_it_calls_anybody(parts: tuple[object, ...], text: str) -> None:
    said = slack_message(Post((f"x {text}",), (Paragraph(("x",)), *parts)))  # type: ignore[arg-type]

    if sum(isinstance(each, (Title, Aside, Actions, Table)) for each in parts) <= 1:
        check_message(said.text, [dict(block) for block in said.blocks])
    read = [said.text, *(str(block) for block in said.blocks if block["type"] in ("section", "context"))]
    assert not any(each in text for text in read for each in ("<!here", "<!channel", "<!everyone"))


@pytest.mark.parametrize("name", ["blocked", "all-clear", "monstrous"])
def test_a_page_that_was_stored_is_shown_as_long_as_it_was_packed(name: str) -> None:
    pages = posts_of(message_of(READINGS[name]))

    stored = [formatted(json.loads(json.dumps(each.document))) for each in pages]

    assert [len(each["blocks"]) for each in stored] == [len(slack_message(each).blocks) for each in pages]
    assert not any("did not fit" in json.dumps(each) for each in stored[:-1])


def test_ids_become_mentions_and_other_words_stay_words() -> None:
    assert markup(KNOWN) == "<@U0000001> and <!subteam^S0000001> in <#C0000001>"
    assert markup((Mention("channel> <!here"), " ", Link("javascript:x", "here"))) == "channel&gt; &lt;!here here"


@given(RICH, st.integers(10, SECTION_TEXT))
def test_a_text_is_never_longer_than_it_may_be(text: tuple[str, ...], most: int) -> None:
    assert len(markup(text, most)) <= most


@given(TEXTS, st.integers(40, 400))
def test_words_are_cut_with_a_count(text: str, most: int) -> None:
    said = limited(text, most)

    assert len(said) <= most
    assert ("(cut: " in said) == (len(clean(text)) > most or "(cut: " in text)


class TestOfAFormerVersion:
    BODY = {  # noqa: RUF012 - never changed
        "text": "🔴 P0: <!subteam^S0000001> it is",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "P0: it is", "emoji": False}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*so* `far` <https://example.com|x>"}},
        ],
        "broadcast": True,
    }

    def test_a_body_in_slacks_own_form_goes_as_it_is(self) -> None:
        assert SlackWording().shown(self.BODY, Attempt(channel="C1")) == self.BODY

    def test_it_is_adapted_as_ours_are(self) -> None:
        attempt = Attempt(channel="C1", form=Form.WORDS, mentions=False).noting(Adaptation.WORDS, "invalid_blocks")

        assert SlackWording().shown(self.BODY, attempt)["text"].startswith("🔴 P0: @S0000001 it is")

    def test_its_title_is_known_and_the_rest_is_kept(self) -> None:
        post = post_of(self.BODY)

        assert post.parts[0] == Title("P0: it is")
        shown = formatted(post.document)
        assert (shown["text"], shown["blocks"]) == (self.BODY["text"], self.BODY["blocks"])
