"""``reveille deploys``: what was built and deployed lately, by whom and when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import UNKNOWN
from bot.commands.options import PIPELINE_OPTION, instant
from bot.composition.validation import ready
from bot.deploys import recent_deploys
from bot.render.deploys import deploy_parts
from bot.request import Request


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 90), default=7, show_default=True, metavar="N", help="How far back to list."
)
@PIPELINE_OPTION
@click.option("--scenario", metavar="NAME|FILE", help="Those of a scenario; no account is needed.")
@click.option("--now", callback=instant, metavar="ISO", help="Count back from this instant.")
def deploys(days: int, pipeline_file: Path | None, scenario: str | None, now: datetime | None) -> int:
    """List recent builds and revisions, the newest first, with who and when.

    Exits with 2 when something could not be checked.

    \b
    Examples:
      reveille deploys
      reveille deploys --days 1 --scenario old-commit-deployed
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), ready(pipeline_file, scenario, now, Request()) as prepared:
        validation = prepared.validation
        with validation.reads() as reads:
            found = recent_deploys(reads, validation.now, days)
        parts = tuple(deploy_parts(found, validation.pipeline, validation.now))
    show_parts(parts)
    return UNKNOWN if found.unseen else 0
