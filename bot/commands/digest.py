"""``reveille digest``: the morning digest once, from a shell or somebody else's scheduler."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, UNKNOWN, CannotGoOnError
from bot.commands.options import PIPELINE_OPTION, instant
from bot.commands.output import complain, say
from bot.composition.notifier import Notifier, notifying
from bot.delivery.troubles import Trouble
from bot.request import day_meant
from bot.sinks.slack.access import ask
from bot.sinks.slack.errors import TROUBLES, remedy
from bot.sinks.slack.format import formatted
from bot.sinks.slack.incoming import VARIABLE, NotTakenError, address_of, send
from bot.sinks.slack.lines import lines_of
from bot.store.model import SLACK, Delivery
from bot.timetable.digest import Digests
from bot.timetable.done import Done

PATIENCE = 30.0
"""Seconds that Slack gets for a digest of a dozen messages at one a second."""

STEP = 0.1

SILENCE = 3.0
"""Seconds after which a person is told what is waited for."""


@click.command()
@click.option(
    "--date", "day", metavar="DATE", help="The morning whose digest it is, such as '10 feb'; by default today."
)
@PIPELINE_OPTION
@click.option("--scenario", metavar="NAME|FILE", help="Post the digest of a scenario.")
@click.option("--now", callback=instant, metavar="ISO", help="Judge as if it were this instant.")
@click.option("--dry-run", is_flag=True, help="Print what would be posted; post and store nothing. Needs no token.")
@click.option("--webhook", is_flag=True, help=f"Send it one way, to the address in {VARIABLE}. Needs no app, no token.")
def digest(
    day: str | None,
    pipeline_file: Path | None,
    scenario: str | None,
    now: datetime | None,
    *,
    dry_run: bool,
    webhook: bool,
) -> int:
    """Post the morning digest to Slack, or bring the one of that morning up to date in place.

    A digest judges the run before its date. Needs SLACK_BOT_TOKEN, unless --dry-run only prints it, or --webhook sends
    it without an app: each time as a new message, and nothing is stored. Exits with 0 when Slack has it, with 1 when it
    is stored and waits for Slack, or a webhook did not take it, with 2 when another process is writing it, with 3 when
    Slack does not let the bot in: then nothing was validated.

    \b
    Examples:
      reveille digest
      reveille digest --date monday
      reveille digest --dry-run
      reveille digest --webhook
      REVEILLE_CHANNEL=C0123456789 reveille digest --scenario invoker-lost
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), notifying(pipeline_file, scenario, now, silent=dry_run or webhook) as told:
        of = None if day is None else day_meant(day, told.validation.pipeline, told.clock())
        if dry_run:
            for message in told.digests.draft(of):
                for line in (*lines_of(formatted(message.document)), ""):
                    say(line)
            return FINE
        if webhook:
            return _send_text(told, of)
        must_be_let_in(told)
        return write(told.digests, told.outbox, told.store, of)


def _send_text(told: Notifier, of: date | None) -> int:
    """Send the digest one way: its lines, without buttons and without what only a thread or a refresh makes true."""
    url = address_of(os.environ)
    message, *_ = told.digests.draft(of)
    text = "\n".join(lines_of(formatted(message.document), without=("actions", "context"), fence=("```",)))
    try:
        send(url, text)
    except NotTakenError as error:
        complain(f"the digest is not posted: {VARIABLE}: {error}")
        return FAILED
    say("The digest is posted.")
    return FINE


def must_be_let_in(told: Notifier) -> None:
    """Raise CannotGoOnError unless Slack lets the bot in.

    A validation costs a minute and queries: not before it is known that Slack takes what comes of it.

    A Slack that does not answer refuses nothing: the digest is stored and waits for it.
    """
    try:
        access = ask(told.client, [told.notifications.routes.default])
    except OSError:
        return
    told.workspace.learn(access.url)
    for place, problem in access.problems().items():
        message = f"Nothing was validated. {place.capitalize()}: {problem}"
        raise CannotGoOnError(message)


class Pump(Protocol):
    """Sends what waits; returns how much it sent."""

    def pump(self) -> int: ...


class Queue(Protocol):
    """Knows what waits."""

    def pending(self) -> Sequence[Delivery]: ...


def write(digests: Digests, outbox: Pump, queue: Queue, day: date | None, patience: float = PATIENCE) -> int:
    """Write a digest, send for so many seconds what waits, say what came of it; return the exit code."""
    of = digests.of(day)
    done = digests.run_now(day)
    if done is Done.BUSY:
        complain("another process is writing this digest.")
        return UNKNOWN
    refusal = send_waiting(outbox, queue, patience)
    if not digests.follow_up(of):
        why = refusal or f"Slack did not take it within {patience:g} s."
        complain(f"the digest is stored, but Slack does not have it: {why} Whoever serves sends it then.")
        return FAILED
    say("The digest is posted." if done is Done.POSTED else "The digest is up to date.")
    return FINE


def send_waiting(outbox: Pump, queue: Queue, patience: float) -> str:
    """Send what waits, and wait for Slack alone; return why it refuses, where only a person can end that."""
    began = time.monotonic()
    is_said = False
    while True:
        sent, waiting = outbox.pump(), [each for each in queue.pending() if each.sink == SLACK]
        if not sent and not waiting:
            return ""
        if refusal := _refusal(waiting):
            return refusal
        took = time.monotonic() - began
        if took >= patience:
            return ""
        if took >= SILENCE and not is_said:
            is_said = True
            say(f"Waiting for Slack, for {patience:g} s at most ...", err=True)
        time.sleep(STEP)


def _refusal(waiting: Sequence[Delivery]) -> str:
    passing = (None, Trouble.BUSY, Trouble.UNAVAILABLE, Trouble.REFUSED)
    refused = next((each for each in waiting if TROUBLES.get(each.error) not in passing), None)
    return "" if refused is None else f"{refused.error} for {refused.channel}. {remedy(refused.error)}"
