"""``reveille staging``: a staging environment beside production, and the proof that production stayed untouched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.display import show
from bot.commands.exits import FAILED, FINE
from bot.commands.exits import exit_code as code_of_verdict
from bot.commands.options import INTERVAL_ARGUMENT, instant, words_joined
from bot.commands.output import agreed, say
from bot.commands.run_progress import run_progress
from bot.commands.staging_proof import prove
from bot.commands.staging_shell import common_options, counted, exit_code, plainly, staging_shell, tell
from bot.composition.validation import pipeline_of, ready
from bot.render.reading import Reading
from bot.request import Request, day_meant
from bot.settings import Settings
from bot.staging.environment import prefix_of
from bot.staging.steps import failed

DRY_RUN_OPTION = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")


@click.group()
def staging() -> None:
    """Try things on real infrastructure, beside production: datasets, services and topics under a prefix.

    \b
    Examples:
      reveille staging setup                          datasets test_..., in the locations of their originals
      reveille staging seed 2026-02-10                one date of every table
      reveille staging prove start                    remember what production is
      reveille staging deploy prediction-worker       prediction-worker-staging, on staging's data
      reveille staging validate 2026-02-10            the ordinary validation, on staging
      reveille staging prove check                    fails when anything of production has changed
      reveille staging teardown                       shows the list, asks, removes
    """  # noqa: D301 - click reads the backspace


@staging.command()
@DRY_RUN_OPTION
@common_options
def setup(pipeline_file: Path | None, prefix: str | None, dry_run: bool) -> int:
    """Create the staging datasets: in the location of their originals, labelled, their tables expiring."""
    with staging_shell(pipeline_file, prefix) as staging:
        return exit_code(staging.set_up(tell, dry_run=dry_run), "setup")


@staging.command()
@click.argument("day", nargs=-1, required=True, callback=words_joined, metavar="DATE")
@click.option("--limit", type=click.IntRange(1, 10_000_000), metavar="N", help="The most rows of a table.")
@click.option("--again", is_flag=True, help="Copy also what is there already.")
@DRY_RUN_OPTION
@common_options
def seed(
    day: str, limit: int | None, again: bool, pipeline_file: Path | None, prefix: str | None, dry_run: bool
) -> int:
    """Copy one date of every table of the pipeline file, all tables at once.

    What is there already is not copied again, so that a seeding which was interrupted goes on where it stopped.
    """
    with staging_shell(pipeline_file, prefix) as staging:
        meant = day_meant(day, staging.pipeline, datetime.now(UTC))
        steps = staging.seed(meant, counted(len(staging.staging.seed)), limit=limit, again=again, dry_run=dry_run)
        return exit_code(steps, f"seed {meant}")


@staging.command()
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@DRY_RUN_OPTION
@common_options
def deploy(services: tuple[str, ...], pipeline_file: Path | None, prefix: str | None, dry_run: bool) -> int:
    """Deploy SERVICE a second time as SERVICE-staging: what runs now, with the variables of staging merged.

    Its topics are created, its callers are granted the invoker role, and the grant is read back.
    """
    with staging_shell(pipeline_file, prefix) as staging:
        return exit_code(staging.deploy(services, tell, dry_run=dry_run), f"deploy {' '.join(services)}")


@staging.command()
@INTERVAL_ARGUMENT
@click.option("--check", "checks", multiple=True, metavar="ID", help="Run only this check; may be repeated.")
@click.option("--full", is_flag=True, help="Show the expected state and all that passed, too.")
@click.option("--now", callback=instant, metavar="ISO", help="Judge as if it were this instant.")
@common_options
def validate(
    interval: str | None,
    checks: tuple[str, ...],
    full: bool,
    now: datetime | None,
    pipeline_file: Path | None,
    prefix: str | None,
) -> int:
    """Validate staging: the ordinary validation, of the prefixed datasets and collections."""
    with plainly():
        settings = Settings.from_environment()
        accepted = prefix_of(pipeline_of(pipeline_file, settings), prefix).text
        settings = replace(settings, dataset_prefix=accepted, collection_prefix=accepted)
        request = Request(interval=interval or "previous", checks=checks, depth="full" if full else "normal")
        say(f"Staging: datasets and collections that begin with {accepted}", err=True)
        with ready(pipeline_file, None, now, request, settings) as prepared:
            validation = prepared.validation
            planned = validation.plan(request)
            with run_progress(planned) as observe:
                report = validation.run(planned, observe)
        again = f"reveille staging validate {report.previous} --prefix {accepted} --full"
        reading = Reading(report=report, pipeline=validation.pipeline, checks=validation.checks, full=full, again=again)
    show(reading, "text")
    return code_of_verdict(report.verdict, strict=False)


staging.add_command(prove)


@staging.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@DRY_RUN_OPTION
@common_options
def teardown(yes: bool, pipeline_file: Path | None, prefix: str | None, dry_run: bool) -> int:
    """Remove what staging made, that is what carries its label; show the list first, and ask."""
    with staging_shell(pipeline_file, prefix) as staging:
        removal = staging.plan_teardown()
        for left in removal.left:
            say(f"left alone: {left.subject} ({left.why})")
        if removal.empty:
            say(f"Nothing carries the label of {staging.prefix.text}: there is nothing to remove.")
            return FINE
        say(f"{'Would remove' if dry_run else 'To be removed'} from {staging.project}:")
        for line in removal.lines():
            say(f"  {line}")
        if dry_run:
            return FINE
        if not yes:
            agreed("Remove all of it?", abort=True)
        return exit_code(staging.tear_down(removal, tell), "teardown")


@staging.command()
@common_options
def status(pipeline_file: Path | None, prefix: str | None) -> int:
    """Show what is there: datasets, what was seeded, services, topics, documents."""
    with staging_shell(pipeline_file, prefix) as staging:
        steps = staging.status()
        for step in steps:
            tell(step)
        return FAILED if failed(steps) else FINE
