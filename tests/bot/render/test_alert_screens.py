"""What is read in five seconds: every alert of every shipped scenario, by its title, its text and its screen."""

from __future__ import annotations

import re

import pytest

from bot.render.alert_title import HEADLINE
from checks.diagnosis.board import CODES
from checks.diagnosis.titles import TITLES
from tests.bot.render.screens import SCENARIOS, alerts_of
from tests.pipelines.nba_world import NBA
from tests.replayed import with_others_of

by_scenario = pytest.mark.parametrize("name", [pytest.param(name, marks=with_others_of(name)) for name in SCENARIOS])

SENTENCE = 40
"""Characters of a sentence that no message says twice."""


def test_every_code_of_a_cause_has_a_title() -> None:
    assert set(TITLES) == set(CODES)


@by_scenario
def test_each_title_is_one_whole_line_and_distinct(name: str) -> None:
    titles = [each.title for each in alerts_of(name)]

    assert [each for each in titles if len(each) > HEADLINE or each.endswith("…")] == []
    assert len(set(titles)) == len(titles)


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
