"""A message as Slack Block Kit: as many messages as it takes, each within every limit of Slack.

Nothing is lost in silence: a text that is too long says how much was cut, and a report that would need more
than ``MESSAGES_AT_MOST`` messages says how many entries were left out and which command shows them all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from bot.render import limits
from bot.render.alert_title import cut
from bot.render.chart import CHART, chart_block, columns
from bot.render.mentions import naming_person
from bot.render.message import Cell, Command, Divider, Heading, Line, Message, SmallPrint, Table
from bot.render.pages import Block, Piece, Room, SlackMessage, cost, pack, size_of
from bot.render.post import (
    Actions,
    Aside,
    Button,
    Chart,
    Code,
    Collapsible,
    Native,
    Paragraph,
    Part,
    Post,
    Strong,
    Text,
    Title,
    limited,
)
from bot.render.said_once import said_once
from bot.render.slack_text import (
    CODE_TEXT,
    EMOJI,
    LABEL_TEXT,
    LINE_TEXT,
    SEVERITIES,
    VERDICT_EMOJI,
    cell_text,
    code,
    fitted,
    is_safe_link,
    markup,
)
from bot.render.words import clean, clean_command

MESSAGES_AT_MOST = 12
"""More than a dozen messages in a channel are read by nobody."""

TABLE_COST = 9_000
"""What one table or one container may cost, so that the text around it fits beside it."""

CONTAINER = "container"
NATIVE = frozenset({CONTAINER, CHART})
"""Blocks that not every workspace takes."""

IN_CONTAINERS = frozenset({"actions", "context", "divider", "header", "rich_text", "section"})
"""What Slack takes in a container, as far as messages have it; a table may be too long for it."""

_OPENING = (Title, Aside)
_ENDING = (Aside, Actions)

CUT_COST = 300
"""Of the line that says what did not fit."""

SHORT_CELL = 20
"""Characters that a cell of a table shows on one line."""


def slack_messages(message: Message) -> list[SlackMessage]:
    """Return the messages to post, in order: the first says the verdict, the others continue it."""
    return [slack_message(post) for post in posts_of(message)]


def slack_message(post: Post) -> SlackMessage:
    """Return a post as Slack takes it. What opens it and what ends it is always shown; what of the rest does not fit
    beside that is counted."""
    start = next((at for at, part in enumerate(post.parts) if not isinstance(part, _OPENING)), len(post.parts))
    end = next((at for at in range(len(post.parts), start, -1) if not isinstance(post.parts[at - 1], _ENDING)), start)
    around = [[piece.block for piece in _pieces(parts)] for parts in (post.parts[:start], post.parts[end:])]
    taken = sum(cost(block) for blocks in around for block in blocks) + CUT_COST
    room = Room(limits.BLOCKS - len(around[0]) - len(around[1]) - 1, limits.MESSAGE - taken)
    between = first_page(post.parts[start:end], room)
    return SlackMessage(
        text=markup(post.notice, limits.FALLBACK_TEXT), blocks=(*around[0], *between, *around[1])[: limits.BLOCKS]
    )


def posts_of(message: Message) -> list[Post]:
    """Return a report as posts, each as long as a message may be, in order: the first says the verdict."""
    pages = pack(list(_pieces((*_opening(message), *said_once(message).parts))))
    shown, cut = pages[:MESSAGES_AT_MOST], pages[MESSAGES_AT_MOST:]
    result = []
    for number, page in enumerate(shown, start=1):
        parts = [part for piece in page for part in piece.parts]
        notice: Text = (_fallback(message),)
        if number > 1:
            notice = (_continued(message, number, len(shown)),)
            parts.insert(0, Aside(notice))
        if cut and number == len(shown):
            parts.append(Aside(_cut_notice(message, cut)))
        result.append(Post(notice, tuple(parts)))
    return result


def first_page(parts: Iterable[Part], room: Room = Room()) -> tuple[Block, ...]:  # noqa: B008 - it is frozen
    """Return the blocks of parts that stand without a verdict, as far as one message holds them beside a few more;
    what did not fit is counted."""
    shown, *cut = pack(list(_pieces(parts)), room)
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
    title = limited(message.title, limits.HEADER_TEXT)
    words = f"{VERDICT_EMOJI[message.verdict]} {title}: {limited(message.result, limits.HEADER_TEXT)}. "
    return (words + limited(message.sentence, LINE_TEXT)).rstrip()


def _continued(message: Message, number: int, total: int) -> str:
    result = limited(message.result, limits.HEADER_TEXT)
    return f"{limited(message.title, limits.HEADER_TEXT)}: {result}, continued ({number} of {total})"


def _cut_notice(message: Message, cut: Sequence[Sequence[Piece]]) -> Text:
    entries = sum(piece.entries for page in cut for piece in page)
    what = f"{entries:,} more entries with a problem" if entries else "the last sections"
    return (f"Cut here: {what} did not fit. To see everything: ", Code(limited(message.again, LINE_TEXT // 3)))


def _opening(message: Message) -> Iterator[Part]:
    emoji = VERDICT_EMOJI[message.verdict]
    title, room = clean(message.title), limits.HEADER_TEXT - len(f"{emoji} : {message.result}")
    title = title if len(title) <= room else f"{title[: room - 1]}…"
    yield Title(f"{emoji} {title}: {message.result}")
    if clean(message.sentence):
        yield Paragraph((Strong((limited(message.sentence, LINE_TEXT),)),), apart=True)


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
        case Paragraph(), Paragraph() if not part.apart:
            pass
        case _:
            return False
    return sum(len(_text(each)) + 1 for each in (*group, part)) <= limits.SECTION_TEXT


def _blocks(group: Sequence[Part]) -> Iterator[Piece]:
    match group[0]:
        case Heading() | Line() | Paragraph() if (text := _together(group)).strip():
            yield Piece(
                block=_section(text),
                parts=group,
                entries=sum(isinstance(part, Line) and part.is_entry for part in group),
                is_heading=len(group) == 1 and isinstance(group[0], Heading),
            )
        case SmallPrint() | Aside() if (text := _together(group)).strip():
            yield Piece(block=_context(text), parts=group)
        case Command(text=text):
            yield from map(_preformatted, _slices(clean_command(text), limits.SECTION_TEXT))
        case Table() as table:
            yield from _tables(table)
        case Title(title) if text := cut(title, limits.HEADER_TEXT):
            words = {"type": "plain_text", "text": text, "emoji": False}
            yield Piece(block={"type": "header", "text": words}, parts=group)
        case Actions(buttons, value):
            brought = json.dumps(value, separators=(",", ":"))
            yield Piece(
                block={"type": "actions", "elements": [_button(each, brought) for each in buttons]}, parts=group
            )
        case Collapsible() as folded:
            yield from _folded(folded)
        case Divider() | Chart() | Native():
            yield Piece(block=_as_it_stands(group[0]), parts=group)


def _folded(folded: Collapsible) -> Iterator[Piece]:
    """Yield a container that is closed; what does not fit into one stands there open."""
    inside = list(_pieces(folded.parts))
    title = cut(folded.title, limits.HEADER_TEXT)
    block = {
        "type": CONTAINER,
        "title": {"type": "plain_text", "text": title, "emoji": False},
        "child_blocks": [each.block for each in inside],
        "is_collapsible": True,
        "default_collapsed": True,
    }
    is_one = 1 <= len(inside) <= limits.CONTAINER_BLOCKS and cost(block) <= TABLE_COST
    if is_one and {each.block["type"] for each in inside} <= IN_CONTAINERS:
        yield Piece(block=block, parts=(folded,), entries=sum(each.entries for each in inside))
    else:
        yield from _pieces((Paragraph((Strong((title,)),), apart=True), *folded.parts))


def _as_it_stands(part: Divider | Chart | Native) -> Block:
    match part:
        case Chart():
            return chart_block(part)
        case Native(block):
            return dict(block)
        case Divider():
            return {"type": "divider"}


def natives(blocks: Sequence[Block]) -> frozenset[str]:
    """Return the types of those blocks that not every workspace takes."""
    return NATIVE & {str(each.get("type")) for each in blocks}


def without_native(blocks: Sequence[Block], refused: Collection[str] = NATIVE) -> list[Block]:
    """Return the same with blocks that every workspace takes in the place of those types: of a container its title,
    and then what is in it; of a chart its numbers as columns."""
    return [plain for each in blocks for plain in (_without(each) if each.get("type") in refused else (each,))]


def _without(block: Block) -> Sequence[Block]:
    if block["type"] == CHART:
        return _section(f"*{fitted(block['title'], limits.HEADER_TEXT)}*"), _preformatted(columns(block)).block
    return _section(f"*{fitted(block['title']['text'], limits.HEADER_TEXT)}*"), *block["child_blocks"]


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
        case Paragraph():
            quote = "> " if part.inset else ""
            return quote + markup(part.text, limits.SECTION_TEXT - len(quote))
        case Aside():
            return markup(part.text)
        case _:
            return ""


def line_text(line: Line) -> str:
    """Return a line in Slack's markup: its mark, its label in bold, its text, where to look it up."""
    quote = "> " if line.inset else ""
    emoji = f"{EMOJI[line.mark]} " if line.mark else ""
    severity = f"{line.mark} " if line.mark in SEVERITIES else ""
    label = f"*{severity}{fitted(line.lead, LABEL_TEXT)}* " if line.label else severity
    named = f"  {code(line.code, CODE_TEXT)}" if line.code else ""
    link = f"  <{line.link}|open>" if line.link and is_safe_link(line.link) else ""
    text = (
        markup(naming_person(clean(line.text), line.person), LINE_TEXT) if line.person else fitted(line.text, LINE_TEXT)
    )
    return f"{quote}{emoji}{label}{text}{named}{link}"


