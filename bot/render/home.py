"""The home tab: the last verdict, the phases, the open alerts and the last two weeks, on one page; of several pipelines
the verdict and the phases of each, and the open alerts of all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.alerting.holds import Hold
from bot.render import limits
from bot.render.alert_list import alert_lines, alert_row, gravest_first, section
from bot.render.alert_title import short_title
from bot.render.maintenance import hold_note
from bot.render.message import Mark
from bot.render.pages import Block
from bot.render.phase_marks import mark_words, phase_mark
from bot.render.slack_text import EMOJI, LINE_TEXT, VERDICT_EMOJI, escape, fitted
from bot.render.standing import UNVALIDATED, emoji_of, lead, since_report
from bot.render.words import (
    capital,
    clean,
    interval_title,
    moment,
    named_interval,
    number,
    sentence,
    time_of,
    words_of_intervals,
)
from bot.store.model import Alert, AlertState, StoredReport
from checks.model import Verdict
from checks.pipeline import Pipeline

REFRESH = "home:refresh"
DETAILS = "alert:details"

ALERTS_AT_MOST = 20
"""Alerts on the page; more are counted."""

PHASE_TEXT = 200

OLD = timedelta(hours=26)
"""A verdict older than a day and the digest's slack says so in bold."""

SHAPES = {
    Verdict.BLOCKED: "✗",
    Verdict.ACT: "!",
    Verdict.UNKNOWN: "?",
    Verdict.WATCH: "w",
    Verdict.ALL_CLEAR: "✓",
}
NO_REPORT = "·"

PIPELINES_AT_MOST = 12
"""Pipelines with blocks of their own; of more the verdicts stand in lines."""

TITLE_TEXT = 80

