"""What is read in five seconds: every alert of every shipped scenario, by its title, its text and its screen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.render.alert import alert_message, headline_of
from bot.render.alert_title import HEADLINE, NO_LONGER, past_title
from bot.render.blocks import slack_message
from bot.store.model import AlertState
from checks.diagnosis.board import CODES
from checks.diagnosis.titles import TITLES
from tests.bot.render.screens import SCENARIOS, alerts_of
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed, with_others_of
from tests.thoroughness import EVERY_DAY, sampled

by_scenario = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=with_others_of(name)) for name in sampled(SCENARIOS, EVERY_DAY)]
)

ONLY_FINDINGS = {"upstream-check", "job-failing", "jobs-missing", "run-job-failing", "unexplained", "processor-failed"}
"""Causes that only the findings tell of, in words of their checks, which have one tense."""

SENTENCE = 40
"""Characters of a sentence that no message says twice."""


def test_every_code_of_a_cause_has_a_title() -> None:
    assert set(TITLES) == set(CODES)


@by_scenario
@pytest.mark.sampled(2)
def test_each_title_is_one_whole_line_and_distinct(name: str) -> None:
    titles = [each.title for each in alerts_of(name)]

    assert [each for each in titles if len(each) > HEADLINE or each.endswith("…")] == []
    assert len(set(titles)) == len(titles)


PRESENT = re.compile(
    r"\b(is|are|does|has|fails?|refuses?|lacks|runs|calls|logs|gives|gets?|delivers?|takes?|waits|breaks)\b"
)


@by_scenario
def test_the_title_of_a_cause_that_is_over_is_in_the_past_and_has_its_span(name: str) -> None:
    now = replayed(name).report.now + timedelta(minutes=10)
    for each in alerts_of(name):
        closed = replace(each.alert, state=AlertState.RESOLVED, resolved_at=now, changed_at=now)
        post = alert_message(closed, NBA, now)
        headline, text = headline_of(closed), slack_message(post).text

        past = past_title(closed)
        assert past.startswith(NO_LONGER) or not PRESENT.search(past)
        assert max(len(headline), len(str(post.parts[0].text))) <= HEADLINE  # type: ignore[union-attr]
        assert past.removeprefix(NO_LONGER)[:20] in text
        assert str(post.parts[:2]).count(f"{now.astimezone(NBA.zone):%H:%M}") == 1


@pytest.mark.slow
def test_a_template_knows_both_tenses() -> None:
    causes = [
        cause for name in {*sampled(SCENARIOS, EVERY_DAY), "invoker-lost"} for cause in replayed(name).report.causes
    ]

    assert {each.code for each in causes if not each.past} <= ONLY_FINDINGS
    assert any(each.past == "3 orchestrators refused Pub/Sub" for each in causes)


@by_scenario
def test_each_title_names_what_it_is_about(name: str) -> None:
    made = " ".join(("services", "orchestrators", "topics", *(f"{each.title} {each.makes}" for each in NBA.phases)))
    for each in alerts_of(name):
        about = " ".join(
            (made, each.alert.subject, str(each.alert.details["findings"]), str(each.alert.details["what"]))
        )
        words = set(re.findall(r"[\w-]{4,}", each.title.lower()))

        assert words & set(re.findall(r"[\w-]{4,}", about.lower()))


@by_scenario
def test_what_is_cut_ends_with_a_whole_word_and_no_second_full_stop(name: str) -> None:
    assert [each.title for each in alerts_of(name) if "…." in each.text] == []


@by_scenario
def test_no_message_says_a_sentence_twice(name: str) -> None:
    for each in alerts_of(name):
        sentences = re.split(r"(?<=[.!?])\s+|\n|  ", each.text)
        long = [re.sub(r"\W+", " ", sentence.lower()).strip() for sentence in sentences]

        assert [one for one in long if len(one) >= SENTENCE and " ".join(long).count(one) > 1] == []


@by_scenario
def test_a_phone_hears_what_is_wrong_what_that_means_and_what_to_do(name: str) -> None:
    for each in alerts_of(name):
        assert each.message.text.startswith(each.title.partition(" ")[2].replace(" · ", " ", 1)[:20])
        assert "Next: " in each.message.text


@by_scenario
def test_each_message_has_its_parts_in_their_order(name: str) -> None:
    for each in alerts_of(name):
        lines = each.text.split("\n")
        places = [next(at for at, line in enumerate(lines) if word in line) for word in ("irst seen", "Impact", "Ackn")]

        assert places == sorted(places)