def _button(button: Button, value: str) -> Block:
    style = {} if button.style is None else {"style": button.style}
    label = {"type": "plain_text", "text": button.text}
    return {"type": "button", "action_id": button.action, "text": label, "value": value, **style}


def _preformatted(text: str) -> Piece:
    """A command stands in rich text: Slack copies it exactly, and reads no markup or mention in it."""
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return Piece(block={"type": "rich_text", "elements": [element]}, parts=(Command(text=text),))


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
    empty = cost(_table(head, []))
    start, size = 0, empty
    written = [[_cell(cell) for cell in row[: limits.TABLE_COLUMNS]] for row in table.rows]
    for end, cells in enumerate(written):
        length = size_of(cells) + 2
        if end > start and (end - start + 1 >= limits.TABLE_ROWS or size + length > TABLE_COST):
            yield Piece(block=_table(head, written[start:end]), parts=(replace(table, rows=table.rows[start:end]),))
            start, size = end, empty
        size += length
    if written:
        yield Piece(block=_table(head, written[start:]), parts=(replace(table, rows=table.rows[start:]),))


def _table(head: list[Block], rows: Sequence[list[Block]]) -> Block:
    """A table whose short columns stay on one line, so that the long ones get the room."""
    columns = zip(head, *rows, strict=True)
    wrapped = [any(len(cell["text"]) > SHORT_CELL for cell in column) for column in columns]
    return {"type": "table", "column_settings": [{"is_wrapped": each} for each in wrapped], "rows": [head, *rows]}


def _cell(cell: Cell) -> Block:
    return {"type": "raw_text", "text": cell_text(cell)}
