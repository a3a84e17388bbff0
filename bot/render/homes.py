"""The home tab of several pipelines: the verdict and the phases of each, the open alerts of all, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.render import limits
from bot.render.alert_list import section
from bot.render.home import (
    ALERTS_AT_MOST,
    NO_REPORT,
    SHAPES,
    Home,
    alert_block,
    board_blocks,
    context,
    fitted_lines,
    header,
    refresh_blocks,
    verdict_blocks,
)
from bot.render.maintenance import hold_note
from bot.render.pages import Block
from bot.render.slack_text import VERDICT_EMOJI, escape, fitted
from bot.render.words import moment, number, time_of
from checks.model import Verdict

PIPELINES_AT_MOST = 12
"""Pipelines with blocks of their own; of more the verdicts stand in lines."""

TITLE_TEXT = 80


def homes_view(homes: Sequence[Home]) -> Block:
    """Return the view. Pure; however many pipelines and alerts there are, Slack takes it."""
    shown, others = homes[:PIPELINES_AT_MOST], homes[PIPELINES_AT_MOST:]
    heads = [tuple(_head(each)) for each in shown]
    tail = (*_others(others), *_alerts(homes), *_foot(homes))
    room = limits.VIEW_BLOCKS - len(tail) - sum(map(len, heads))
    boards: dict[str, Sequence[Block]] = {}
    for each in sorted(shown, key=_gravity):
        board = () if each.last is None else tuple(board_blocks(each, each.last))
        if len(board) <= room:
            boards[each.pipeline.name] = board
            room -= len(board)
    blocks = [
        block for each, head in zip(shown, heads, strict=True) for block in (*head, *boards.get(each.pipeline.name, ()))
    ]
    return {"type": "home", "blocks": [*blocks, *tail]}


def _gravity(home: Home) -> int:
    """The gravest first: where there is no room for every board, those of the others are left out."""
    return -1 if home.last is None else list(SHAPES).index(Verdict(home.last.verdict))


def _head(home: Home) -> Iterator[Block]:
    yield header(home.pipeline.title)
    if home.last is None:
        yield section(f"No validation has run yet. `/validate-daily {home.pipeline.name}` starts one.")
    else:
        yield from verdict_blocks(home, home.last)
    if home.hold is not None:
        yield section(f"🔧 {escape(hold_note(home.hold, home.pipeline.zone, home.now))}")
    shapes = "".join(NO_REPORT if verdict is None else SHAPES[verdict] for _, verdict in home.digests)
    look = f" · next look {time_of(home.next_look, home.pipeline.zone, home.now)}" if home.next_look else ""
    yield context(f"`{home.pipeline.name}` · last {number(len(home.digests), 'digest')} `{shapes}`{look}")


def _others(homes: Sequence[Home]) -> Iterator[Block]:
    if homes:
        yield header(f"{number(len(homes), 'more pipeline')}")
        yield section(fitted_lines([_line(each) for each in homes]))


def _line(home: Home) -> str:
    title = fitted(home.pipeline.title, TITLE_TEXT)
    if home.last is None:
        return f"{NO_REPORT} *{title}*  no validation has run yet"
    verdict = Verdict(home.last.verdict)
    return f"{VERDICT_EMOJI[verdict]} *{title}*  {verdict}, {number(len(home.alerts), 'open alert')}"


def _alerts(homes: Sequence[Home]) -> Iterator[Block]:
    found = [(each, alert) for each in homes for alert in each.alerts]
    yield header(f"Open alerts: {len(found)}" if found else "No open alert")
    ordered = sorted(found, key=lambda pair: (pair[1].severity, pair[1].opened_at))
    for home, alert in ordered[:ALERTS_AT_MOST]:
        yield alert_block(home, alert, f" · *{fitted(home.pipeline.title, TITLE_TEXT)}*")
    if len(ordered) > ALERTS_AT_MOST:
        yield context(f"… and {number(len(ordered) - ALERTS_AT_MOST, 'less grave one')}: `/alerts` lists more.")


def _foot(homes: Sequence[Home]) -> Iterator[Block]:
    yield from refresh_blocks()
    drawn = moment(homes[0].now, homes[0].pipeline.zone, homes[0].now)
    legend = " · ".join(f"{SHAPES[verdict]} {verdict.value.lower()}" for verdict in reversed(Verdict))
    yield context(f"{legend} · “{NO_REPORT}” no digest · drawn {drawn} · `/reveille help` says what you can ask me")
