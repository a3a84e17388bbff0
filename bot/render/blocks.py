"""A message as Slack Block Kit: as many messages as it takes, each within every limit of Slack.

Nothing is lost in silence: a text that is too long says how much was cut, and a report that would need more
than ``MESSAGES_AT_MOST`` messages says how many entries were left out and which command shows them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.render import limits
from bot.render.message import Cell, Command, Divider, Heading, Line, Message, Part, SmallPrint, Table
from bot.render.pages import Block, Piece, cost, pack, size_of
from bot.render.slack_text import LINE_TEXT, VERDICT_EMOJI, cell_text, code, escape, fitted, line_text
from bot.render.words import clean, clean_command

MESSAGES_AT_MOST = 12
"""More than a dozen messages in a channel are read by nobody."""

TABLE_COST = 9_000
"""What one table may cost, so that the text around it fits beside it."""

SHORT_CELL = 20
"""Characters that a cell of a table shows on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """One message: ``text`` is what notifications and screen readers get."""

    text: str
    blocks: tuple[Block, ...]


def slack_messages(message: Message) -> list[SlackMessage]:
    """Return the messages to post, in order: the first says the verdict, the others continue it."""
    pages = pack([*_opening(message), *_pieces(message.parts)])
    shown, cut = pages[:MESSAGES_AT_MOST], pages[MESSAGES_AT_MOST:]
    result = []
    for number, page in enumerate(shown, start=1):
        blocks = [piece.block for piece in page]
        text = _fallback(message)
        if number > 1:
            text = _continued(message, number, len(shown))
            blocks.insert(0, _context(text))
        if cut and number == len(shown):
            blocks.append(_context(_cut_notice(message, cut)))
        result.append(SlackMessage(text=text, blocks=tuple(blocks)))
    return result


def first_page(parts: Iterable[Part]) -> tuple[Block, ...]:
    """Return the blocks of parts that stand without a verdict, as far as one message holds them beside a few more;
    what did not fit is counted."""
    shown, *cut = pack(list(_pieces(parts)))
    blocks = tuple(piece.block for piece in shown)
    if not cut:
        return blocks
    entries = sum(piece.entries for page in cut for piece in page)
    return (*blocks, _context(f"Cut here: {f'{entries:,} more entries' if entries else 'the rest'} did not fit."))


def messages_json(message: Message) -> str:
    """Return the messages as JSON: ``{"messages": [{"text": …, "blocks": […]}, …]}``."""
    messages = [{"text": each.text, "blocks": each.blocks} for each in slack_messages(message)]
    return json.dumps({"messages": messages}, indent=2, ensure_ascii=True)


def _fallback(message: Message) -> str:
    title = fitted(message.title, limits.HEADER_TEXT)
    words = f"{VERDICT_EMOJI[message.verdict]} {title}: {fitted(message.result, limits.HEADER_TEXT)}. "
    return (words + fitted(message.sentence, LINE_TEXT)).rstrip()


def _continued(message: Message, number: int, total: int) -> str:
    result = fitted(message.result, limits.HEADER_TEXT)
    return f"{fitted(message.title, limits.HEADER_TEXT)}: {result}, continued ({number} of {total})"


def _cut_notice(message: Message, cut: Sequence[Sequence[Piece]]) -> str:
    entries = sum(piece.entries for page in cut for piece in page)
    what = f"{entries:,} more entries with a problem" if entries else "the last sections"
    return f"Cut here: {what} did not fit. To see everything: {code(message.again, LINE_TEXT // 3)}"


def _opening(message: Message) -> Iterator[Piece]:
    emoji = VERDICT_EMOJI[message.verdict]
    title, room = clean(message.title), limits.HEADER_TEXT - len(f"{emoji} : {message.result}")
    title = title if len(title) <= room else f"{title[: room - 1]}…"
    text = {"type": "plain_text", "text": f"{emoji} {title}: {message.result}", "emoji": False}
    yield Piece(block={"type": "header", "text": text})
    if escape(message.sentence):
        yield Piece(block=_section(f"*{fitted(message.sentence, LINE_TEXT)}*"))


