"""Follows a file whose shell stands in parts: the steps of a workflow, the lines of a recipe, a Dockerfile's RUN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.audit.shell.commands import Recipes, ShellStep
from bot.audit.shell.library import Library
from bot.audit.shell.script import Script
from bot.audit.shell.trace import Trace
from bot.audit.shell.words import WordPiece


@dataclass(slots=True)
class Followed:
    """A file followed: one trace over all steps, and per-step scripts for what concerns a script alone."""

    trace: Trace
    scripts: list[tuple[int, Script]] = field(default_factory=list)
    others: list[Trace] = field(default_factory=list)
    """What functions would run that no step calls."""


def follow(steps: Sequence[ShellStep], library: Library | None = None, made: Recipes | None = None) -> Followed:
    """Follow the steps in order; ``made`` tells what ``make`` runs in them.

    Raises UnreadableSourceError for a shell text that cannot be parsed.
    """
    followed = Followed(Trace())
    conditionals = followed.trace.conditionals
    for number, step in enumerate(steps):
        first = list(step.commands)
        if step.text.text:
            script = Script(
                step.text,
                errexit=step.errexit,
                pipefail=step.pipefail,
                conditionals=conditionals,
                library=library,
                made=made,
            )
            for name, value in step.variables.items():
                script.variables[name] = (WordPiece(value, step.text.origin(0), exact=False, known="$" not in value),)
            first, *others = script.follow()
            followed.scripts.append((number, script))
            followed.others += [
                Trace(commands, conditionals=conditionals, function=function)
                for function, commands in zip(script.uncalled, others, strict=True)
            ]
        branches = conditionals.outside(step.conditions)
        first = [replace(one, branches=(*branches, *one.branches)) for one in first]
        followed.trace.commands += [replace(one, step=number, failure=step.lost or one.failure) for one in first]
        followed.trace.before[number] = step.before
    return followed
