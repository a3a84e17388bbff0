"""A report in which no line says again what an earlier one of it said: for Slack, where it is read from the top."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby

from bot.alike import in_short
from bot.render.alert_title import cut
from bot.render.message import Line, Mark, Message, Part
from bot.render.words import clean, sentence, sentences

SENTENCE = 40
"""Characters of a sentence that is worth saying once."""

QUIET = (Mark.WAITING, Mark.SKIPPED)

NAMED = 30
"""Names of places in a line of what passed; more of them are counted."""

SHORT = 30
"""Characters by which what was said is known again."""

_PARTS = re.compile(r"(?<=[.!?]) +| · ")
_WORDS = re.compile(r"\W+")
_CLAUSE = re.compile(r"[:;,.(]")


def said_once(message: Message) -> Message:
    """Return the report; what a line would repeat is told by its beginning, or as being above."""
    return replace(message, parts=tuple(_counted(_each_once(_with_rows(message.parts), message.sentence))))


def _counted(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts; neighbours that say the same, such as of two dates, are one."""
    for part, same in groupby(parts):
        times = len(list(same))
        if isinstance(part, Line) and times > 1:
            yield replace(part, text=f"{part.text.rstrip('.')} ({times} times)")
        else:
            yield part


def _each_once(parts: Sequence[Part], said: str) -> Iterator[Part]:
    told, pointed = {*_cores(said)}, set()
    for part in parts:
        if not isinstance(part, Line):
            yield part
            continue
        mine = sentences(clean(part.text))
        new = [each for each in mine if not _is_told(each, told)]
        text = part.text if len(new) == len(mine) else " ".join(new) or _pointing(part)
        if mine and not new and (part.label, part.mark, text) in pointed:
            continue
        pointed.add((part.label, part.mark, text))
        yield replace(part, text=text, label=_label(part, told))
        told.update(_cores(part.text), _cores(part.label))


def _label(line: Line, told: Collection[str]) -> str:
    """Return what leads a line in, or its beginning where it was named above."""
    return cut(line.label, SHORT) if _is_told(line.label, told) else line.label


def _pointing(line: Line) -> str:
    """Return what stands for a text that was told above: its beginning, or behind a label that it was told."""
    if line.label:
        return "as above." if line.lead.endswith(":") else "As above."
    return sentence(cut(_CLAUSE.split(clean(line.text))[0].rstrip(), SHORT))


def _is_told(words: str, told: Collection[str]) -> bool:
    return len(_core(words)) >= SENTENCE and _core(words) in told


def _cores(text: str) -> Iterator[str]:
    """Yield the sentences of a text, and what it lists."""
    return map(_core, _PARTS.split(clean(text)))


def _core(words: str) -> str:
    return _WORDS.sub(" ", words.lower()).strip()


def _passed_kind(part: Part) -> tuple[str, str] | None:
    """What neighbours have in common that passed in one check."""
    if not isinstance(part, Line) or part.mark is not Mark.PASSED or part.inset:
        return None
    return (part.label, part.code) if part.label and part.code else None


def _passed(lines: Sequence[Part]) -> Iterator[Part]:
    """Yield one line for what passed in one check: places that differ in a name alone are named together."""
    first, *_ = lines
    if isinstance(first, Line):
        told = [each.text.rstrip(".") for each in lines if isinstance(each, Line)]
        yield replace(first, text=" · ".join(in_short(told, NAMED)))


def _with_rows(parts: Sequence[Part]) -> list[Part]:
    """Return the parts; what a check says of several places that passed or were not judged is one line."""
    rows: dict[str, int] = {}
    kept: list[Part] = []
    for part in chain.from_iterable(_passed(list(run)) if kind else run for kind, run in groupby(parts, _passed_kind)):
        if isinstance(part, Line) and part.mark in QUIET and part.label and not part.inset:
            first = kept[rows[part.label]] if part.label in rows else None
            if isinstance(first, Line):
                kept[rows[part.label]] = replace(first, text=f"{first.text.rstrip('.')} · {part.text}")
                continue
            rows[part.label] = len(kept)
        kept.append(part)
    return kept
