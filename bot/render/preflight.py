"""What a preflight found, in Slack: what needs a person first, then what is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.render.blocks import slack_message
from bot.render.message import Line, Mark
from bot.render.pages import SlackMessage
from bot.render.post import Part, Post, Title
from bot.render.words import number, sentence


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that Reveille needs. ``text`` says how it is and, where it is not ``well``, what to do."""

    about: str
    text: str
    well: bool


def preflight_message(found: Sequence[Need]) -> SlackMessage:
    """Return what was found as a message."""
    wrong = sum(not each.well for each in found)
    title = f"{wrong} of {number(len(found), 'check')} failed" if wrong else f"All {len(found)} checks passed"
    return slack_message(Post((f"Preflight: {title}.",), (Title(f"Preflight: {title}"), *_lines(found))))


def _lines(found: Sequence[Need]) -> Iterator[Part]:
    for each in sorted(found, key=lambda each: each.well):
        mark = Mark.PASSED if each.well else Mark.DIFFERS
        yield Line(mark=mark, label=each.about, text=sentence(each.text))
