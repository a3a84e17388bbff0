"""``reveille status``: how Reveille itself is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, UNKNOWN, WRONG_USE
from bot.commands.options import PIPELINE_OPTION, SCENARIO_OPTION, instant
from bot.commands.output import complain, emit
from bot.composition.shell_store import store_of_shell
from bot.composition.validation import ready, sources_of
from bot.definition.files import PipelineFileError
from bot.render.status import Status, status_document, status_parts
from bot.request import Request
from bot.settings import Settings, SettingsError
from bot.status import PATIENCE, status_of


@click.command()
@PIPELINE_OPTION
@SCENARIO_OPTION
@click.option("--now", callback=instant, metavar="ISO", help="How it is at this instant.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def status(pipeline_file: Path | None, scenario: str | None, now: datetime | None, as_json: bool) -> int:
    """Say when Reveille last checked and checks next, what it may do, which sources answer, what waits to be sent.

    Of several pipelines all are told, or the one that --pipeline names. The store is the one that REVEILLE_STORE names.
    Exits with 2 when a source or the store does not answer.

    \b
    Examples:
      reveille status
      reveille status --json
      reveille status --scenario half-the-sources-down
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        settings = Settings.from_environment()
        files = () if scenario is not None else sources_of(pipeline_file, settings)
        if len(files) <= 1:
            found = [_status(pipeline_file, scenario, now, settings)]
        else:
            found = [each for each in (_one_of_several(file, now, settings) for file in files) if each is not None]
    if as_json:
        documents = [status_document(each) for each in found]
        emit(json.dumps(documents if len(files) > 1 else documents[0], indent=2, ensure_ascii=True))
    else:
        for each in found:
            show_parts(status_parts(each))
    if len(found) < len(files):
        return WRONG_USE
    return UNKNOWN if any(each.silent or each.unread for each in found) else FINE


def _status(pipeline_file: Path | None, scenario: str | None, now: datetime | None, settings: Settings) -> Status:
    with ready(pipeline_file, scenario, now, Request(), settings) as prepared:
        validation = prepared.validation
        with store_of_shell(validation.pipeline, settings) as store, validation.reads(PATIENCE) as reads:
            return status_of(validation.pipeline, validation.now, reads, store)


def _one_of_several(file: Path, now: datetime | None, settings: Settings) -> Status | None:
    """Return how one of several pipelines is; what is wrong with its file is said, and hides no other."""
    try:
        return _status(file, None, now, settings)
    except (PipelineFileError, SettingsError) as error:
        complain(str(error))
        return None
