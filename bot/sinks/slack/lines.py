"""A message for Slack as lines of text, for a terminal and for whatever takes nothing but text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any


def lines_of(body: Mapping[str, Any], without: Collection[str] = (), fence: Sequence[str] = ()) -> Iterator[str]:
    """Yield the lines of a message, block by block; ``without`` are types of blocks to leave out, ``fence`` what stands
    before and after a table, so that it is shown with letters of one width."""
    for block in body.get("blocks", ()):
        if block["type"] in without:
            continue
        if block["type"] == "table":
            yield from (*fence, *_rows(block["rows"]), *fence)
        elif told := " ".join(_texts(block)):
            yield from told.split("\n")


def _rows(rows: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Yield the rows of a table, its columns below each other."""
    texts = [[" ".join(_texts(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(*texts, fillvalue="")]
    for row in texts:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            elif key != "accessory":
                yield from _texts(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _texts(each)
