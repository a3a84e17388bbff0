"""``reveille report [DATE] --html FILE``: a validation as one web page that can be sent and kept."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import exit_code
from bot.commands.options import DATA_OPTION, INTERVAL_ARGUMENT, PIPELINE_OPTION, SCENARIO_OPTION
from bot.commands.output import say, write_output
from bot.commands.run_progress import run_progress
from bot.composition.shell_store import store_of_shell
from bot.composition.validation import ready
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.render.json import report_document
from bot.render.reading import Reading
from bot.render.webpage.page import WebPage, page_html
from bot.request import Request
from bot.settings import Settings
from bot.store.model import Alert
from bot.timetable.history import digest_documents
from checks.model import Report
from checks.pipeline import Pipeline


@click.command()
@INTERVAL_ARGUMENT
@click.option(
    "--html",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    required=True,
    help="Where to write the page; only you can read it.",
)
@PIPELINE_OPTION
@SCENARIO_OPTION
@DATA_OPTION
def interval(
    interval: str | None, file: Path, pipeline_file: Path | None, scenario: str | None, data: Path | None
) -> int:
    """Validate, and write one web page: the verdict, causes, evidence, next steps, the phases, the last two weeks.

    The page needs nothing else: no script, no network. What came before is from the store that REVEILLE_STORE names;
    without a store, and for a scenario, the page has no history. The word 'interval' may be left out; DATE is written
    as for 'reveille validate', and the exit code is its, too.

    \b
    Examples:
      reveille report yesterday --html report.html
      reveille report --html report.html --scenario invoker-lost
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        asked = Request(interval=interval or "previous")
        with ready(pipeline_file, scenario, None, asked, data=data) as prepared:
            validation = prepared.validation
            planned = validation.plan(asked if interval else replace(asked, interval=prepared.interval))
            with run_progress(planned) as observe:
                report = validation.run(planned, observe)
        reading = Reading(report=report, pipeline=validation.pipeline, checks=validation.checks)
        is_real = scenario is None and data is None
        history, alerts = _remembered(validation.pipeline, report) if is_real else ((), None)
    page = WebPage(
        pipeline=validation.pipeline,
        now=report.now.astimezone(UTC),
        document=report_document(reading),
        history=history,
        alerts=alerts,
    )
    write_output(file, Redactor(known_secrets(os.environ))(page_html(page)))
    say(f"{file} has the report of {report.previous}: {report.verdict}.")
    return exit_code(report.verdict, strict=False)


def _remembered(pipeline: Pipeline, report: Report) -> tuple[Sequence[Mapping[str, Any]], Sequence[Alert] | None]:
    """Return the documents of the last digests and the open alerts; nothing where no store is named."""
    with store_of_shell(pipeline, Settings.from_environment()) as store:
        if store is None:
            return (), None
        now: datetime = report.now
        earlier = digest_documents(store, pipeline.name, now, str(report.previous))
        return [each for each in earlier if str(each.get("previous")) < str(report.previous)], store.open_alerts(
            pipeline.name
        )
