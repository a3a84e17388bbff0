"""Where a statement of a shell script stands, and how the flow leaves the script or a part of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.audit.branches import Branch
from bot.audit.commands import Failure
from bot.audit.paths import Conditionals
from bot.audit.words import Way

MOST_NESTED = 40
"""Calls and texts within each other; no real script comes near."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command stands, as far as that decides about its failure and about what else runs with it."""

    failure: Failure | None = None
    branches: tuple[Branch, ...] = ()
    pipeline: int = 0
    captured: str = ""
    tested: bool = False
    passes: tuple[Branch, ...] = ()
    fails: tuple[Branch, ...] = ()

    def condition(self, *, passes: Branch | None = None, fails: Branch | None = None) -> Surroundings:
        """Return the surroundings of a command that decides which way is taken."""
        return replace(
            self,
            passes=(*self.passes, passes) if passes else self.passes,
            fails=(*self.fails, fails) if fails else self.fails,
        )

    def open_ways(self, conditionals: Conditionals) -> Callable[[Sequence[Way]], Sequence[Way]]:
        """Return what leaves out the ways of earlier conditionals that were not taken, as far as it is known here."""
        texts = {conditionals.asked.get(branch, "") for branch in self.branches} - {""}

        def may_be(ways: Sequence[Way]) -> Sequence[Way]:
            here = [
                way for way in ways if way.branch in self.branches or conditionals.asked.get(way.branch, "") in texts
            ]
            return here or [way for way in ways if not conditionals.is_against(way.branch, self.branches)] or ways

        return may_be

    def inside(self, *branches: Branch) -> Surroundings:
        """Return the surroundings on one way of a conditional, or of several."""
        return replace(self, branches=(*self.branches, *branches))


class Left(Exception):  # noqa: N818 - not an error: the flow leaves what it is in
    """The flow leaves the script (``exit``) or the function (``return``)."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by
