"""``reveille init``: a first pipeline file from the data that is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import unified_diff
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import click

from bot.commands.errors import said_plainly
from bot.commands.exits import FINE, CannotGoOnError
from bot.commands.output import complain, progress, say
from bot.composition.discovery import discover_local
from bot.definition.files import read_text
from bot.discovery.discover import FoundTables
from bot.discovery.guesses import Guess
from bot.discovery.names import IDENTIFIER
from bot.discovery.written import Draft, written

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
    "source",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="A DuckDB file, a folder of Parquet or CSV files, or one such file. It is only read.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("pipeline.yaml"), show_default=True, metavar="FILE",
    help="The file to write; one that exists is never overwritten.",
)  # fmt: skip
@click.option("--name", callback=_name, metavar="NAME", help="The name of the pipeline; by default that of the data.")
@click.option("--timezone", "timezone", callback=_zone, metavar="ZONE", help="Where a day begins; UTC unless stated.")
@click.option("--diff", is_flag=True, help="Show what would change in the file, and write nothing.")
def init(source: Path, output: Path, name: str | None, timezone: str | None, diff: bool) -> int:
    """Write a first pipeline file from the data that is there: tables, and what to expect of them.

    Each value has a comment: observed, or guessed and why. Everything is learned from the dates before the newest,
    which may be the broken one.

    \b
    Examples:
      reveille init --from shop.duckdb
      reveille init --from exports/ --output shop.yaml --timezone Europe/London
      reveille init --from shop.duckdb --diff
    """  # noqa: D301 - click reads the backspace
    if not diff and output.exists():
        raise CannotGoOnError(
            f"{output} exists already and stays as it is: name another file with --output, or see what would change "
            "with --diff."
        )
    zone = ZoneInfo(timezone or "UTC")
    with said_plainly():
        found = discover_local(source, zone, datetime.now(zone).date(), _tell)
        if not found.tables:
            raise CannotGoOnError(f"No table of {source} has rows that can be read: nothing can be said of any.")
        text = written(_draft(found, source, output, name, timezone))
        if diff:
            return _show(output, text)
    _write(output, text)
    for table, why in found.left_out.items():
        complain(f"{table} is left out: {why.rstrip('.')}.")
    for line in _said(found, output):
        say(line)
    say(f"Next: {_next(source, output)}")
    return FINE


def _tell(done: int, of: int) -> None:
    progress(f"{done} of {of} tables read", last=done == of)


def _draft(found: FoundTables, source: Path, output: Path, name: str | None, timezone: str | None) -> Draft:
    zone = Guess(found.common.zone.key, "--timezone", "observed")
    if timezone is None:
        zone = Guess("UTC", "nothing says where a day begins; a day of local time is another")
    given = Guess(name, "--name", "observed") if name is not None else Guess(name_of(source), "what the data is called")
    return Draft(
        name=given,
        zone=zone,
        common=found.common,
        tables=found.tables,
        more={},
        read=f"{source.name}: {len(found.tables)} tables, {found.rows:,} rows",
        next_command=_next(source, output),
        remarks=tuple(_remarks(found)),
    )


def _remarks(found: FoundTables) -> Iterator[str]:
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


def _next(source: Path, output: Path) -> str:
    return f"reveille validate --pipeline {shlex.quote(str(output))} --data {shlex.quote(str(source))}"


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


def _said(found: FoundTables, output: Path) -> Iterator[str]:
    expected = sum(bool(each.expect) for each in found.tables)
    yield f"Wrote {output}: {len(found.tables)} tables, expectations of {expected}, each with its reason."
    if found.empty:
        yield f"Left out, because they are empty: {_some(found.empty)}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
