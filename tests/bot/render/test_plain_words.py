"""What people read of every scenario, of the shipped pipeline and of the examples, in words that somebody would say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bot.alerting.chronicle import Chronicle
from bot.alerting.incident import CANNOT_LOOK
from bot.audit.rules.catalog import EVERY_RULE
from bot.commands.audit import rule_explanation
from bot.definition.pipeline_file import load_pipeline
from bot.render.alert_title import HEADLINE
from bot.render.brief import brief_message
from bot.render.checks import explanation
from bot.render.codes import code_explanation, codes_of
from bot.render.json import report_document
from bot.render.markdown import report_file
from bot.render.message import Line, Part, SmallPrint, Table
from bot.render.pages import SlackMessage
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.replay import replay
from bot.scenarios.scenario import load_scenario
from checks.catalog import checks_of
from checks.model import Report
from checks.notifications import Notifications, Routes
from checks.pipeline import Pipeline
from tests.bot.render.every_message import everything_in
from tests.bot.render.screens import SCENARIOS, alerts_in, digest_in, words_of
from tests.handlers.rig import CHANNEL
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
    r"\bthere is (?:no |\d+ )?[a-z]+[^su\W]s\b(?! of)|\bthere is (?:[2-9]|\d\d)": "several are there",
    r"\b(?:Each|All) of 1 |\bAll 1 ": "of one thing it is 'the one'",
    r"(?<![.…])[.,;:!?][.;!?,](?![.\d])|[?!][”)]\.|…\.": "a sentence ends once",
    r"(?<=\w) [.,;](?= |$)": "no blank before a stop",
    r"(?i)\b(?!that\b|had\b)([a-z]{2,}) \1\b": "a word is said once",
    r"\b(\d{1,2} [A-Z][a-z]{2}): \1\b": "a date is said once",
    r"\b\d+\.0 [a-z]{2}|\b0 days ago": "what is counted is whole",
    r"\b(?:at|for|from|load|of|on|since|until) \d{4}-\d\d-\d\d|\d{4}-\d\d-\d\dT\d\d:": "a time as people write it",
    r"(?<![\w'.])(?:None(?! of\b)|True|False|null|nan)(?![\w'])|\{\w+\}|(?<!: )\{\}": "no word of a program",
    r"(?<![\w/])[a-z_]+ and [a-z_]+ and [a-z_]+\b": "a list of three has a comma",
    r"\(\s*\)|“\s*”|``\s*``": "nothing stands in brackets",
    r"\bNo (?!longer)[\w ]+: \w+\.\w+: ": "a place is named with what is not there",
    r"\bDbt\b": "a program is written as it writes itself",
    r"\(see above\)": "say it, or that it is as above",
    r"(?<![\w.,:/#=-])(?<![A-Z][a-z]{2} )[1-9]\d{3,} (?:more |of \d|[a-z]+s\b)": "thousands stand apart",
    r"\b(?:fails?|refuses?|lacks?|runs?) [^.:]*\bsince the [\w :]*deploy": "'since' goes with the perfect",
}
"""What no message says, and why."""


SENTENCES = ("headline", "sentence", "title", "summary", "impact", "text")
"""The fields of a report as JSON that people read."""


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


def test_what_explain_says_of_checks_causes_codes_and_rules_is_in_plain_words() -> None:
    checks = checks_of(NBA)
    parts = [part for each in checks for part in explanation(each, NBA)]
    parts += [part for code in sorted(codes_of(checks)) for part in code_explanation(code, checks)]
    parts += [part for rule in EVERY_RULE for part in rule_explanation(rule)]

    # It shows conditions and sentences as the pipeline file has them, with their columns.
    said = {
        text: [each for each in (*unsaid(text), *_open(text)) if "program" not in each]
        for part in parts
        for text in _of(part)
    }
    assert {text: why for text, why in said.items() if why} == {}


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
        "there is 40 rows of data",
        "No entries: ledger.entries: no entry was loaded",
        "Each of 1 game has grades",
        "Could not tell: “Is it there?”.",
        "No records for 10 Feb: 10 Feb is a day off",
        "There are 6.0 values of it",
        "load 2026-02-10 again",
        "The flag is None",
        "the same a and b and c",
        "It was loaded loaded",
        "Box scores: nine of ten (see above).",
        "432 of 1080 predictions are actionable",
        "3 orchestrators refuse Pub/Sub since the 5 Feb deploy",
    ],
)
def test_what_nobody_says_is_found(words: str) -> None:
    assert [*unsaid(words)]


def test_half_a_pair_of_brackets_is_found() -> None:
    assert [*_open("1 state (median of 23) and 24)")]


def assert_plain(report: Report, pipeline: Pipeline) -> None:
    if pipeline.notifications is None:
        pipeline = pipeline.model_copy(update={"notifications": Notifications(routes=Routes(default=CHANNEL))})
    shown = alerts_in(report, pipeline)

    assert {
        text: why for text in dict.fromkeys(_texts(report, pipeline)) if (why := [*unsaid(text), *_open(text)])
    } == {}
    for each in shown:
        assert len(each.title) <= HEADLINE
        assert not each.title.endswith("…"), each.title
        # Where it is, or what is lost: more than one word, and no bare pointer to a place.
        assert each.alert.check == CANNOT_LOOK or len(each.alert.title.split()) > 2, each.title


def _texts(report: Report, pipeline: Pipeline) -> Iterator[str]:
    """Yield each line that people get of a run: in Slack all messages and views, in a shell both reports."""
    yield from digest_in(report, pipeline).text.splitlines()
    for sent in everything_in(report, pipeline):
        yield from unescape(words_of(sent.blocks) if sent.message is None else _words(sent.message)).splitlines()
    reading = Reading(report=report, pipeline=pipeline, checks=checks_of(pipeline))
    yield from _of_json(report_document(reading))
    for each in alerts_in(report, pipeline):
        yield from _of_markdown(report_file(Chronicle(alert=each.alert, events=(), now=report.now), pipeline))
    for message in (brief_message(reading), message_of(replace(reading, full=True))):
        yield message.sentence
        yield from (text for part in message.parts for text in _of(part))


def _of_markdown(document: str) -> Iterator[str]:
    prose = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    yield from (unescape(re.sub(r"\\(?=[^\w\s])", "", line)) for line in prose.splitlines())


def _of_json(document: Any) -> Iterator[str]:
    """Yield the sentences of a report for programs; its evidence, names, times and commands are no words."""
    match document:
        case dict():
            for key, value in document.items():
                if key in SENTENCES and isinstance(value, str):
                    yield value
                yield from _of_json(value) if not isinstance(value, str) else ()
        case list():
            for each in document:
                yield from _of_json(each)


def _words(message: SlackMessage) -> str:
    return f"{message.text}\n{words_of(message.blocks)}"


def _of(part: Part) -> Iterable[str]:
    match part:
        case Line():
            return (f"{part.lead} {part.text}",)
        case Table():
            return (cell.text for row in part.rows for cell in row)
        case SmallPrint():
            return (part.text,)
    return ()


def _open(text: str) -> Iterator[str]:
    """Yield the brackets and quotes that have no other half, in a text of which nothing was cut off."""
    if "…" not in text:
        yield from (f"{pair} has one half" for pair in ("()", "[]", "“”") if text.count(pair[0]) != text.count(pair[1]))


def unsaid(words: str) -> Iterator[str]:
    """Yield what stands in a text that nobody would say."""
    for pattern, why in NOT_SAID.items():
        yield from (f"{found[0]!r}: {why}" for found in re.finditer(pattern, words))
