"""A shell text that stands in a file of another language: a step of a workflow, a line of a recipe, a RUN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.audit.commands import Failure
from bot.audit.sources import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One shell text. ``before`` are the numbers of the steps that ended well before it began."""

    text: Text
    errexit: bool = False
    pipefail: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    lost: Failure | None = None
    conditions: Sequence[str] = ()
    """What must hold so that it runs at all."""
    before: frozenset[int] = frozenset()


Recipes = Callable[[Sequence[str]], Sequence[Step]]
"""What ``make`` runs when these words stand behind it."""
