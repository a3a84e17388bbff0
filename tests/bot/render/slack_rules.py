"""What Slack refuses, as a validator that knows nothing of how our blocks are made.

The numbers stand here a second time on purpose: a renderer that got them wrong must not agree with itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MARKUP = re.compile(r"<(?!https://[^<>|\s]+\|open>)")


def violations(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return every rule of Slack that messages break."""
    return [wrong for message in messages for wrong in _message(message)]


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    blocks = message["blocks"]
    if not 1 <= len(message["text"]) <= 4_000:
        yield "text length"
    if not 1 <= len(blocks) <= 50:
        yield f"{len(blocks)} blocks"
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_200:
        yield "message too long"
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield "two tables"
    yield from _markup(message["text"])
    for block in blocks:
        yield from _block(block)


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            if not 1 <= len(block["text"]["text"]) <= 150 or block["text"]["type"] != "plain_text":
                yield "header"
            yield from _clean(block["text"]["text"])
        case "section":
            yield from _text(block["text"])
        case "context":
            yield from _context(block)
        case "rich_text":
            yield from _rich_text(block)
        case "table":
            yield from _table(block)
        case "divider":
            pass
        case other:
            yield f"unknown block {other}"


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield "context elements"
    for element in block["elements"]:
        yield from _text(element)


def _rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    for element in block["elements"]:
        for part in element["elements"]:
            if part["type"] != "text" or not 1 <= len(part["text"]) <= 3_000:
                yield "rich text"
            yield from _clean(part["text"])


def _table(block: Mapping[str, Any]) -> Iterator[str]:
    if not 2 <= len(block["rows"]) <= 100:
        yield f"{len(block['rows'])} rows"
    if len({len(row) for row in block["rows"]}) != 1:
        yield "ragged table"
    for row in block["rows"]:
        if not 1 <= len(row) <= 20:
            yield "cells"
        for cell in row:
            if cell["type"] != "raw_text" or not cell["text"]:
                yield "cell"
            yield from _clean(cell["text"])


def _text(text: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(text["text"]) <= 3_000:
        yield f"text of {len(text['text'])}"
    if text["type"] != "mrkdwn" or text.get("verbatim") is not True:
        yield "not verbatim"
    yield from _markup(text["text"])


def _markup(text: str) -> Iterator[str]:
    """Only our own links may be markup; a quote mark opens a line."""
    for line in text.split("\n"):
        if MARKUP.search(line):
            yield f"markup: {line[:80]}"
        if ">" in re.sub(r"<[^>]*>", "", line.removeprefix("> ")):
            yield f"unescaped >: {line[:80]}"
        if re.search(r"&(?!amp;|lt;|gt;)", line):
            yield f"unescaped &: {line[:80]}"
    yield from _clean(text)


def _clean(text: str) -> Iterator[str]:
    if CONTROL.search(text):
        yield f"control character in {text[:80]!r}"