def _section(text: str) -> Block:
    """Expanded, or Slack would fold a longer one behind "See more", and with it the impact and the repair."""
    return {"type": "section", "text": _markup(text), "expand": True}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_markup(text)]}


def _markup(text: str) -> Block:
    """Verbatim, or Slack would make links and mentions of words that look like them."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _pieces(parts: Iterable[Part]) -> Iterator[Piece]:
    """Turn parts into blocks; texts that follow each other share one as far as it holds them."""
    group: list[Part] = []
    for part in parts:
        if group and not _joins(part, group):
            yield from _blocks(group)
            group = []
        group.append(part)
    if group:
        yield from _blocks(group)


def _joins(part: Part, group: Sequence[Part]) -> bool:
    """Whether a text goes on in the block of those before it; each problem begins a block of its own."""
    match group[-1], part:
        case SmallPrint(), SmallPrint():
            pass
        case Heading(), Line():
            pass
        case Line(), Line() if part.inset or not part.is_entry:
            pass
        case _:
            return False
    return sum(len(_text(each)) + 1 for each in (*group, part)) <= limits.SECTION_TEXT


def _blocks(group: Sequence[Part]) -> Iterator[Piece]:
    match group[0]:
        case Heading() | Line():
            yield Piece(
                block=_section(_together(group)),
                entries=sum(isinstance(part, Line) and part.is_entry for part in group),
                is_heading=len(group) == 1 and isinstance(group[0], Heading),
            )
        case SmallPrint() if text := _together(group):
            yield Piece(block=_context(text))
        case Command(text=text):
            yield from map(_preformatted, _slices(clean_command(text), limits.SECTION_TEXT))
        case Table() as table:
            yield from _tables(table)
        case Divider():
            yield Piece(block={"type": "divider"})


def _together(group: Sequence[Part]) -> str:
    return "\n".join(filter(None, map(_text, group)))


def _text(part: Part) -> str:
    match part:
        case Line():
            return line_text(part)
        case Heading():
            return f"*{fitted(part.text, limits.HEADER_TEXT)}*"
        case SmallPrint():
            return fitted(part.text, LINE_TEXT)
        case _:
            return ""


def _preformatted(text: str) -> Piece:
    """A command stands in rich text: Slack copies it exactly, and reads no markup or mention in it."""
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return Piece(block={"type": "rich_text", "elements": [element]})


def _slices(text: str, most: int) -> Iterator[str]:
    """Cut a command into pieces that fit, between its lines where they are short enough."""
    kept = ""
    for line in text.splitlines():
        if kept and len(kept) + 1 + len(line) > most:
            yield kept
            kept = ""
        rest = f"{kept}\n{line}" if kept else line
        while len(rest) > most:
            yield rest[:most]
            rest = rest[most:]
        kept = rest
    if kept:
        yield kept


def _tables(table: Table) -> Iterator[Piece]:
    """Yield the table, in several where its rows or its size exceed what one may hold."""
    head = [_cell(Cell(text=column)) for column in table.columns[: limits.TABLE_COLUMNS]]
    empty = _table(head, [])
    rows: list[list[Block]] = []
    size = cost(empty)
    for row in table.rows:
        cells = [_cell(cell) for cell in row[: limits.TABLE_COLUMNS]]
        length = size_of(cells) + 2
        if rows and (len(rows) + 1 >= limits.TABLE_ROWS or size + length > TABLE_COST):
            yield Piece(block=_table(head, rows))
            rows, size = [], cost(empty)
        rows.append(cells)
        size += length
    if rows:
        yield Piece(block=_table(head, rows))


def _table(head: list[Block], rows: Sequence[list[Block]]) -> Block:
    """A table whose short columns stay on one line, so that the long ones get the room."""
    columns = zip(head, *rows, strict=True)
    wrapped = [any(len(cell["text"]) > SHORT_CELL for cell in column) for column in columns]
    return {"type": "table", "column_settings": [{"is_wrapped": each} for each in wrapped], "rows": [head, *rows]}


def _cell(cell: Cell) -> Block:
    return {"type": "raw_text", "text": cell_text(cell)}
