"""``reveille demo``: the playground, put together of the real bot and a Slack of its own; with no account anywhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.commands.errors import said_plainly

if TYPE_CHECKING:
    from pathlib import Path

    from bot.playground.life import Life
    from bot.playground.model import Making, PlayedWorld
    from bot.playground.slack.server import SlackServer

PORT = 8765
SETTLE_SECONDS = 5.0


@click.command()
@click.option("--once", is_flag=True, help="Print the incident, from its report to the repair, and end.")
@click.option("--scenario", metavar="NAME|FILE", default="story", help="Begin with a scenario instead of the story.")
@click.option("--port", type=click.IntRange(1, 65535), help=f"Where the page is served; by default {PORT}.")
@click.option("--no-browser", is_flag=True, help="Show the address, and open no browser.")
def demo(once: bool, scenario: str, port: int | None, no_browser: bool) -> None:
    """Open the playground: a page that looks like Slack, with the real bot behind it and a world to break.

    Everything stays on this machine: the page is served on 127.0.0.1, the world is recorded, and what the bot stores is
    thrown away at the end (Ctrl-C). Where nobody sits at a terminal it prints one incident and ends, as with --once.
    """
    if once or not (sys.stdout.isatty() or port or no_browser):
        if scenario != "story":
            raise click.UsageError(_not_printed(scenario))
        from bot.commands.walk_through import walk_through  # noqa: PLC0415 - the page does without

        walk_through()
        return
    from bot.playground.served import serve_page  # noqa: PLC0415 - Bolt takes a second, and --once does without

    with said_plainly():
        serve_page(making(), scenario, port, browser=not no_browser, say=click.echo)


def _not_printed(scenario: str) -> str:
    """Say how to see a scenario without a terminal. Raises CannotGoOnError where there is none of that name."""
    from bot.playground.scenes import scenario_named  # noqa: PLC0415 - the story does without
    from bot.scenarios.scenario import load_scenario  # noqa: PLC0415 - likewise

    found = scenario_named(scenario)
    with said_plainly():
        load_scenario(found)
    return (
        f"Only the story is printed: use 'reveille validate --scenario {found}', or --no-browser for the page without "
        "a terminal."
    )


def making() -> Making:
    """Return how a playground is world."""
    from bot.playground.model import Making  # noqa: PLC0415 - likewise
    from bot.playground.scenes import playable, played  # noqa: PLC0415 - likewise
    from bot.playground.world import PlayWorld  # noqa: PLC0415 - likewise
    from handlers.manifest import manifest  # noqa: PLC0415 - likewise

    return Making(
        playable=playable,
        played=played,
        world=lambda it: PlayWorld(it.pipeline, it.scenario),
        life=_life,
        commands=lambda: manifest(None)["features"]["slash_commands"],
    )


def _life(world: PlayedWorld, slack: SlackServer, store: Path) -> Life:
    """Compose a bot as ``serve`` does. Nothing of it comes from the environment, and nothing leads to a project, a
    pager or another Slack."""
    from bot.composition.notifier import MadeWorld, Prepared  # noqa: PLC0415 - likewise
    from bot.composition.serve import assembled  # noqa: PLC0415 - likewise
    from bot.delivery.drain import Drain  # noqa: PLC0415 - likewise
    from bot.playground.life import Life, Parts  # noqa: PLC0415 - likewise
    from bot.redaction.shown import Secret  # noqa: PLC0415 - likewise
    from bot.serving.serving_settings import ServingSettings, SlackSettings  # noqa: PLC0415 - likewise
    from bot.settings import Settings  # noqa: PLC0415 - likewise
    from bot.timetable.slots import notifications_of  # noqa: PLC0415 - likewise

    token, secret = Secret(slack.token), Secret(slack.signing_secret)
    prepared = Prepared(
        settings=Settings(),
        serving=ServingSettings(store=store),
        slack=SlackSettings(bot_token=token, signing_secret=secret, api_url=slack.api_url),
        pipeline=world.pipeline,
        notifications=notifications_of(world.pipeline),
        scenario=None,
        world=MadeWorld(ports=world.stage, clock=world.clock, requested=world.scenario.file.requested),
    )
    serving, told, schedules = assembled((prepared,))
    return Life(
        Parts(
            pipeline=world.pipeline.name,
            serving=serving,
            timetable=schedules,
            store=told.store,
            clock=world.clock,
            digest=told.digests.run_now,
            settle=Drain(told.store, told.outbox.wake, told.clock, told.outbox.holds, seconds=SETTLE_SECONDS),
        )
    )
