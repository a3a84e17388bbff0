"""Every message and view of every scenario: inside the limits of Slack, and no sentence said twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pytest

from bot.playground.slack.limits import check_message, check_view
from bot.render.buttons import repair_label
from checks.catalog import checks_of
from tests.bot.render.every_message import Sent, everything_of, forms_of
from tests.bot.render.screens import SCENARIOS, alerts_of, words_of
from tests.pipelines.nba_world import NBA
from tests.preview.repairing import repairing
from tests.replayed import spread_scenarios
from tests.thoroughness import EVERY_DAY

SENTENCE = 40
"""Characters of a sentence that no message says twice."""

IN_DETAIL = ("answer", "digest in detail")
"""Reports in detail are lists by date and source, whose rows stand each for itself."""

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
        check_view(story.form())
        story.confirmed()
        (post, *_) = [each for each in story.conversation.posts() if each.replies]

        assert len(post.replies) >= 3
        for each in (post, *post.replies):
            check_message(str(each.body["text"]), each.body["blocks"])


@every_scenario
def test_no_sentence_is_said_twice(name: str) -> None:
    titles = {each.alert.title: f"alert{number}" for number, each in enumerate(alerts_of(name))}
    told = [each for each in everything_of(name) if not each.name.startswith(IN_DETAIL)]
    found = {each.name: said for each in told if (said := twice(each, titles if "Home" in each.name else {}))}

    assert found == {}


TITLES = {each.title: f"check{number}" for number, each in enumerate(checks_of(NBA))}
NO_SENTENCE = re.compile(r"\([^)]*\)|(?i:first seen) .*|^✅ .*$", re.MULTILINE)
"""Lists of names, the state of an alert, which several can share, and the figures of a phase, which two dates can."""


def twice(sent: Sent, names: Mapping[str, str] = {}) -> list[str]:
    """Return the long sentences that a message or view says more than once, however they are marked up. The name of a
    check is none, and neither are further ``names``, such as those of the alerts that Home lists."""
    titles = {**TITLES, **names}
    any_name = re.compile("|".join(map(re.escape, sorted(titles, key=len, reverse=True))))
    named = any_name.sub(lambda found: titles[found[0]], words_of(sent.blocks))
    sentences = re.split(r"(?<=[.!?])\s+|\n|  ", NO_SENTENCE.sub("", named))
    said = Counter(re.sub(r"\W+", " ", each.lower()).strip() for each in sentences)
    return [each for each, times in said.items() if times > 1 and len(each) >= SENTENCE]
