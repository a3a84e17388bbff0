from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from bot.definition.files import PipelineFileError, parse
from bot.definition.model_errors import LONGEST_SHOWN
from checks.intervals import Words
from checks.notifications import DigestTimes


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Leaf(Strict):
    colour: str = ""


class Everything(Strict):
    at_least: int = Field(default=5, ge=5)
    above: float = Field(default=5, gt=4)
    at_most: int = Field(default=5, le=5)
    below: float = Field(default=5, lt=6)
    text: str = Field(default="", max_length=3)
    some: tuple[int, ...] = Field(default=(1,), min_length=1)
    form: str = Field(default="a", pattern="^a+$")
    pair: tuple[int, str] = (1, "a")
    flag: bool = False
    either: int | bool | None = None
    leaf: Leaf | None = None
    leaves: Mapping[str, tuple[Annotated[Leaf, "noted"], ...]] = {}


def only(text: str) -> tuple[str, str]:
    with pytest.raises(PipelineFileError) as caught:
        parse(text, "a.yaml", Everything)
    (problem,) = caught.value.problems
    return problem.key, problem.text


@pytest.mark.parametrize(
    ("text", "key", "sentence"),
    [
        ("at_least: 4", "at_least", "is 4, expected at least 5"),
        ("above: 4", "above", "is 4, expected more than 4"),
        ("at_most: 6", "at_most", "is 6, expected at most 5"),
        ("below: 6", "below", "is 6, expected less than 6"),
        ("text: abcd", "text", "is 'abcd', expected at most 3 characters"),
        ("text: 2026-02-10", "text", "is 2026-02-10, expected text; put it in quotes"),
        ("text: true", "text", "is true, expected text; put it in quotes"),
        ("text:", "text", "is empty, expected text"),
        ("some: []", "some", "is a list, expected at least 1 in it"),
        ("form: b", "form", "is 'b', expected text of the form ^a+$"),
        ("flag: perhaps", "flag", "is 'perhaps', expected true or false"),
        ("either: perhaps", "either", "is 'perhaps', expected a whole number or true or false"),
        ("at_least: 5.5", "at_least", "is 5.5, expected a whole number"),
        ("leaf: 3", "leaf", "is 3, expected keys and values such as 'colour'"),
        ("leaf: {color: red}", "leaf.color", "is not a key here; did you mean 'colour'?"),
        ("leaves: {a: [{color: red}]}", "leaves.a[0].color", "is not a key here; did you mean 'colour'?"),
        ("pair: [1, 2]", "pair[1]", "is 2, expected text; put it in quotes"),
        ("leaves: [a]", "leaves", "is a list, expected keys and values"),
        ("some: {a: 1}", "some", "is a mapping, expected a list of items, each on a line with '- ' or all in [ ]"),
    ],
)
def test_each_error_is_a_sentence(text: str, key: str, sentence: str) -> None:
    assert only(text) == (key, sentence)


def test_a_long_value_is_cut() -> None:
    _, sentence = only(f"flag: {'x' * 500}")

    assert len(sentence) < LONGEST_SHOWN * 2


def test_items_are_called_by_their_names() -> None:
    class Item(Strict):
        id: Any = None
        name: Any = None

    class Items(Strict):
        items: tuple[Item, ...]

    with pytest.raises(PipelineFileError) as caught:
        parse("items: [{id: a, x: 1}, {name: b, x: 1}, {id: [], x: 1}]", "a.yaml", Items)

    assert [problem.key for problem in caught.value.problems] == ["items[a].x", "items[b].x", "items[2].x"]


@pytest.mark.parametrize(
    ("text", "model", "said"),
    [
        pytest.param("interval: ''", Words, "expected a text that is not empty", id="an empty text"),
        pytest.param(f"interval: {'x' * 41}", Words, "expected at most 40 characters", id="a text that is too long"),
        pytest.param(
            f"refresh: [{', '.join(['09:00'] * 49)}]", DigestTimes, "expected at most 48 in it", id="a long list"
        ),
    ],
)
def test_what_is_too_short_or_too_long_is_said_in_our_words(text: str, model: type[BaseModel], said: str) -> None:
    with pytest.raises(PipelineFileError, match=said):
        parse(text, "a.yaml", model)
