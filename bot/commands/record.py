"""``reveille record``: validate, and keep what was read as a scenario that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FAILED, FINE, CannotGoOnError
from bot.commands.options import INTERVAL_ARGUMENT, PIPELINE_OPTION, SCENARIO_OPTION, instant
from bot.commands.output import say
from bot.commands.run_progress import run_progress
from bot.composition.extras import NEEDED
from bot.composition.recording import Cost, RecordedWorld, costs, veil_of
from bot.composition.recording import record as make
from bot.composition.validation import ready, scenario_of, source_of
from bot.private_files import write_private
from bot.recording.recorder import MOST_ROWS
from bot.replay import Comparison, differences
from bot.replay import replay as run
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from checks.amounts import size_words
from checks.pipeline import Pipeline


@click.command()
@INTERVAL_ARGUMENT
@click.option("--to", "file", type=click.Path(path_type=Path), metavar="FILE", help="The scenario file to write.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@click.option("--dry-run", is_flag=True, help="Say what would be read of which table, and how much; read nothing.")
@click.option(
    "--rows", type=click.IntRange(1, 100_000), default=MOST_ROWS, show_default=True, help="At most so many of a table."
)
@click.option("--hash", "columns", multiple=True, metavar="COLUMN", help="Hash this column, too; may be repeated.")
@click.option("--hash-people/--no-hash-people", default=True, show_default=True, help="Hash who deployed and acted.")
@click.option("--keep-variable", "variables", multiple=True, metavar="NAME", help="Write the value of this variable.")
@PIPELINE_OPTION
@SCENARIO_OPTION
@click.option("--now", callback=instant, metavar="ISO", help="Judge as if it were this instant.")
def record(  # noqa: PLR0913, PLR0917 - one parameter an option
    interval: str | None,
    file: Path | None,
    force: bool,
    dry_run: bool,
    rows: int,
    columns: tuple[str, ...],
    hash_people: bool,
    variables: tuple[str, ...],
    pipeline_file: Path | None,
    scenario: str | None,
    now: datetime | None,
) -> int:
    """Validate, and keep what was read as a scenario: to replay the incident, to drill with it, to change it.

    The file holds what the checks read and nothing else, names hashed, and says at its top what is hidden or cut.

    \b
    Examples:
      reveille record --to yesterday.yaml
      reveille record 2026-02-10 --to incident.yaml --hash player_lookup
      reveille record --dry-run
      reveille replay incident.yaml
    """  # noqa: D301 - click reads the backspace
    if (file is None) != dry_run:
        message = "Name the file to write with --to FILE, or use --dry-run."
        raise click.UsageError(message)
    if file is not None:
        _must_be_writable(file, force=force)
    with said_plainly():
        asked = Request(interval=interval or "previous", trigger="record")
        source = source_of(pipeline_file, scenario=scenario_of(scenario))
        with ready(pipeline_file, scenario, now, asked) as prepared:
            asked = asked if interval else replace(asked, interval=prepared.interval)
            if file is None:
                return _say_costs(costs(prepared, asked, rows))
            pipeline = prepared.validation.pipeline
            veil = veil_of(pipeline, columns, variables, people=hash_people)
            with run_progress(prepared.validation.plan(asked)) as observe:
                copy = make(prepared, asked, veil, file=file, source=source, most_rows=rows, observe=observe)
        write_private(file, copy.text)
        return _say_written(file, copy, _replayed(file, pipeline))


def _must_be_writable(file: Path, *, force: bool) -> None:
    if file.suffix not in {".yaml", ".yml"}:
        raise CannotGoOnError(f"{file} would not be read as a scenario: give --to a name that ends in .yaml.")
    if not file.parent.is_dir():
        raise CannotGoOnError(f"The folder {file.parent} does not exist: make it first.")
    if file.is_dir():
        raise CannotGoOnError(f"{file} is a folder; expected the name of a file.")
    if file.exists() and not force:
        raise CannotGoOnError(f"{file} exists already: name another file, or overwrite it with --force.")


def _say_costs(found: Sequence[Cost]) -> int:
    for each in found:
        size = size_words(each.size) if each.size is not None else each.problem
        say(f"{each.table}: {each.columns} columns, {size}")
    known = sum(each.size or 0 for each in found)
    say(f"Beside a validation, {len(found)} tables would be read: {size_words(known)}. Nothing was read.")
    return FINE if all(each.size is not None for each in found) else FAILED


def _replayed(file: Path, pipeline: Pipeline) -> tuple[Comparison, ...] | None:
    """Return where a replay of the file says something else, None where nothing can be replayed here."""
    if any(find_spec(name) is None for name in NEEDED):
        return None
    return differences(run(load_scenario(file), pipeline).comparisons)


def _say_written(file: Path, copy: RecordedWorld, differing: Sequence[Comparison] | None) -> int:
    for note in copy.notes:
        say(note, err=True)
    if differing is None:
        say("Whether it replays to the same report was not tried: pip install 'reveille[demo]' for that.", err=True)
    for each in differing or ():
        say(
            f"Its replay differs: the {each.kind} is {each.actual or 'missing'}, not {each.stated or 'there'}.",
            err=True,
        )
    say(f"Wrote {file}, {size_words(len(copy.text.encode()))}: {copy.report.verdict} for {copy.report.previous}.")
    return FAILED if differing else FINE
