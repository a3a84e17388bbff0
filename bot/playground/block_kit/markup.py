"""Slack's mrkdwn as HTML, with Slack's own rules for what is bold, a link, a mention or a quote."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

from bot.playground.block_kit.emoji import drawn, with_shortcodes

CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
BRACKETS = re.compile(r"<([^<>\n]+)>")
STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])"), "s"),
)
HELD = re.compile("\ue000(\\d+)\ue001")
DATE = re.compile(r"^!date\^(\d+)\^([^|^]+)(?:\^[^|]*)?\|(.*)$")

LINKS = re.compile(r"https?://|mailto:", re.IGNORECASE)
"""Addresses that a link may lead to; a script is none."""

NAMES: dict[str, str] = {}
"""What the workspace of a picture calls its users, groups and channels, by ID."""


def plain(text: str) -> str:
    """Return plain text as HTML."""
    return drawn(html.escape(with_shortcodes(text), quote=False).replace("\n", "<br>"))


def mrkdwn(text: str) -> str:
    """Return mrkdwn as HTML; ``&amp;``, ``&lt;`` and ``&gt;`` are the only entities that Slack decodes."""
    held: list[str] = []

    def hold(piece: str) -> str:
        held.append(piece)
        return f"\ue000{len(held) - 1}\ue001"

    kept = CODE.sub(lambda match: hold(_code(match)), text)
    kept = BRACKETS.sub(lambda match: hold(_bracket(match[1])), kept)
    lines = [_styled(line) for line in kept.split("\n")]
    return HELD.sub(lambda match: held[int(match[1])], _quoted(lines))


def _code(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f"<pre>{_entities(match[1]).strip(chr(10))}</pre>"
    return f"<code>{_entities(match[2])}</code>"


def _entities(text: str) -> str:
    decoded = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return html.escape(decoded, quote=False)


def _bracket(inside: str) -> str:
    """A link, a mention, a channel, or one of Slack's special words."""
    target, _, label = inside.partition("|")
    if date := DATE.match(inside):
        return _date(int(date[1]), date[2], date[3])
    if inside.startswith("!subteam^"):
        return _mention(label or "@" + NAMES.get(target.removeprefix("!subteam^"), target))
    if inside.startswith("!"):
        return f'<span class="mention loud">@{html.escape(label or target[1:])}</span>'
    if inside[0] in "@#":
        return _mention(inside[0] + (label or NAMES.get(target[1:], target[1:])).lstrip("@#"))
    return f"<a {link(html.unescape(target))}>{drawn(_entities(label or target))}</a>"


def link(address: str) -> str:
    """Return the attributes of a link: only to the web, in a window of its own, and without telling where from."""
    safe = address if LINKS.match(address) else "#"
    return f'href="{html.escape(safe)}" target="_blank" rel="noopener noreferrer"'


def _mention(text: str) -> str:
    return f'<span class="mention">{html.escape(text)}</span>'


def _date(seconds: int, form: str, fallback: str) -> str:
    """Slack shows the reader's own zone; a picture shows UTC and says so, or the text for old clients."""
    moment = datetime.fromtimestamp(seconds, UTC)
    words = {
        "{date_short}": f"{moment:%b} {moment.day}",
        "{date_short_pretty}": f"{moment:%b} {moment.day}",
        "{time}": f"{moment:%H:%M} UTC",
    }
    if all(part in words for part in re.findall(r"\{[^}]+\}", form)):
        for part, word in words.items():
            form = form.replace(part, word)
        return html.escape(form)
    return html.escape(fallback)


def _styled(line: str) -> str:
    text = _entities(with_shortcodes(line)) if not line.startswith(">") else ">" + _entities(with_shortcodes(line[1:]))
    for pattern, tag in STYLES:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    return drawn(text)


def _quoted(lines: list[str]) -> str:
    """Lines that begin with ``>`` stand beside a bar, those that follow each other beside one."""
    parts: list[str] = []
    quote: list[str] = []
    for line in [*lines, None]:
        if line is not None and line.startswith(">"):
            quote.append(line[1:].removeprefix(" "))
            continue
        if quote:
            parts.append(f"<blockquote>{'<br>'.join(quote)}</blockquote>")
            quote = []
        if line is not None:
            parts.append(f'<div class="line">{line or "&nbsp;"}</div>')
    return "".join(parts)
