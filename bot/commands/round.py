"""``reveille round``: what is due now, once, from a job of Cloud Run or somebody else's scheduler."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from bot.commands.digest import PATIENCE, must_be_let_in, send_waiting
from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE
from bot.commands.options import PIPELINE_OPTION, instant
from bot.commands.output import complain, say
from bot.composition.one_round import one_round
from bot.store.model import SLACK
from bot.timetable.schedules import ROUND


@click.command("round")
@PIPELINE_OPTION
@click.option("--scenario", metavar="NAME|FILE", help="Do what is due in a scenario.")
@click.option("--now", callback=instant, metavar="ISO", help="Judge as if it were this instant.")
def round_command(pipeline_file: Path | None, scenario: str | None, now: datetime | None) -> int:
    """Do what is due now, once: the digest and its refreshes, the watch, the notice of a late digest, repairs.

    Others may do the same on the same store, also at the same time: nothing is done twice. Needs SLACK_BOT_TOKEN.
    Exits with 0 when Slack has what came of it, with 1 when something is stored and waits for Slack, with 3 when Slack
    does not let the bot in: then nothing was validated.

    \b
    Examples:
      reveille round
      REVEILLE_STORE=firestore:reveille reveille round --pipeline shop.yaml
    """  # noqa: D301 - click reads the backspace
    with said_plainly(), one_round(pipeline_file, scenario, now) as (told, schedules):
        must_be_let_in(told)
        schedules.run(ROUND)
        refusal = send_waiting(told.outbox, told.store, PATIENCE)
        waiting = [each for each in told.store.pending() if each.sink == SLACK]
    if waiting:
        why = refusal or f"Slack did not take it within {PATIENCE:g} s."
        complain(f"what is due is stored, but Slack does not have all of it: {why} The next round sends it.")
        return FAILED
    say("The round is done.")
    return FINE
