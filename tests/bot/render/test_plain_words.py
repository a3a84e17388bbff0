"""What people read of every scenario, of the shipped pipeline and of the examples, in words that somebody would say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.alerting.incident import CANNOT_LOOK
from bot.definition.pipeline_file import load_pipeline
from bot.render.alert_title import HEADLINE
from bot.render.pages import SlackMessage
from bot.replay import replay
from bot.scenarios.scenario import load_scenario
from checks.model import Report
from checks.pipeline import Pipeline
from tests.bot.render.screens import SCENARIOS, alerts_in, digest_in, words_of
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed, with_others_of
from tests.sections import ROOT
from tests.thoroughness import EVERY_DAY, spread

EXAMPLES = sorted((ROOT / "examples").glob("*/scenarios/*.yaml"))

NOT_SAID = {
    r"\b1 (of 1 )?(?!of\b)([a-z-]+ )?[a-z]+[^su\W]s (are|have|were)\b": "one thing is in the singular",
    r"\b1 of [\d,]+ (?:\w+ )?\w+ (are|have|were|repeat|fail|lack)\b": "one of several is one",
    r"\b1 (games|rows|checks|days|hours|services|jobs|findings|problems|topics|values)\b": "one is no plural",
    r"(?<!checked )\bat \d{1,2} [A-Z][a-z]{2}\b": "a date stands behind 'on', or alone",
    r" · and \d+ more": "a list ends with 'and'",
    r"[?!.],": "a sentence in a list stands in quotes",
    r": see [\w.]+(?! above)\b": "say what is wrong, not where to look",
    r"(?i)\b(\w[\w. ]+): \1: ": "a word is said once",
    r"(?<!is )\b(unavailable|denied|invalid|not found): ": "what a source does is a sentence",
    r"\bin 1 places|\(s\)": "a number has its word",
}
"""What no message says, and why."""


def of_examples() -> list[object]:
    return [pytest.param(path, id=f"{path.parts[-3]}-{path.stem}") for path in EXAMPLES]


def of_scenarios() -> list[object]:
    return [pytest.param(name, marks=[with_others_of(name), *marks]) for name, marks in spread(SCENARIOS, EVERY_DAY)]


@pytest.mark.parametrize("name", of_scenarios())
def test_an_alert_and_a_digest_of_a_scenario_are_in_plain_words(name: str) -> None:
    assert_plain(replayed(name).report, NBA)


@pytest.mark.parametrize("path", of_examples())
def test_an_alert_and_a_digest_of_an_example_are_in_plain_words(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.pipeline is not None
    pipeline = load_pipeline(scenario.pipeline)

    assert_plain(replay(scenario, pipeline).report, pipeline)


@pytest.mark.parametrize(
    "words",
    [
        "1 of 1 games are final",
        "1 of 31 rows repeat order_id",
        "today 1 games",
        "says that it triggered at 8 Feb 06:56 EST",
        "Not checked: Is it there? · and 4 more.",
        "Could not check: Is it there?, It is late",
        "No predictions for 11 Feb: see scraper_execution_log",
        "Firestore unavailable: it does not answer",
        "No entries: No entries: none",
    ],
)
def test_what_nobody_says_is_found(words: str) -> None:
    assert [*unsaid(words)]


def assert_plain(report: Report, pipeline: Pipeline) -> None:
    shown = alerts_in(report, pipeline)
    messages = [digest_in(report, pipeline), *(each.message for each in shown)]

    assert [found for message in messages for found in _of(message)] == []
    for each in shown:
        assert len(each.title) <= HEADLINE
        assert not each.title.endswith("…"), each.title
        # Where it is, or what is lost: more than one word, and no bare pointer to a place.
        assert each.alert.check == CANNOT_LOOK or len(each.alert.title.split()) > 2, each.title


def _of(message: SlackMessage) -> Iterator[str]:
    yield from unsaid(message.text)
    yield from unsaid(words_of(message.blocks))


def unsaid(words: str) -> Iterator[str]:
    """Yield what stands in a text that nobody would say."""
    for pattern, why in NOT_SAID.items():
        yield from (f"{found[0]!r}: {why}" for found in re.finditer(pattern, words))