A_ROW = 7
"""Digests in a row: a week, which a phone shows without a break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the page shows. ``last`` is the newest whole report. ``digests`` are the last ones, the oldest first: the
    interval that each belongs to, and its last verdict, None for none. ``alerts`` are open, ``resolved`` those that
    ended since the report; ``hold`` is what alerts below P0 wait for."""

    pipeline: Pipeline
    now: datetime
    last: StoredReport | None
    digests: Sequence[tuple[str, Verdict | None]]
    alerts: Sequence[Alert]
    resolved: Sequence[Alert] = ()
    threads: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the threads of open alerts, by their keys."""
    next_look: datetime | None = None
    """When the next digest is posted or brought up to date."""
    hold: Hold | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.pipeline.zone).date()


def home_view(home: Home) -> Block:
    """Return the view. Pure: the same state always looks the same."""
    return {"type": "home", "blocks": list(_blocks(home))}


def notice_view(sentence: str) -> Block:
    """Return a view that only says something."""
    return {"type": "home", "blocks": [section(escape(sentence))]}


def _blocks(home: Home) -> Iterator[Block]:
    yield _header(home.pipeline.title)
    if home.last is None:
        yield section(f"{UNVALIDATED}. `/validate-daily` validates it; the digest comes each morning.")
    else:
        yield from _verdict_blocks(home, home.last)
        yield from _board_blocks(home, home.last)
    if home.hold is not None:
        yield section(f"🔧 {escape(hold_note(home.hold, home.pipeline.zone, home.now))}")
    yield from _alerts(home)
    yield from _snoozes(home)
    yield from _fortnight(home)
    yield from _refresh_blocks()
    look = f"Next check {time_of(home.next_look, home.pipeline.zone, home.now)} · " if home.next_look else ""
    drawn = f"{'drawn' if look else 'Drawn'} {moment(home.now, home.pipeline.zone, home.now)}"
    yield _context(f"{look}{drawn} · `/reveille help` says what you can ask me")


def _refresh_blocks() -> tuple[Block, ...]:
    """Return the line at the end of the page, and its button."""
    button = {"type": "button", "action_id": REFRESH, "text": {"type": "plain_text", "text": "Refresh"}}
    return {"type": "divider"}, {"type": "actions", "elements": [button]}


def _verdict_blocks(home: Home, last: StoredReport) -> Iterator[Block]:
    """Yield what the newest report came to, and what became of it since."""
    verdict = Verdict(last.verdict)
    headline = fitted(str(last.document.get("headline", "")), LINE_TEXT)
    standing = since_report(verdict, last.at, last.document, (*home.alerts, *home.resolved))
    emoji, words = VERDICT_EMOJI[verdict], str(verdict)
    now, then = f" · {headline}" if headline else "", ""
    if standing.now is not verdict and (standing.until is not None or standing.is_worse):
        # What the report said was so when it looked, and is not what is so now.
        emoji, words = emoji_of(standing), sentence(lead(standing, home.pipeline.zone))
        now, then = "", now
    yield section(f"{emoji} *{words}*{now}")
    age = " · *older than a day*" if home.now - last.at > OLD else ""
    seen = moment(last.at, home.pipeline.zone, home.now)
    yield _context(f"{capital(_interval_words(home, last.previous))} · checked at {seen} ({last.job}){age}{then}")


def _board_blocks(home: Home, last: StoredReport) -> Iterator[Block]:
    """Yield a field for each phase: its state for the previous interval, and for the current one."""
    intervals = _intervals(last)
    fields = []
    for phase in home.pipeline.phases:
        marks = [phase_mark(last.document, phase.id, each) for each in intervals]
        if any(marks):
            states = " · ".join(map(_state, marks))
            fields.append({"type": "mrkdwn", "text": f"*{fitted(phase.title, PHASE_TEXT)}*\n{states}"})
    if fields:
        yield _header("Phases")
        yield _context("In each phase: " + " · ".join(_interval_words(home, each) for each in intervals))
    for start in range(0, len(fields), limits.FIELDS):
        yield {"type": "section", "fields": fields[start : start + limits.FIELDS]}


def _intervals(last: StoredReport) -> tuple[str, ...]:
    return tuple(dict.fromkeys((last.previous, str(last.document.get("current", last.previous)))))


def _interval_words(home: Home, interval: str) -> str:
    word = words_of_intervals(home.pipeline, home.now).get(interval, "")
    return named_interval(word, interval_title(interval, home.today))


def _state(mark: Mark | None) -> str:
    return "-" if mark is None else f"{EMOJI[mark]} {mark_words(mark)}"


def _alerts(home: Home) -> Iterator[Block]:
    yield from _alert_blocks([(home, each) for each in gravest_first(home.alerts)])


def _alert_blocks(alerts: Sequence[tuple[Home, Alert]], *, named: bool = False) -> Iterator[Block]:
    """Yield alerts with their buttons, ``named`` with their pipelines."""
    yield _header(f"Open alerts: {len(alerts)}" if alerts else "No open alert")
    shown = alerts[:ALERTS_AT_MOST]
    lines = alert_lines([_row(home, each, named=named) for home, each in shown])
    yield from ({**section(line), "accessory": _details(each)} for line, (_, each) in zip(lines, shown, strict=True))
    if len(alerts) > ALERTS_AT_MOST:
        yield _context(f"… and {number(len(alerts) - ALERTS_AT_MOST, 'less grave one')}: `/alerts` lists more.")


def _row(home: Home, alert: Alert, *, named: bool) -> tuple[str, str]:
    title, state = alert_row(alert, home.now, home.pipeline.zone, home.threads.get(alert.key, ""))
    return title, f"{state} · *{fitted(home.pipeline.title, TITLE_TEXT)}*" if named else state


def _details(alert: Alert) -> Block:
    value = json.dumps({"key": alert.key, "version": alert.version})
    text = {"type": "plain_text", "text": "Details"}
    return {"type": "button", "action_id": DETAILS, "text": text, "value": value}


def _snoozes(home: Home) -> Iterator[Block]:
    zone = home.pipeline.zone
    ending = [
        alert
        for alert in home.alerts
        if alert.state is AlertState.SNOOZED
        and alert.snoozed_until is not None
        and alert.snoozed_until.astimezone(zone).date() == home.today
    ]
    if ending:
        yield _header("Snoozes that end today")
        ordered = sorted(ending, key=lambda alert: alert.snoozed_until or home.now)
        yield section(
            fitted_lines(
                [
                    f"⏰ {alert.snoozed_until.astimezone(zone):%H:%M}  {fitted(short_title(alert), LINE_TEXT // 5)}"
                    for alert in ordered
                    if alert.snoozed_until is not None
                ]
            )
        )


def _fortnight(home: Home) -> Iterator[Block]:
    """Yield the last verdict of each of the last digests, the oldest first: a shape below its date, which needs no
    color to be read."""
    names = [interval_title(name, home.today) for name, _ in home.digests]
    yield _header(f"The last {len(names)} digests")
    cells = [(_short(name), NO_REPORT if verdict is None else SHAPES[verdict]) for name, verdict in home.digests]
    width = max(len(name) for name, _ in cells)
    rows = (cells[start : start + A_ROW] for start in range(0, len(cells), A_ROW))
    lines = [[" ".join(each.rjust(width) for each in line) for line in zip(*row, strict=True)] for row in rows]
    text = "\n\n".join(map("\n".join, lines))
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    yield {"type": "rich_text", "elements": [element]}
    legend = " · ".join(f"{SHAPES[verdict]} {verdict.value.lower()}" for verdict in reversed(Verdict))
    yield _context(f"{names[0]} to {names[-1]} · {legend} · “{NO_REPORT}” no digest")


def homes_view(homes: Sequence[Home]) -> Block:
    """Return the view. Pure; however many pipelines and alerts there are, Slack takes it."""
    shown, others = homes[:PIPELINES_AT_MOST], homes[PIPELINES_AT_MOST:]
    heads = [tuple(_head_of_one(each)) for each in shown]
    tail = (*_other_pipelines(others), *_alerts_of_all(homes), *_foot_of_all(homes))
    room = limits.VIEW_BLOCKS - len(tail) - sum(map(len, heads))
    boards: dict[str, Sequence[Block]] = {}
    for each in sorted(shown, key=_gravity):
        board = () if each.last is None else tuple(_board_blocks(each, each.last))
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


def _head_of_one(home: Home) -> Iterator[Block]:
    yield _header(home.pipeline.title)
    if home.last is None:
        yield section(f"{UNVALIDATED}. `/validate-daily {home.pipeline.name}` validates it.")
    else:
        yield from _verdict_blocks(home, home.last)
    if home.hold is not None:
        yield section(f"🔧 {escape(hold_note(home.hold, home.pipeline.zone, home.now))}")
    shapes = "".join(NO_REPORT if verdict is None else SHAPES[verdict] for _, verdict in home.digests)
    look = f" · next check {time_of(home.next_look, home.pipeline.zone, home.now)}" if home.next_look else ""
    yield _context(f"`{home.pipeline.name}` · last {number(len(home.digests), 'digest')} `{shapes}`{look}")


def _other_pipelines(homes: Sequence[Home]) -> Iterator[Block]:
    if homes:
        yield _header(f"{number(len(homes), 'more pipeline')}")
        yield section(fitted_lines([_line_of_one(each) for each in homes]))


def _line_of_one(home: Home) -> str:
    title = fitted(home.pipeline.title, TITLE_TEXT)
    if home.last is None:
        return f"{NO_REPORT} *{title}*  {UNVALIDATED}"
    verdict = Verdict(home.last.verdict)
    return f"{VERDICT_EMOJI[verdict]} *{title}*  {verdict}, {number(len(home.alerts), 'open alert')}"


def _alerts_of_all(homes: Sequence[Home]) -> Iterator[Block]:
    found = [(each, alert) for each in homes for alert in each.alerts]
    yield from _alert_blocks(sorted(found, key=lambda pair: (pair[1].severity, pair[1].opened_at)), named=True)


def _foot_of_all(homes: Sequence[Home]) -> Iterator[Block]:
    yield from _refresh_blocks()
    drawn = moment(homes[0].now, homes[0].pipeline.zone, homes[0].now)
    legend = " · ".join(f"{SHAPES[verdict]} {verdict.value.lower()}" for verdict in reversed(Verdict))
    yield _context(f"{legend} · “{NO_REPORT}” no digest · drawn {drawn} · `/reveille help` says what you can ask me")


def _short(interval: str) -> str:
    """Return the end of an interval's name, which tells it from its neighbors: the day, the hour, the week."""
    return re.split(r"[-T]", interval)[-1]


def fitted_lines(lines: Sequence[str]) -> str:
    """Join lines as far as a section holds them, and count the others."""
    kept: list[str] = []
    room = limits.SECTION_TEXT - len("… and 999 more")
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            kept.append(f"… and {len(lines) - len(kept)} more")
            break
        kept.append(line)
    return "\n".join(kept)


def _header(text: str) -> Block:
    """Return a header, cut to what Slack takes."""
    words = clean(text)
    words = words if len(words) <= limits.HEADER_TEXT else f"{words[: limits.HEADER_TEXT - 1]}…"
    return {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}


def _context(text: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
