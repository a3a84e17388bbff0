"""``reveille log``: who did what, when, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import click

from bot.alerting.chronicle import is_transition
from bot.commands.errors import said_plainly
from bot.commands.exits import FINE
from bot.commands.options import PIPELINE_OPTION
from bot.commands.output import emit, say
from bot.composition.repairs_shell import remembered
from bot.dates import is_date_word
from bot.repairs.model import RepairRun
from bot.repairs.records import BEGUN, ENDED, PLANNED, VERIFIED, runs_of
from bot.repairs.words import named, run_line
from bot.request import day_meant
from bot.store import kept
from bot.store.marked import is_of
from bot.store.model import AuditEntry
from checks.cells import in_words
from checks.pipeline import Pipeline

_SPAN = re.compile(r"(\d{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
AT_MOST = 1_000


def since_option(context: click.Context, option: click.Parameter, value: str) -> timedelta | datetime | str:
    """Read a span such as 7d, or an instant; a date in words is read where the pipeline's zone is known."""
    del context, option
    match = _SPAN.fullmatch(value)
    if match is not None:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if is_date_word(value):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        message = f"'{value}' is neither a span such as 24h or 7d nor a date such as monday or 2026-02-11T08:00."
        raise click.BadParameter(message) from None


@click.command()
@click.option(
    "--since", callback=since_option, default="7d", show_default=True, metavar="SPAN|DATE", help="How far back."
)
@click.option("--json", "as_json", is_flag=True, help="Every record as it is stored, the newest first.")
@PIPELINE_OPTION
def log(since: timedelta | datetime | str, as_json: bool, pipeline_file: Path | None) -> int:
    """List repairs and what else people did, the newest first, from the store that REVEILLE_STORE names.

    Of several pipelines it shows what was done in the one that --pipeline names.
    A repair whose process died in the middle is shown as unfinished.

    \b
    Examples:
      reveille log
      reveille log --since 24h
      reveille log --since monday
      reveille log --since 2026-02-11 --json
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), remembered(pipeline_file) as (pipeline, store):
        now = datetime.now(UTC)
        begin = _begin(since, pipeline, now)
        entries = [each for each in store.audit(begin, AT_MOST) if is_of(each, pipeline.name)]
    if as_json:
        emit(json.dumps([_document(each) for each in entries], indent=2, ensure_ascii=True))
        return FINE
    for line in lines(pipeline, entries, now):
        say(line)
    if not entries:
        say("Nothing was done in this time.")
    return FINE


def _begin(since: timedelta | datetime | str, pipeline: Pipeline, now: datetime) -> datetime:
    """Return from when on; a date begins at its midnight where the pipeline is."""
    if isinstance(since, timedelta):
        return now - since
    if isinstance(since, str):
        since = datetime.combine(day_meant(since, pipeline, now), time())
    return since if since.tzinfo is not None else since.replace(tzinfo=pipeline.zone)


def lines(pipeline: Pipeline, entries: Sequence[AuditEntry], now: datetime) -> Iterator[str]:
    """Yield a line for each repair and for each other deed, the newest first."""
    runs: list[RepairRun] = list(runs_of(entries))
    told = [(run.begun_at, f"{run_line(run, pipeline.zone, now)}  [{run.id}]") for run in runs]
    ended = {each.key.removesuffix(":ended") for each in entries if each.key.endswith(":ended")}
    for each in entries:
        if each.key.removesuffix(":begun") in ended:
            continue
        # A repair is one line; a look at a plan, a question, and what Reveille decided are none.
        if each.action not in (PLANNED, BEGUN, ENDED, VERIFIED, *kept.RECORDS) and not is_transition(each):
            when = in_words(each.at, pipeline.zone, now.astimezone(pipeline.zone).year)
            detail = f": {each.details['detail']}" if each.details.get("detail") else ""
            told.append(
                (each.at, f"{when}  {each.action} {each.subject}, by {named(each.actor)}: {each.outcome}{detail}")
            )
    yield from (line for _, line in sorted(told, key=lambda pair: pair[0], reverse=True))


def _document(entry: AuditEntry) -> dict[str, object]:
    return {
        "key": entry.key,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "details": dict(entry.details),
    }
