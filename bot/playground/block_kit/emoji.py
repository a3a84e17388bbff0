"""The emoji of our messages as drawings: a machine without an emoji font shows the same picture."""

from __future__ import annotations

import re
from html import escape

SHORTCODES = {
    "rotating_light": "🚨",
    "white_check_mark": "✅",
    "warning": "⚠️",
    "eyes": "👀",
    "zzz": "💤",
    "bell": "🔔",
    "no_bell": "🔕",
    "hourglass_flowing_sand": "⏳",
    "red_circle": "🔴",
    "large_orange_circle": "🟠",
    "large_yellow_circle": "🟡",
    "large_green_circle": "🟢",
    "large_blue_circle": "🔵",
    "white_circle": "⚪",
    "grey_question": "❔",
    "x": "❌",
}


def _disc(colour: str, edge: str) -> str:
    return f'<circle cx="10" cy="10" r="8.4" fill="{colour}" stroke="{edge}" stroke-width="1"/>'


def _letters(text: str, colour: str) -> str:
    return (
        f'<text x="10" y="15.5" text-anchor="middle" font-family="Liberation Sans, sans-serif" font-weight="bold" '
        f'font-size="16" fill="{colour}">{text}</text>'
    )


BELL = (
    '<path d="M10 2c-3.6 0-5.4 2.6-5.4 6v3.4L3 14.4h14l-1.6-3V8c0-3.4-1.8-6-5.4-6z" fill="#f2b632"/>'
    '<circle cx="10" cy="16.4" r="1.9" fill="#c98f13"/>'
)
SLASH = '<path d="M3 3l14 14" stroke="#e01e5a" stroke-width="2.6"/>'
DRAWINGS = {
    "🔴": _disc("#dd2e44", "#b9203a"),
    "🟠": _disc("#f4900c", "#cf7703"),
    "🟡": _disc("#fdcb58", "#dda928"),
    "🟢": _disc("#4cae4f", "#37883a"),
    "🔵": _disc("#55acee", "#3187c9"),
    "⚪": _disc("#eef1f4", "#b8c1cb"),
    "⚫": _disc("#31373d", "#1d2125"),
    "✅": '<rect x="1.5" y="1.5" width="17" height="17" rx="3.5" fill="#4cae4f"/>'
    '<path d="M5 10.4l3.4 3.4L15 6.6" fill="none" stroke="#fff" stroke-width="2.4"/>',
    "❌": '<path d="M4 4l12 12M16 4L4 16" stroke="#dd2e44" stroke-width="3.4" stroke-linecap="round"/>',
    "❔": _letters("?", "#8b96a3"),
    "❓": _letters("?", "#dd2e44"),
    "❗": _letters("!", "#dd2e44"),
    "⏳": '<path d="M5 2h10M5 18h10" stroke="#8d6e4f" stroke-width="2"/>'
    '<path d="M6 3h8c0 4-3 5-3 7s3 3 3 7H6c0-4 3-5 3-7S6 7 6 3z" fill="#dbe9f4" stroke="#7d99ad"/>'
    '<path d="M7.5 16.5c.5-2 1.5-2.5 2.5-3.5 1 1 2 1.5 2.5 3.5z" fill="#e0a52e"/>',
    "🔔": BELL,
    "🔕": BELL + SLASH,
    "🚨": '<rect x="3" y="15" width="14" height="3.5" rx="1" fill="#5b6570"/>'
    '<path d="M5 15V9.5a5 5 0 0 1 10 0V15z" fill="#dd2e44"/><path d="M10 1v2M3 4l1.5 1.5M17 4l-1.5 1.5"'
    ' stroke="#dd2e44" stroke-width="1.6"/>',
    "⚠": '<path d="M10 2L19 17.5H1z" fill="#ffcc4d"/><path d="M10 7v5.5M10 14v2" stroke="#31373d" stroke-width="2"/>',
    "👀": '<ellipse cx="6" cy="10" rx="4" ry="6" fill="#fff" stroke="#8b96a3"/><ellipse cx="14" cy="10" rx="4" ry="6" '
    'fill="#fff" stroke="#8b96a3"/><circle cx="7.5" cy="11" r="2" fill="#31373d"/>'
    '<circle cx="15.5" cy="11" r="2" fill="#31373d"/>',
    "💤": '<text x="1" y="18" font-family="Liberation Sans, sans-serif" font-weight="bold" font-size="14" '
    'fill="#3d7fc4">Z<tspan font-size="9" dy="-7">z</tspan></text>',
    "🙋": '<circle cx="10" cy="6.5" r="4" fill="#f7c873"/><path d="M3 19c0-5 3-7 7-7s7 2 7 7z" fill="#55acee"/>',
    "🔁": '<path d="M4 9V7.5A3 3 0 0 1 7 4.5h8M16 11v1.5a3 3 0 0 1-3 3H5" fill="none" stroke="#3d7fc4"'
    ' stroke-width="2"/><path d="M13 1.5l4 3-4 3zM7 12.5l-4 3 4 3z" fill="#3d7fc4"/>',
    "⏰": '<circle cx="10" cy="11" r="7" fill="#fff" stroke="#dd2e44" stroke-width="2.4"/>'
    '<path d="M10 7v4l3 2M3 4l2.6-2M17 4l-2.6-2" fill="none" stroke="#31373d" stroke-width="1.6"/>',
    "🔧": '<path d="M3 17l8-8" stroke="#8b96a3" stroke-width="3.4" stroke-linecap="round"/>'
    '<path d="M16.8 3.2a4.6 4.6 0 1 0 .3 5.4l-3.4-1-.6-3.2z" fill="#8b96a3"/>',
    "✍": '<path d="M2 18h11" stroke="#8b96a3" stroke-width="1.6"/>'
    '<path d="M4.5 15.5l1-4L14 3l3 3-8.5 8.5z" fill="#f2b632" stroke="#c98f13"/>'
    '<path d="M4.5 15.5l1-4 3 3z" fill="#31373d"/>',
    "🔎": '<circle cx="12" cy="8" r="5.2" fill="#dbe9f4" stroke="#31373d" stroke-width="2"/>'
    '<path d="M8 12l-5.5 5.5" stroke="#31373d" stroke-width="3" stroke-linecap="round"/>',
    "⛔": '<circle cx="10" cy="10" r="8.4" fill="#dd2e44"/><path d="M5 10h10" stroke="#fff" stroke-width="3.2"/>',
    "⬜": '<rect x="2" y="2" width="16" height="16" rx="2" fill="#eef1f4" stroke="#b8c1cb"/>',
    "⬆": '<path d="M10 2l7 8h-4v8H7v-8H3z" fill="#dd2e44"/>',
    "⬇": '<path d="M10 18l7-8h-4V2H7v8H3z" fill="#4cae4f"/>',
}
# Two of the marks in this range, \u2713 and \u2717, are letters of any font and no emoji.
EMOJI = re.compile(
    "[\U0001f300-\U0001faff\u2600-\u2712\u2714-\u2716\u2718-\u27bf\u231a-\u23ff\u2b05-\u2b55]\ufe0f?",
)


def undrawn(text: str) -> set[str]:
    """Return the emoji of a text for which there is no drawing."""
    return {found.rstrip("\ufe0f") for found in EMOJI.findall(text)} - set(DRAWINGS)


def drawn(html: str) -> str:
    """Return HTML with a drawing in place of every emoji that has one."""
    return EMOJI.sub(lambda match: _svg(match.group()), html)


def with_shortcodes(text: str) -> str:
    """Return a text with ``:eyes:`` and its like as emoji; what is not known stays as it is."""
    return re.sub(r":([a-z0-9_+-]+):", lambda match: SHORTCODES.get(match[1], match[0]), text)


def _svg(emoji: str) -> str:
    drawing = DRAWINGS.get(emoji.rstrip("\ufe0f"))
    if drawing is None:
        return emoji
    return f'<svg class="emoji" viewBox="0 0 20 20" role="img" aria-label="{escape(emoji)}">{drawing}</svg>'
