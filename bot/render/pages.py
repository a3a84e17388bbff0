"""Packing blocks into messages: in order and within every limit. What belongs together stays together: a heading
and what it stands over, a repair and its command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.render import limits
from bot.render.post import Part

Block = dict[str, Any]

RESERVED_BLOCKS = 2
RESERVED_COST = 1_600
"""Room kept in every message for the line that continues it and the one that says what was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """One message: ``text`` is what notifications and screen readers get."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A block with the parts that it shows, and what packing needs to know. ``entries`` counts the problems in it."""

    block: Block
    parts: Sequence[Part]
    entries: int = 0
    is_heading: bool = False

    @property
    def is_table(self) -> bool:
        return bool(self.block["type"] == "table")


def size_of(part: object) -> int:
    """Return the characters of a block, or of a part of one, as Slack receives it."""
    return len(json.dumps(part, ensure_ascii=False))


def cost(block: Block) -> int:
    """Return what a block takes from the budget of a message; rather too much than too little."""
    return size_of(block) + limits.BLOCK_OVERHEAD * count(block)


def count(block: Block) -> int:
    """Return how many blocks a block is where Slack does not take containers: its title, and what is in it."""
    return 1 + len(block.get("child_blocks", ()))


@dataclass(frozen=True, slots=True)
class Room:
    """What a page holds: blocks, and characters."""

    blocks: int = limits.BLOCKS - RESERVED_BLOCKS
    cost: int = limits.MESSAGE - RESERVED_COST


def pack(pieces: Sequence[Piece], room: Room = Room()) -> list[list[Piece]]:
    """Fill one page after the other; every piece must fit into an empty one."""
    pages: list[list[Piece]] = [[]]
    for piece in pieces:
        page = pages[-1]
        if page and not _fits(page, piece, room):
            pages.append([page.pop()] if _belongs_to(page, piece, room) else [])
        pages[-1].append(piece)
    return pages


def _belongs_to(page: Sequence[Piece], piece: Piece, room: Room) -> bool:
    """Whether the last block of a page must go to the next one with a piece."""
    last = page[-1]
    is_lead = last.is_heading or (piece.block["type"] == "rich_text" and last.block["type"] == "section")
    return len(page) > 1 and is_lead and _fits([last], piece, room)


def _fits(page: Sequence[Piece], piece: Piece, room: Room) -> bool:
    together = [*page, piece]
    return (
        sum(count(each.block) for each in together) <= room.blocks
        and sum(each.is_table for each in together) <= limits.TABLES
        and sum(cost(each.block) for each in together) <= room.cost
    )
