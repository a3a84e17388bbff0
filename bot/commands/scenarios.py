"""``reveille scenarios`` and ``reveille replay``: scenarios, and what must be said of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import click

from bot.commands.display import show_parts
from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE
from bot.commands.options import PIPELINE_OPTION
from bot.commands.replay_table import replay_table, scenario_list
from bot.composition.validation import source_of
from bot.definition.pipeline_file import load_pipeline, shipped_pipeline
from bot.replay import replay as run
from bot.replay import scenarios as shipped
from bot.scenarios.scenario import load_scenario, shipped_scenarios


@click.command()
def scenarios() -> None:
    """List the scenarios that 'validate --scenario' and 'replay' know."""
    with said_plainly():
        known = shipped(shipped_pipeline())
    show_parts(scenario_list(known))


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...")
@click.option("--all", "everything", is_flag=True, help="Run every scenario that is shipped.")
@PIPELINE_OPTION
def replay(names: tuple[str, ...], everything: bool, pipeline_file: Path | None) -> int:
    """Run scenarios and compare what they state with what is found; exit with 1 on any difference.

    \b
    Examples:
      reveille replay healthy-morning
      reveille replay ./our-incident.yaml
      reveille replay --all
    """  # noqa: D301 - click reads the backspace
    if everything == bool(names):
        message = "Name the scenarios to replay, or use --all."
        raise click.UsageError(message)
    with said_plainly():
        chosen = [load_scenario(name) for name in (shipped_scenarios() if everything else names)]
        load = cache(load_pipeline)
        replays = [run(each, load(source_of(pipeline_file, scenario=each))) for each in chosen]
    show_parts(replay_table(replays))
    return FINE if all(each.agrees for each in replays) else FAILED
