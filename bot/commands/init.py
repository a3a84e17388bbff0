"""``reveille init``: a first pipeline file from what is there."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import unified_diff
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, CannotGoOnError
from bot.commands.output import answered, complain, progress, say
from bot.composition.discovery import discover
from bot.definition.files import read_text
from bot.discovery.found import FoundPlace
from bot.discovery.guesses import Guess
from bot.discovery.names import IDENTIFIER
from bot.discovery.written import Draft, written
from bot.render.words import number
from checks.source import SourceError

_NAMED = 5
"""Tables that a remark names."""

_LONGEST_NAME = 80


def _zone(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    del context, option
    if value is not None and value not in available_timezones():
        message = f"'{value}' is no time zone: use for example Europe/London."
        raise click.BadParameter(message)
    return value


def _name(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    del context, option
    if value is not None and (not IDENTIFIER.fullmatch(value) or len(value) > _LONGEST_NAME):
        message = f"'{value}' is no name of a pipeline: use small letters and digits, joined by - or _."
        raise click.BadParameter(message)
    return value


@click.command()
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE|FOLDER|bigquery:…|gcp:…|dbt:…",
    help="A DuckDB file, a folder of Parquet or CSV files, or one such file; bigquery:PROJECT.DATASET,…, also of "
    "several projects; gcp:PROJECT; dbt:FOLDER with its artifacts. It is only read; may be repeated for one file of "
    "all.",
)
@click.option("--region", metavar="REGION", default="", help="The region of the services, for gcp:PROJECT.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("pipeline.yaml"), show_default=True, metavar="FILE",
    help="The file to write; one that exists is never overwritten.",
)  # fmt: skip
@click.option("--name", callback=_name, metavar="NAME", help="The name of the pipeline; by default that of the data.")
@click.option("--timezone", "timezone", callback=_zone, metavar="ZONE", help="Where a day begins; UTC unless stated.")
@click.option("--diff", is_flag=True, help="Show what would change in the file, and write nothing.")
def init(
    sources: tuple[str, ...], region: str, output: Path, name: str | None, timezone: str | None, diff: bool
) -> int:
    """Write a first pipeline file from what is there: tables and what to expect of them, services, jobs, dbt.

    Beside it stand a scenario in which nothing is wrong (scenarios/) and the manifest of the Slack app (slack/).

    Each value has a comment: observed, or guessed and why. Everything is learned from the dates before the newest,
    which may be the broken one. On a terminal it asks for what is not named.

    \b
    Examples:
      reveille init --from shop.duckdb
      reveille init --from exports/ --output shop.yaml --timezone Europe/London
      reveille init --from bigquery:example-project.shop,crm
      reveille init --from gcp:example-project --region us-west2
      reveille init --from gcp:example-project --region us-west2 --from bigquery:example-project.shop
      reveille init --from dbt:target/
      reveille init --from shop.duckdb --diff
    """  # noqa: D301 - click reads the backspace
    if not diff and output.exists():
        raise CannotGoOnError(
            f"{output} exists already and stays as it is: name another file with --output, or see what would change "
            "with --diff."
        )
    sources, region = _asked(sources, region)
    zone = ZoneInfo(timezone or "UTC")
    with said_plainly():
        found = _discovered(sources, region, zone, output)
        text = written(_draft(found, output, name, timezone))
        if diff:
            return _show(output, text)
    _write(output, text)
    for table, why in found.left_out.items():
        complain(f"{table} is left out: {why.rstrip('.')}.")
    for problem in found.problems:
        complain(problem)
    for line in _said(found, output):
        say(line)
    _write_beside(output)
    say(f"Next: {_next(found, output)}")
    return FINE


def _asked(sources: tuple[str, ...], region: str) -> tuple[tuple[str, ...], str]:
    """Return what is to be read, asked for where nobody named it and somebody can answer."""
    if not sources and not sys.stdin.isatty():
        message = (
            "Missing option '--from': name a file or a folder, bigquery:PROJECT.DATASET, gcp:PROJECT or dbt:FOLDER."
        )
        raise click.UsageError(message)
    if not sources:
        say("What is to be read? A DuckDB file, a folder of Parquet or CSV files, bigquery:PROJECT.DATASET,")
        say("gcp:PROJECT (services, jobs, subscriptions), or dbt:FOLDER. It is only read.")
        sources = (answered("From"),)
    if any(each.startswith("gcp:") for each in sources) and not region and sys.stdin.isatty():
        region = answered("Region of the services")
    return sources, region


def _discovered(sources: Sequence[str], region: str, zone: ZoneInfo, output: Path) -> FoundPlace:
    """Read what is named. Raises CannotGoOnError where nothing can be said of it."""
    try:
        found = discover(sources, region, zone, datetime.now(zone).date(), _tell, output.resolve().parent)
    except SourceError as error:
        raise CannotGoOnError(error.sentence) from error
    if not found.tables and not found.sections and "dbt" not in found.top:
        for table, why in found.left_out.items():
            complain(f"{table} is left out: {why.rstrip('.')}.")
        named = [each for each in sources if not each.startswith("gcp:")]
        ends = [f"Nothing runs in {found.called} in {region}"] if len(named) < len(sources) else []
        ends += [f"No table of {' or '.join(named)} has rows that can be read"] if named else []
        raise CannotGoOnError(f"{'; '.join(ends)}: nothing can be said of any.")
    return found


def _tell(done: int, of: int) -> None:
    progress(f"{done} of {of} tables read", last=done == of)


def _draft(found: FoundPlace, output: Path, name: str | None, timezone: str | None) -> Draft:
    zone = Guess(found.common.zone.key, "--timezone", "observed")
    if timezone is None:
        zone = Guess("UTC", "nothing says where a day begins; a day of local time is another")
    called = Guess(name_of(Path(found.called)), "what it is called")
    return Draft(
        name=Guess(name, "--name", "observed") if name is not None else called,
        zone=zone,
        common=found.common,
        tables=found.tables,
        more=found.top,
        sections=found.sections,
        read=found.read,
        next_command=_next(found, output),
        remarks=(*_remarks(found), *found.remarks),
    )


def _remarks(found: FoundPlace) -> Iterator[str]:
    if found.empty:
        yield f"{len(found.empty)} empty tables are left out: {', '.join(found.empty)}."
    if found.left_out:
        # What a source says of an error may repeat a value.
        yield f"Left out, for the reasons that were said when this was written: {', '.join(found.left_out)}."


def name_of(source: Path) -> str:
    """Return a name for a pipeline: what the data is called, as a pipeline file writes a name."""
    stem = source.resolve().name.partition(".")[0] or "data"
    words = re.findall(r"[a-z0-9]+", stem.lower())
    name = "-".join(words)[:_LONGEST_NAME].strip("-")
    return name if name[:1].isalpha() else f"data-{name}".strip("-")[:_LONGEST_NAME]


def _next(found: FoundPlace, output: Path) -> str:
    data = f" --data {shlex.quote(str(found.data))}" if found.data is not None else ""
    if data or "project" in found.top:
        return f"reveille validate --pipeline {shlex.quote(str(output))}{data}"
    return f"reveille validate --pipeline {shlex.quote(str(output))} --data FILE, the data that dbt built"


def _show(output: Path, text: str) -> int:
    before = read_text(output) if output.exists() else ""
    lines = unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"{output} (now)", f"{output} (init)"
    )
    for line in lines:
        say(line.rstrip("\r\n"))
    return FINE


def _write(output: Path, text: str) -> None:
    """Write a new file. Raises CannotGoOnError."""
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CannotGoOnError(f"{output} exists already and stays as it is.") from None
    except OSError as error:
        raise CannotGoOnError(f"{output} cannot be written: {error.strerror or error}.") from error


def _write_beside(output: Path) -> None:
    """Write the scenario and the manifest. What cannot be written is said: the pipeline file stands without them."""
    from bot.commands.init_beside import write_beside  # noqa: PLC0415 - Bolt and the engine take a second to import

    try:
        with said_plainly():
            for line in write_beside(output):
                say(line)
    except OSError as error:
        complain(f"{error.filename or output.parent} cannot be written: {error.strerror or error}.")


def _said(found: FoundPlace, output: Path) -> Iterator[str]:
    expected = sum(bool(each.expect) for each in found.tables)
    if found.sections or "dbt" in found.top:
        yield f"Wrote {output} from {found.read}, each value with its reason."
    else:
        yield f"Wrote {output}: {number(len(found.tables), 'table')}, expectations of {expected}, each with its reason."
    if found.empty:
        yield f"Left out, because they are empty: {_some(found.empty)}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
