"""``reveille checks`` and ``reveille explain``: what is checked, and what each code means."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from bot.audit.rules.catalog import EVERY_RULE
from bot.commands.audit import rule_explanation
from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.composition.validation import pipeline_of
from bot.render.checks import check_list, explanation
from bot.render.codes import ANYWHERE, code_explanation, codes_of
from bot.settings import Settings
from bot.validation import suggest
from checks.catalog import PYTHON_CHECKS, checks_of


@click.command()
@PIPELINE_OPTION
def checks(pipeline_file: Path | None) -> None:
    """List the checks by phase: id, the worst they can say, whether they are quick, what they ask."""
    with said_plainly():
        pipeline = pipeline_of(pipeline_file)
        known = checks_of(pipeline)
    show_parts(check_list(pipeline, known))


@click.command()
@click.argument("name", metavar="ID|CODE")
@PIPELINE_OPTION
def explain(name: str, pipeline_file: Path | None) -> None:
    """Explain a check, a cause, a finding's code or a rule of the audit: what it means and what to do.

    \b
    Examples:
      reveille explain trigger             a check
      reveille explain invoker-missing     a cause
      reveille explain not-triggered       a code of a finding
      reveille explain REV001              a rule of the audit
    """  # noqa: D301 - click reads the backspace
    rules = {rule.id: rule for rule in EVERY_RULE}
    if name.upper() in rules:
        show_parts(rule_explanation(rules[name.upper()]))
        return
    with said_plainly():
        # What a cause or a common code means is the same in every pipeline, so that none need be named for it.
        if pipeline_file is None and name in ANYWHERE and Settings.from_environment().pipeline is None:
            show_parts(code_explanation(name, PYTHON_CHECKS))
            return
        pipeline = pipeline_of(pipeline_file)
        known = checks_of(pipeline)
        by_id = {check.id: check for check in known}
        codes = codes_of(known)
        if name not in by_id and name not in codes:
            every = {*by_id, *codes, *rules}
            raise CannotGoOnError(
                suggest("check, code or rule", name, every if get_close_matches(name, every) else by_id)
            )
    if name in by_id:
        show_parts(explanation(by_id[name], pipeline))
    if name in codes:
        show_parts(code_explanation(name, known))
