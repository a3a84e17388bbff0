"""``reveille status``: how Reveille itself is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, UNKNOWN
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION, instant
from bot.commands.output import emit
from bot.composition.repairs_shell import store_of_shell
from bot.composition.validation import ready
from bot.render.status import status_document, status_parts
from bot.request import Request
from bot.settings import Settings
from bot.status import PATIENCE, status_of


@click.command()
@PIPELINE_OPTION
@SCENARIO_OPTION
@click.option("--now", callback=instant, metavar="ISO", help="How it is at this instant.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def status(pipeline_file: Path | None, scenario: str | None, now: datetime | None, as_json: bool) -> int:
    """Say when Reveille last looked and looks next, what it may do, which sources answer, what waits to be sent.

    The store is the one that REVEILLE_STORE names. Exits with 2 when a source or the store does not answer.

    \b
    Examples:
      reveille status
      reveille status --json
      reveille status --scenario half-the-sources-down
    """  # noqa: D301 - click reads the backspace
    settings = Settings.from_environment()
    with said_plainly(), ready(pipeline_file, scenario, now, Request(), settings) as prepared:
        validation = prepared.validation
        with store_of_shell(validation.pipeline, settings) as store, validation.reads(PATIENCE) as reads:
            found = status_of(validation.pipeline, validation.now, reads, store)
    if as_json:
        emit(json.dumps(status_document(found), indent=2, ensure_ascii=True))
    else:
        show_parts(status_parts(found))
    return UNKNOWN if found.silent or found.unread else FINE
