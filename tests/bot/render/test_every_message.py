"""Every message and view of every scenario: inside the limits of Slack, and no sentence said twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pytest

from bot.playground.slack.limits import check_message, check_view
from bot.render.buttons import repair_label
from bot.render.pages import Block
from tests.bot.render.every_message import everything_of, forms_of
from tests.bot.render.screens import SCENARIOS, alerts_of, words_of
from tests.pipelines.nba_world import NBA
from tests.preview.repairing import repairing
from tests.replayed import spread_scenarios
from tests.thoroughness import EVERY_DAY

SENTENCE = 40
"""Characters of a sentence that no message says twice."""

every_scenario = pytest.mark.parametrize("name", spread_scenarios(SCENARIOS, EVERY_DAY))


@every_scenario
def test_it_is_inside_every_limit_of_slack(name: str) -> None:
    for sent in everything_of(name):
        for message in forms_of(sent):
            check_message(message.text, message.blocks)
        if sent.view is not None:
            check_view(sent.view)


@every_scenario
def test_a_repair_is_inside_every_limit_from_its_form_to_the_end_of_its_thread(name: str) -> None:
    gravest = min((each.alert for each in alerts_of(name)), key=lambda each: each.severity, default=None)
    if gravest is None or not repair_label(gravest, NBA):
        return
    with repairing(name) as story:
        form = story.form()
        check_view(form)
        assert twice(form["blocks"]) == []
        story.confirmed()
        (post, *_) = [each for each in story.conversation.posts() if each.replies]

        assert len(post.replies) >= 3
        for each in (post, *post.replies):
            check_message(str(each.body["text"]), each.body["blocks"])
            assert twice(each.body["blocks"]) == []


@every_scenario
def test_no_sentence_is_said_twice(name: str) -> None:
    assert {each.name: said for each in everything_of(name) if (said := twice(each.blocks))} == {}


def twice(blocks: Sequence[Block]) -> list[str]:
    """Return the long sentences that a message or view says more than once, however they are marked up."""
    sentences = re.split(r"(?<=[.!?])\s+|\n|  ", words_of(blocks))
    said = Counter(re.sub(r"\W+", " ", each.lower()).strip() for each in sentences)
    return [each for each, times in said.items() if times > 1 and len(each) >= SENTENCE]
