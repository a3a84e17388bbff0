"""What ``reveille audit --fix`` and ``--diff`` do: show the mechanical repairs, ask, write them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bot.audit.fixes import FixError, Repair, plan, write
from bot.audit.request import AuditRequest
from bot.audit.review import Review
from bot.commands.audit_output.difference import print_difference
from bot.commands.audit_output.words import asides, summary
from bot.commands.output import agreed, complain, say


def fixed(asked: AuditRequest, *, yes: bool, aside: bool) -> Review:
    """Show what can be mended, ask unless ``yes``, write it; return the review of what is there then.

    With ``aside`` the difference goes to standard error, because a program reads the other.
    """
    before = asked.run()
    repairs, problems = plan(before.root, before.violations, before.sources)
    print_difference(repairs, sys.stderr if aside else sys.stdout)
    _say(problems)
    if not repairs:
        say("There is nothing that can be mended mechanically.", err=True)
        return before
    if not yes and not agreed(_question(repairs)):
        say("Nothing was written.", err=True)
        return before
    written = _write(before, repairs)
    say(f"Mended {_violations(written)}.", err=True)
    if left := sum(len(repair.left) for repair in repairs):
        say(f"{_violations(left)} more can be mended, in the same places: run --fix again.", err=True)
    return asked.run()


def show_difference(review: Review) -> None:
    """Print the difference alone on standard output, so that it can be applied; all else goes to standard error."""
    repairs, problems = plan(review.root, review.violations, review.sources)
    print_difference(repairs, sys.stdout)
    _say(problems)
    for sentence in (*asides(review), summary(review)):
        say(sentence, err=True)


def _write(review: Review, repairs: Sequence[Repair]) -> int:
    """Write the repairs, each file on its own; return how many violations are mended."""
    written = 0
    for repair in repairs:
        try:
            write(review.root, repair)
            written += len(repair.mended)
        except FixError as error:
            _say((str(error),))
    return written


def _say(problems: Sequence[str]) -> None:
    for problem in problems:
        complain(problem)


def _question(repairs: Sequence[Repair]) -> str:
    count = sum(len(repair.mended) for repair in repairs)
    files = "1 file" if len(repairs) == 1 else f"{len(repairs)} files"
    return f"Mend {_violations(count)} in {files}?"


def _violations(count: int) -> str:
    return "1 violation" if count == 1 else f"{count} violations"
