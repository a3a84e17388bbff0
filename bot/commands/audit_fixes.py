"""What ``reveille audit --fix`` and ``--diff`` do: show the automatic fixes, ask, write them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bot.audit.fixes import FileFix, FixError, plan, write
from bot.audit.request import AuditRequest
from bot.audit.review import Review
from bot.commands.audit_output.difference import print_difference
from bot.commands.audit_output.words import asides, summary
from bot.commands.output import agreed, complain, say


def fixed(asked: AuditRequest, *, yes: bool, aside: bool) -> Review:
    """Show what can be fixed, ask unless ``yes``, write it; return the review of what is there then.

    With ``aside`` the difference goes to standard error, because a program reads the other.
    """
    before = asked.run()
    fixes, problems = plan(before.root, before.violations, before.sources)
    print_difference(fixes, sys.stderr if aside else sys.stdout)
    _say(problems)
    if not fixes:
        say("There is nothing that can be fixed automatically.", err=True)
        return before
    if not yes and not agreed(_question(fixes)):
        say("Nothing was written.", err=True)
        return before
    written = _write(before, fixes)
    say(f"Fixed {_violations(written)}.", err=True)
    if left := sum(len(file_fix.left) for file_fix in fixes):
        say(f"{_violations(left)} more can be fixed, in the same places: run --fix again.", err=True)
    return asked.run()


def show_difference(review: Review) -> None:
    """Print the difference alone on standard output, so that it can be applied; all else goes to standard error."""
    fixes, problems = plan(review.root, review.violations, review.sources)
    print_difference(fixes, sys.stdout)
    _say(problems)
    for sentence in (*asides(review), summary(review)):
        say(sentence, err=True)


def _write(review: Review, fixes: Sequence[FileFix]) -> int:
    """Write the fixes, each file on its own; return how many violations are fixed."""
    written = 0
    for file_fix in fixes:
        try:
            write(review.root, file_fix)
            written += len(file_fix.fixed)
        except FixError as error:
            _say((str(error),))
    return written


def _say(problems: Sequence[str]) -> None:
    for problem in problems:
        complain(problem)


def _question(fixes: Sequence[FileFix]) -> str:
    count = sum(len(file_fix.fixed) for file_fix in fixes)
    files = "1 file" if len(fixes) == 1 else f"{len(fixes)} files"
    return f"Fix {_violations(count)} in {files}?"


def _violations(count: int) -> str:
    return "1 violation" if count == 1 else f"{count} violations"
