"""A message on a terminal, or as plain text in a pipe: readable at any width, commands never broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Table as RichTable
from rich.text import Text

from bot.render.message import Cell, Command, Divider, Heading, Line, Mark, Message, Part, SmallPrint, Table
from bot.render.words import clean, clean_command
from checks.model import Verdict

WIDEST = 120
"""Longer lines are hard to read."""

PLAIN_WIDTH = 100
"""Columns where nobody says how many there are: in a pipe or a file."""

NARROW_COLUMN = 24
"""A column of sentences that is narrower than this is unreadable: the table is then shown row by row."""

STYLES = {
    Mark.P0: "bold red",
    Mark.P1: "red",
    Mark.P2: "yellow",
    Mark.P3: "cyan",
    Mark.UNKNOWN: "magenta",
    Mark.WAITING: "blue",
    Mark.SKIPPED: "dim",
    Mark.PASSED: "green",
    Mark.DIFFERS: "bold red",
}
SIGNS = {Mark.UNKNOWN: "?", Mark.WAITING: "…", Mark.SKIPPED: "·", Mark.PASSED: "✓", Mark.DIFFERS: "✗"}
SIGNS_ASCII = {Mark.UNKNOWN: "?", Mark.WAITING: "..", Mark.SKIPPED: "-", Mark.PASSED: "ok", Mark.DIFFERS: "!!"}
VERDICT_STYLES = {
    Verdict.BLOCKED: "bold white on red",
    Verdict.ACT: "bold black on bright_red",
    Verdict.UNKNOWN: "bold white on magenta",
    Verdict.WATCH: "bold black on yellow",
    Verdict.ALL_CLEAR: "bold black on green",
}


class PatientConsole(Console):
    """A console that leaves a broken pipe to its caller; rich would end the process with 1, which says ACT."""

    def on_broken_pipe(self) -> None:
        """Raise the error again: rich calls this while it handles it."""
        raise BrokenPipeError


def console_for(stream: IO[str]) -> Console:
    """Return a console that colours only where colour is wanted: ``NO_COLOR``, ``FORCE_COLOR`` and pipes count."""
    console = PatientConsole(file=stream, highlight=False, emoji=False, markup=False, legacy_windows=False)
    if not stream.isatty() and "COLUMNS" not in console._environ:  # noqa: SLF001 - rich has no public name for it
        console.width = PLAIN_WIDTH
    console.width = min(console.width, WIDEST)
    return console


def print_message(message: Message, console: Console) -> None:
    """Print a message; every text in it is cleaned first."""
    badge = Text(f" {message.verdict} ", style=VERDICT_STYLES[message.verdict])
    _print(Text.assemble(badge, "  ", (clean(message.title), "bold"), overflow="fold"), console)
    _print(Text(clean(message.sentence), style="bold", overflow="fold"), console)
    for part in message.parts:
        if isinstance(part, Heading):
            console.print()
        _print_part(part, console)


def print_parts(parts: Iterable[Part], console: Console) -> None:
    """Print parts that stand without a verdict."""
    for index, part in enumerate(parts):
        if index and isinstance(part, Heading):
            console.print()
        _print_part(part, console)


def _print_part(part: Part, console: Console) -> None:
    match part:
        case Heading():
            _print(Text(clean(part.text), style="bold underline", overflow="fold"), console)
        case Line():
            _print_line(part, console)
        case Command():
            for line in clean_command(part.text).splitlines():
                console.print(Text(f"      {line}", style="bold cyan"), soft_wrap=True)
        case Table():
            _print_table(part, console)
        case SmallPrint():
            _print(Text(clean(part.text), style="dim", overflow="fold"), console)
        case Divider():
            console.rule(style="dim")


def _sign(mark: Mark | None, console: Console) -> Text:
    if mark is None:
        return Text("")
    signs = SIGNS_ASCII if console.options.ascii_only else SIGNS
    return Text(signs.get(mark, mark.value), style=STYLES[mark])


def _print_line(line: Line, console: Console) -> None:
    words = Text(overflow="fold")
    if line.label:
        words.append(f"{clean(line.lead)} ", style="bold")
    words.append(clean(line.text))
    if line.code:
        words.append(f" [{clean(line.code)}]", style="dim")
    if line.link:
        words.append(f" {clean(line.link)}", style="dim")
    if line.mark is None:
        _print(Padding(words, (0, 0, 0, 5 if line.inset else 0)), console)
        return
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(width=2, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(_sign(line.mark, console), words)
    _print(Padding(grid, (0, 0, 0, 4 if line.inset else 1)), console)


def _print(renderable: RenderableType, console: Console) -> None:
    """Print without the spaces that rich puts behind a line to fill it."""
    for segments in console.render_lines(renderable, pad=False):
        while segments and not segments[-1].text.strip():
            segments.pop()
        if segments:
            last = segments[-1]
            segments[-1] = Segment(last.text.rstrip(), last.style)
        console.print(Segments([*segments, Segment.line()]), end="", soft_wrap=True)


def _print_table(table: Table, console: Console) -> None:
    widths = _natural_widths(table)
    between = 2 * len(widths)
    fits = sum(widths) + between <= console.width
    long = [width > NARROW_COLUMN and not fits for width in widths]
    needed = sum(NARROW_COLUMN if is_long else width for is_long, width in zip(long, widths, strict=True)) + between
    if needed > console.width:
        _print_stacked(table, console)
        return
    grid = RichTable(box=SIMPLE_HEAD, show_edge=False, expand=any(long), pad_edge=False, padding=(0, 1))
    for column, is_long, width in zip(table.columns, long, widths, strict=True):
        grid.add_column(clean(column), ratio=1 if is_long else None, width=None if is_long else width, overflow="fold")
    for row in table.rows:
        grid.add_row(*(_cell(cell, console) for cell in row))
    _print(grid, console)


def _natural_widths(table: Table) -> Sequence[int]:
    """Return what each column would like: room for its title and its longest cell on one line."""
    return [
        max(
            min(len(clean(column)), NARROW_COLUMN),
            *(len(clean(row[index].text)) + (3 if row[index].mark else 0) for row in table.rows),
            1,
        )
        for index, column in enumerate(table.columns)
    ]


def _cell(cell: Cell, console: Console) -> Text:
    if cell.mark is None:
        return Text(clean(cell.text), overflow="fold")
    words = clean(cell.text)
    if cell.mark.is_problem and words.startswith(cell.mark.value):
        return Text(words, style=STYLES[cell.mark], overflow="fold")
    return Text.assemble(_sign(cell.mark, console), " ", words, overflow="fold")


def _print_stacked(table: Table, console: Console) -> None:
    for name, *cells in table.rows:
        _print(Text(clean(name.text), style="bold", overflow="fold"), console)
        for column, cell in zip(table.columns[1:], cells, strict=True):
            if cell.text:
                words = Text.assemble((f"{clean(column)}: ", "dim"), _cell(cell, console), overflow="fold")
                _print(Padding(words, (0, 0, 0, 3)), console)
