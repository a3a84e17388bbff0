"""The terminal shows every report at every width, and commands that can be copied."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.render.reading import Reading
from bot.render.report import message_of
from bot.render.words import clean
from checks.model import Outcome
from tests.bot.render.reports import ORCHESTRATORS, READINGS, blocked, grant, monstrous
from tests.bot.render.strategies import readings
from tests.plain import terminal_text
from tests.thoroughness import examples

SLOW = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@SLOW
@given(readings(), st.integers(min_value=40, max_value=200))
def test_every_report_is_readable_at_every_width(reading: Reading, width: int) -> None:
    text = terminal_text(message_of(reading), width)

    assert CONTROL.search(text) is None
    assert str(reading.report.verdict) in text


@SLOW
@given(readings())
def test_the_terminal_cuts_nothing(reading: Reading) -> None:
    text = "".join(terminal_text(message_of(reading), 100).split())

    for _, finding in reading.report.findings():
        if finding.outcome is Outcome.FAILED:
            assert "".join(clean(finding.summary).split()) in text


@pytest.mark.parametrize("width", [40, 100])
def test_of_hundreds_of_hostile_failures_the_terminal_shows_each(width: int) -> None:
    text = terminal_text(message_of(monstrous()), width)

    shown = re.findall(r"^ +P\d #(\d{3}) ", text, re.MULTILINE)
    assert CONTROL.search(text) is None
    assert set(shown) == {f"{index:03}" for index in range(500)}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_command_stands_whole_on_its_own_line(width: int) -> None:
    lines = [line.strip() for line in terminal_text(message_of(blocked()), width).splitlines()]

    assert all(grant(name) in lines for name in ORCHESTRATORS)


@pytest.mark.parametrize("name", ["all-clear", "blocked", "unknown", "off-day"])
@pytest.mark.parametrize("width", [40, 72, 100])
def test_no_other_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = terminal_text(message_of(READINGS[name]), width).splitlines()

    assert [line for line in lines if len(line) > width and "gcloud" not in line] == []


def test_no_line_ends_in_spaces() -> None:
    text = terminal_text(message_of(blocked(full=True)), 90)

    assert [line for line in text.splitlines() if line != line.rstrip()] == []
