"""The guesses as a pipeline file: YAML with a comment behind each value, loaded again before anybody gets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from bot.definition.files import parse
from bot.definition.pipeline_file import referenced
from bot.discovery.estate import DraftSection
from bot.discovery.guesses import Calculated, Guess, TableGuess
from checks.pipeline import Pipeline

WIDTH = 118
"""Characters of a line; what is longer gets its comment in the line above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A pipeline file that is to be written. ``remarks`` end its first comment, a line each."""

    name: Guess
    zone: Guess
    common: Calculated
    tables: Sequence[TableGuess]
    more: Mapping[str, Guess]
    read: str
    next_command: str
    remarks: Sequence[str] = ()
    sections: Mapping[str, DraftSection] = field(default_factory=dict)


def written(draft: Draft) -> str:
    """Return the text of the file. Raises PipelineFileError where it could not be read again, which is a bug."""
    text = "\n".join(_lines(draft)) + "\n"
    referenced(parse(text, "pipeline.yaml", Pipeline))
    return text


def _lines(draft: Draft) -> Iterator[str]:
    yield from _comments(f"Written by reveille init from {draft.read}.")
    yield "# observed: it was seen there. guessed: it follows from what was seen; correct what you know better."
    yield f"# Next: {draft.next_command}"
    for remark in draft.remarks:
        yield from _comments(remark)
    yield ""
    yield "version: 2"
    yield from _entry("", "name", draft.name)
    yield from _entry("", "timezone", draft.zone)
    for key, guess in draft.more.items():
        yield from _entry("", key, guess)
    cadence = draft.common.cadence
    yield from _entry("", "cadence", replace(cadence, value=cadence.value.stated))
    if (calendar := draft.common.calendar) is not None:
        yield from _entry("", "calendar", Guess({"weekdays": calendar.value}, calendar.why, calendar.how))
    if draft.tables:
        yield ""
        yield "tables:"
    for table in draft.tables:
        yield from _table(table)
    for key, section in draft.sections.items():
        yield from _section(key, section)


def _section(key: str, section: DraftSection) -> Iterator[str]:
    yield ""
    yield f"{key}:  # {_plain(section.why)}"
    for entry in section.entries:
        yield f"  - {_flow(entry.value)}  # {entry.how}: {_plain(entry.why)}"
    for name, guess in section.values.items():
        yield from _entry("  ", name, guess)


def _table(table: TableGuess) -> Iterator[str]:
    yield f"  {_scalar(table.name)}:  # observed: {_plain(table.about)}"
    for note in table.notes:
        yield from _comments(note, "    ")
    for key in ("partition", "filter_required", "reads", "date", "loaded"):
        guess = getattr(table, key)
        if guess is not None:
            yield from _entry("    ", key, guess)
    yield "    columns:  # observed"
    yield from _filled("      ", [f"{_scalar(name)}: {_scalar(kind)}" for name, kind in table.columns.items()], "{}")
    if not table.expect:
        return
    yield "    expect:"
    for kind, value in table.expect.items():
        if isinstance(value, Guess):
            yield from _entry("      ", kind, value)
            continue
        yield f"      {kind}:"
        for column, guess in value.items():
            yield from _entry("        ", _scalar(column), guess)


def _entry(indent: str, key: str, guess: Guess) -> Iterator[str]:
    why = f"# {guess.how}: {_plain(guess.why)}"
    line = f"{indent}{key}: {_flow(guess.value)}"
    if len(f"{line}  {why}") <= WIDTH:
        yield f"{line}  {why}"
        return
    if len(line) <= WIDTH or not isinstance(guess.value, list | dict):
        yield from _comments(why.removeprefix("# "), indent)
        yield line
        return
    yield f"{indent}{key}:  {why}"
    pieces = [_flow(each) for each in guess.value]
    if isinstance(guess.value, dict):
        pieces = [f"{_flow(name)}: {_flow(each)}" for name, each in guess.value.items()]
    yield from _filled(f"{indent}  ", pieces, "{}" if isinstance(guess.value, dict) else "[]")


def _filled(indent: str, pieces: Sequence[str], brackets: str) -> Iterator[str]:
    """Yield a list or a mapping over as many lines as it takes."""
    line = f"{indent}{brackets[0]}"
    for index, piece in enumerate(pieces):
        text = f"{piece}{brackets[1] if index == len(pieces) - 1 else ','}"
        if len(f"{line} {text}") > WIDTH and line.strip() != brackets[0]:
            yield line
            line = f"{indent} {text}"
        else:
            line += text if line.endswith(brackets[0]) else f" {text}"
    yield line if pieces else f"{indent}{brackets}"


def _comments(text: str, indent: str = "") -> Iterator[str]:
    line = f"{indent}#"
    for word in _plain(text).split():
        if len(line) + 1 + len(word) > WIDTH and line != f"{indent}#":
            yield line
            line = f"{indent}#"
        line += f" {word}"
    yield line


def _plain(text: str) -> str:
    """Return a text as a comment may hold it: one line, and nothing that is not printed."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _scalar(value: str) -> str:
    return _flow(value)


def _flow(value: Any) -> str:
    """Return a value as YAML on one line, as it may stand within brackets, too."""
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9)
    return text.strip()[1:-1]
