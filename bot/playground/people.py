"""Who somebody can be on the page: one who may repair, and one who may only look and ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.playground.block_kit.markup import NAMES
from bot.playground.slack.workspace import BOT_USER


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A member of the workspace; ``may`` says what they may do, for the page."""

    id: str
    name: str
    may: str


ALEX = Visitor(id="U0ALEX001", name="Alex", may="may acknowledge and repair")
SAM = Visitor(id="U0SAM0001", name="Sam", may="may look and ask, and no more")

VISITORS: Mapping[str, Visitor] = {each.id: each for each in (ALEX, SAM)}

CHANNEL = "C0EXAMPLE1"

NAMES.update({each.id: each.name for each in VISITORS.values()} | {BOT_USER: "Reveille"})
