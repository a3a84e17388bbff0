"""``reveille audit``: what is wrong in the files that deploy, before they do."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bot.audit.baseline import BaselineError, save
from bot.audit.model import AuditRule
from bot.audit.request import AuditRequest, AuditRequestError, request, rule_ids
from bot.audit.review import Review
from bot.audit.rules.catalog import EVERY_RULE
from bot.commands.audit_fixes import fixed, show_difference
from bot.commands.audit_output.github import review_commands
from bot.commands.audit_output.json import review_json
from bot.commands.audit_output.sarif import review_sarif
from bot.commands.audit_output.text import print_review
from bot.commands.audit_output.words import asides, summary
from bot.commands.exits import FAILED, FINE, CannotGoOnError
from bot.commands.output import emit, say
from bot.git_program import git_files
from bot.render.message import Cell, Command, Heading, Line, Part, SmallPrint, Table
from bot.render.terminal import console_for, print_parts
from bot.render.words import number

SHAPES = ("text", "json", "sarif", "github")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--format",
    "shape",
    type=click.Choice(SHAPES),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, SARIF for code scanning, annotations for GitHub Actions.",
)
@click.option("--rule", "only", multiple=True, metavar="ID", help="Check only this rule; may be repeated.")
@click.option("--ignore", "without", multiple=True, metavar="ID", help="Do not check this rule; may be repeated.")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings, notes and a stale baseline, too.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Do not count what this file knows.")
@click.option("--write-baseline", is_flag=True, help="Write all there is now into the baseline, and exit with 0.")
@click.option("--diff", is_flag=True, help="Show the automatic fixes, and write nothing.")
@click.option("--fix", is_flag=True, help="Show the automatic fixes, ask, and write them.")
@click.option("--yes", is_flag=True, help="Write the fixes of --fix without asking.")
@click.option("--list-rules", is_flag=True, help="List the rules.")
@click.option("--explain", metavar="ID", help="Explain a rule: why, what to do, an example.")
def audit(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: tuple[Path, ...],
    shape: str,
    only: tuple[str, ...],
    without: tuple[str, ...],
    strict: bool,
    baseline: Path | None,
    write_baseline: bool,
    diff: bool,
    fix: bool,
    yes: bool,
    list_rules: bool,
    explain: str | None,
) -> int:
    """Audit Cloud Build files and deploy scripts: does each deploy keep the pipeline running?

    It reads *cloudbuild*.yaml, and each shell script, GitHub workflow, Makefile and Dockerfile that deploys, below
    each PATH (by default here). No network, no account. docs/audit.md describes the rules, baselines and ignores.

    \b
    Examples:
      reveille audit
      reveille audit bin/deploy.sh --diff
      reveille audit --format sarif > audit.sarif
      reveille audit --explain REV001

    \b
    Exit codes:
      0  no errors          3  wrong use, or nothing to audit
      1  errors; with --strict also warnings
    """  # noqa: D301 - click reads the backspace
    if list_rules or explain is not None:
        return _tell(explain)
    _refuse(
        (fix and diff, "--fix and --diff exclude each other."),
        (yes and not fix, "--yes answers --fix, which is not there."),
        (write_baseline and baseline is None, "--write-baseline needs --baseline FILE."),
        (write_baseline and (fix or diff), "--write-baseline excludes --fix and --diff."),
        (
            fix and not yes and not sys.stdin.isatty(),
            "--fix asks, and nobody can answer here: add --yes, or use --diff.",
        ),
    )
    _collect_rarely()
    try:
        asked = request(paths, only, without, baseline, git_files=git_files, may_lack_baseline=write_baseline)
        if write_baseline and baseline is not None:
            return _write_baseline(asked, baseline)
        review = fixed(asked, yes=yes, aside=shape != "text") if fix else asked.run()
    except (AuditRequestError, BaselineError) as error:
        raise CannotGoOnError(str(error)) from error
    if diff:
        show_difference(review)
    else:
        _show(review, shape)
    return FAILED if review.fails(strict=strict) else FINE


def _collect_rarely() -> None:
    """Collect garbage less often: an audit makes many small objects and keeps most, and then the process ends.

    On 3,000 deploy scripts this halves the time and costs no memory that counts.
    """
    gc.set_threshold(20_000, 10, 1000)


def _refuse(*combinations: tuple[bool, str]) -> None:
    for wrong, message in combinations:
        if wrong:
            raise click.UsageError(message)


def _tell(explain: str | None) -> int:
    if explain is None:
        rows = tuple((Cell(text=rule.id), Cell(text=rule.severity.value), Cell(text=rule.title)) for rule in EVERY_RULE)
        parts: Sequence[Part] = (
            Table(columns=("Rule", "Severity", "What it asks"), rows=rows),
            SmallPrint(text="'reveille audit --explain ID' tells why, and how to fix it."),
        )
    else:
        try:
            (wanted,) = rule_ids((explain,))
        except AuditRequestError as error:
            raise CannotGoOnError(str(error)) from error
        parts = rule_explanation(next(rule for rule in EVERY_RULE if rule.id == wanted))
    print_parts(parts, console_for(sys.stdout))
    return FINE


def rule_explanation(rule: AuditRule) -> Sequence[Part]:
    """Return everything there is to know about a rule."""
    return (
        Heading(text=rule.title),
        SmallPrint(text=f"{rule.id} · {rule.severity.value}"),
        Line(text=rule.rationale),
        Heading(text="What to do"),
        Line(text=rule.fix),
        Heading(text="Wrong"),
        Command(text=rule.example_bad),
        Heading(text="Right"),
        Command(text=rule.example_good),
    )


def _write_baseline(asked: AuditRequest, path: Path) -> int:
    entries = asked.baseline_entries()
    save(path, entries)
    count = number(sum(entry.count for entry in entries), "violation")
    say(f"{path} holds {count} now. Commit it: only what is not in it fails.")
    return FINE


def _show(review: Review, shape: str) -> None:
    if shape == "text":
        print_review(review, console_for(sys.stdout), Path.cwd())
        return
    if shape == "github":
        for line in review_commands(review):
            emit(line)
        return
    emit(review_json(review) if shape == "json" else review_sarif(review))
    for sentence in (*asides(review), summary(review)):
        say(sentence, err=True)
