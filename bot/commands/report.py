"""``reveille report``: an interval as a web page, and the draft of a post-mortem from the store of the bot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bot.alerting.alerts import was_told
from bot.alerting.chronicle import chronicle_in
from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import say, write_output
from bot.commands.report_page import interval
from bot.composition.repairs_shell import remembered
from bot.nearest import meant
from bot.redaction.known import known_secrets
from bot.redaction.redactor import Redactor
from bot.render.alert_title import short_title
from bot.render.markdown import report_file
from bot.render.words import moment
from bot.store.model import Alert, StateStore
from checks.pipeline import Pipeline

LISTED = timedelta(days=90)
"""Incidents that ended longer ago are not listed; one can be named all the same while the store has it."""

LISTED_AT_MOST = 40


class _DateOrCommand(click.Group):
    """A group that takes a date in the place of a command: ``reveille report 10 feb --html FILE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what begins with no command as the arguments of the page of an interval."""
        return super().parse_args(ctx, self._named(ctx, args))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with, else that of an interval."""
        return super().resolve_command(ctx, self._named(ctx, args))

    def _named(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_command = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return args if is_command else ["interval", *args]


@click.group(cls=_DateOrCommand)
def report() -> None:
    """Write up an interval as a web page, or an incident for people who were not there.

    \b
    Examples:
      reveille report yesterday --html report.html
      reveille report incident
    """  # noqa: D301 - click reads the backspace


report.add_command(interval)


@report.command()
@click.argument("incident_id", metavar="[ID]", required=False)
@click.option(
    "--markdown",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it to a file instead.",
)
@PIPELINE_OPTION
def incident(incident_id: str | None, file: Path | None, pipeline_file: Path | None) -> int:
    """Write the draft of a post-mortem, in Markdown: what happened when, what it meant, why, who did what.

    Of a resolved incident, or of an open one as far as it has come. Without an ID it lists the incidents; Details in
    Slack shows the ID, too. Reads the store that REVEILLE_STORE names.

    \b
    Examples:
      reveille report incident
      reveille report incident nba:invoker:phase3-to-phase4:- --markdown post-mortem.md
    """  # noqa: D301 - click reads the backspace
    if incident_id is None and file is not None:
        raise click.UsageError("Which incident? 'reveille report incident' lists them.")
    with said_plainly(), remembered(pipeline_file) as (pipeline, store):
        now = datetime.now(UTC)
        if incident_id is None:
            return _list(_incidents(store, pipeline, now), pipeline, now)
        alert = store.alert(incident_id)
        if alert is None or alert.pipeline != pipeline.name or not was_told(alert):
            raise CannotGoOnError(_unknown(incident_id, _incidents(store, pipeline, now)))
        chronicle = chronicle_in(store, alert, now)
    text = Redactor(known_secrets(os.environ))(report_file(chronicle, pipeline))
    if file is None:
        for line in text.splitlines():
            say(line)
        return FINE
    write_output(file, text)
    say(f"{file} has the draft: check it, and answer its open questions.")
    return FINE


def _incidents(store: StateStore, pipeline: Pipeline, now: datetime) -> Sequence[Alert]:
    found = store.recent_alerts(pipeline.name, now - LISTED)
    return sorted(filter(was_told, found), key=lambda each: each.opened_at, reverse=True)


def _list(alerts: Sequence[Alert], pipeline: Pipeline, now: datetime) -> int:
    for each in alerts[:LISTED_AT_MOST]:
        opened = moment(each.opened_at, pipeline.zone, now)
        say(f"{opened}  {each.severity.name}  {each.state:<12}  {short_title(each)}")
        say(f"    {each.key}")
    if len(alerts) > LISTED_AT_MOST:
        say(f"… and {len(alerts) - LISTED_AT_MOST} earlier ones.")
    if not alerts:
        say("The store has no incident of this pipeline.")
    return FINE


def _unknown(name: str, alerts: Sequence[Alert]) -> str:
    hint = meant(name, [each.key for each in alerts], "'reveille report incident' lists those that there are.")
    return f"the store has no incident '{name[:200]}': {hint}"
