"""Which pipeline a request is about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.incident import key_of
from checks.model import FindingKey
from handlers.registration import reserved
from handlers.switchboard import PipelineWords, named_in, pipeline_of

NAMES = ("nba", "shop-events")
WORDS = st.lists(st.sampled_from(["today", "quick", "phase3", "private", "10", "feb", "nbb"]), max_size=5)


@given(before=WORDS, after=WORDS, name=st.sampled_from(NAMES), around=st.sampled_from(["{}", "`{}`", "{},", "“{}”"]))
def test_a_name_is_found_in_any_place_and_nothing_else_is_lost(
    before: list[str], after: list[str], name: str, around: str
) -> None:
    text = " ".join((*before, around.format(name.upper()), *after))

    assert named_in(text, NAMES) == PipelineWords(name, " ".join((*before, *after)))


@given(words=WORDS)
def test_without_a_name_the_words_stay(words: list[str]) -> None:
    assert named_in(" ".join(words), NAMES) == PipelineWords(None, " ".join(words))


def test_a_word_that_is_said_twice_is_a_name_once() -> None:
    assert named_in("nba nba", NAMES) == PipelineWords("nba", "nba")


@given(pipeline=st.sampled_from(NAMES), check=st.text(max_size=20), subject=st.text(max_size=20))
def test_the_key_of_an_alert_names_its_pipeline_whatever_else_is_in_it(pipeline: str, check: str, subject: str) -> None:
    key = key_of(pipeline, FindingKey(check, subject, "2026-02-10"))

    assert pipeline_of({"actions": [{"value": json.dumps({"key": key, "version": 1})}]}) == pipeline
    assert pipeline_of({"view": {"private_metadata": json.dumps({"alert": key, "plans": []})}}) == pipeline


@pytest.mark.parametrize("value", [None, "", "[]", "nonsense", '{"list": "x"}', '{"key": 7}', "[" * 100_000])
def test_what_is_none_of_ours_names_no_pipeline(value: object) -> None:
    assert pipeline_of({"actions": [{"value": value}], "view": {}}) is None
    assert pipeline_of({}) is None


def test_a_pipeline_must_not_be_called_like_a_word_of_a_command() -> None:
    assert reserved(["nba", "today", "drift", "status", "help"]) == ["drift", "help", "status", "today"]
