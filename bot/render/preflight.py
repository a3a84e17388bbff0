"""What a preflight found, in Slack: what needs a person first, then what is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.render.blocks import slack_message
from bot.render.message import Line, Mark
from bot.render.pages import SlackMessage
from bot.render.post import Part, Post, Title
from bot.render.words import number, sentence

State = Literal["well", "wrong", "unanswered", "left out"]
"""What cannot be told is ``unanswered``, and never ``well``; ``left out`` is what nobody asked about."""

SIGNS: Mapping[State, str] = {"well": "✓", "wrong": "✗", "unanswered": "?", "left out": "-"}

_MARKS: Mapping[State, Mark] = {
    "wrong": Mark.DIFFERS,
    "unanswered": Mark.UNKNOWN,
    "left out": Mark.SKIPPED,
    "well": Mark.PASSED,
}


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that Reveille needs. ``text`` says how it is and, where it is not ``well``, what to do."""

    about: str
    text: str
    state: State


def preflight_message(found: Sequence[Need]) -> SlackMessage:
    """Return what was found as a message."""
    title = f"Preflight: {_came_to(found)}"
    return slack_message(Post((f"{title}.",), (Title(title), *_lines(found))))


def _came_to(found: Sequence[Need]) -> str:
    """Return what all of it comes to: only where each thing is well, all of it passed."""
    states, every = Counter(each.state for each in found), number(len(found), "check")
    words: Mapping[State, str] = {"wrong": "failed", "unanswered": "could not tell", "left out": "not made"}
    first, *others = [f"{states[state]} {{}}{word}" for state, word in words.items() if states[state]] or [""]
    if not first:
        return f"All {every} passed"
    return ", ".join((first.format(f"of {every} "), *(each.format("") for each in others)))


def _lines(found: Sequence[Need]) -> Iterator[Part]:
    order = list(_MARKS)
    for each in sorted(found, key=lambda each: order.index(each.state)):
        yield Line(mark=_MARKS[each.state], label=each.about, text=sentence(each.text))
