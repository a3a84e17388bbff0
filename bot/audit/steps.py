"""Follows a file whose shell stands in parts: the steps of a workflow, the lines of a recipe, a Dockerfile's RUN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.audit.commands import Command
from bot.audit.shell import Script
from bot.audit.sourcing import Library
from bot.audit.step import Recipes, Step
from bot.audit.trace import Trace
from bot.audit.words import Piece


@dataclass(slots=True)
class Followed:
    """A file followed: one trace over all steps, and per-step scripts for what concerns a script alone."""

    trace: Trace
    scripts: list[tuple[int, Script]] = field(default_factory=list)
    others: list[list[Command]] = field(default_factory=list)
    """What functions would run that no step calls."""


def follow(steps: Sequence[Step], library: Library | None = None, made: Recipes | None = None) -> Followed:
    """Follow the steps in order; ``made`` tells what ``make`` runs in them.

    Raises UnreadableError for a shell text that cannot be parsed.
    """
    followed = Followed(Trace())
    conditionals = followed.trace.conditionals
    for number, step in enumerate(steps):
        script = Script(
            step.text,
            errexit=step.errexit,
            pipefail=step.pipefail,
            conditionals=conditionals,
            library=library,
            made=made,
        )
        for name, value in step.variables.items():
            script.variables[name] = (Piece(value, step.text.origin(0), exact=False, known="$" not in value),)
        first, *others = script.follow()
        branches = [(conditionals.number(), 1) for _ in step.conditions]
        conditionals.asked.update(zip(branches, step.conditions, strict=True))
        first = [replace(one, branches=(*branches, *one.branches)) for one in first]
        followed.trace.commands += [replace(one, step=number, failure=step.lost or one.failure) for one in first]
        followed.trace.before[number] = step.before
        followed.scripts.append((number, script))
        followed.others += others
    return followed
