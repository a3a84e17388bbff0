"""``reveille serve``: the bot, until somebody ends it."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.options import PIPELINE_OPTION
from bot.composition.serve import prepare, run


@click.command()
@PIPELINE_OPTION
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME|FILE",
    help="Serve a scenario, on this machine; several, where each has a pipeline of its own. By default "
    "$REVEILLE_SCENARIO, else the project.",
)
def serve(pipeline_file: Path | None, scenarios: tuple[str, ...]) -> int:
    """Answer Slack, post the digest, keep the alert threads: until SIGTERM.

    Of several pipelines all are served; a file that does not load keeps all from starting.

    \b
    Slack reaches the bot in one of two ways:
      SLACK_SIGNING_SECRET   over HTTP, on $PORT (8080)
      SLACK_APP_TOKEN        through Socket Mode; no address is needed

    \b
    Also read from the environment (each secret also as NAME_FILE):
      SLACK_BOT_TOKEN          the bot's own token
      SLACK_API_URL            another server that speaks Slack's API
      REVEILLE_CHANNEL         takes every message, for trying things out
      REVEILLE_STORE           a file (reveille.db), firestore, or firestore:DATABASE
      REVEILLE_HEARTBEAT_URL   asked for after each digest that Slack has confirmed
      REVEILLE_TASKS_AUDIENCE, REVEILLE_TASKS_ACCOUNT   for Cloud Scheduler
      REVEILLE_TASKS_QUEUE     a queue of Cloud Tasks that wakes the service in between
      REVEILLE_OPERATIONS_PORT, REVEILLE_OPERATIONS_TOKEN   where metrics are served, and to whom
      REVEILLE_BOARD_TOKEN     opens /board, a page for the wall; without it there is none
      REVEILLE_PEER_CONNECTIONS   that one address may have open (200)
      REVEILLE_TRACES=otlp        trace runs and deliveries; OTEL_EXPORTER_OTLP_ENDPOINT says where to
    """  # noqa: D301 - click reads the backspace
    with said_plainly():
        prepared = prepare(pipeline_file, scenarios)
    return run(prepared)
