"""The page around the blocks: a channel, a thread, the home tab, a modal."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.playground.block_kit.blocks import Block, blocks_html
from bot.playground.block_kit.markup import mrkdwn

STYLE = Path(__file__).with_name("style.css")
APP = "Reveille"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPost:
    """A message as a channel shows it. ``body`` is what chat.postMessage gets: ``text`` and perhaps ``blocks``."""

    body: Mapping[str, Any]
    time: str
    author: str = APP
    edited: bool = False
    replies: Sequence[ShownPost] = ()
    """Shown under the message, as in the thread's pane."""


def channel_page(name: str, posts: Sequence[ShownPost]) -> str:
    """Return the page of a channel with its messages; replies stand beside a bar below theirs."""
    return _page(f'<div class="bar"># {html.escape(name)}</div><main>{"".join(map(_post, posts))}</main>')


def home_page(view: Mapping[str, Any]) -> str:
    """Return the page of a home tab."""
    tabs = '<div class="tabs"><b>Home</b><span>Messages</span><span>About</span></div>'
    return _page(f'<div class="bar">{APP}</div>{tabs}<main class="home">{blocks_html(view["blocks"])}</main>')


def modal_page(view: Mapping[str, Any]) -> str:
    """Return the page of a modal."""
    buttons = "".join(
        f'<button class="{style}">{html.escape(view[key]["text"])}</button>'
        for key, style in (("close", ""), ("submit", "primary"))
        if key in view
    )
    title = html.escape(view["title"]["text"])
    return _page(
        f'<div class="modal"><div class="title">{title}<i>&times;</i></div>{blocks_html(view["blocks"])}'
        f'<div class="buttons">{buttons}</div></div>'
    )


def _post(post: ShownPost) -> str:
    is_app = post.author == APP
    avatar = f'<div class="avatar{" app" if is_app else ""}">{html.escape(post.author[0])}</div>'
    badge = "<small>APP</small>" if is_app else ""
    edited = '<span class="edited">(edited)</span>' if post.edited else ""
    who = f'<div class="who"><b>{html.escape(post.author)}</b>{badge}<time>{html.escape(post.time)}</time></div>'
    thread = "".join(map(_post, post.replies))
    count = f"{len(post.replies)} {'reply' if len(post.replies) == 1 else 'replies'}"
    below = f'<div class="count">{count}</div><div class="thread">{thread}</div>' if thread else ""
    return f'<article>{avatar}<div class="message">{who}{_body(post.body)}{edited}{below}</div></article>'


def _body(body: Mapping[str, Any]) -> str:
    """Blocks where there are any; Slack shows ``text`` only in a message without."""
    blocks: Sequence[Block] = body.get("blocks") or ()
    return blocks_html(blocks) if blocks else f'<div class="block section">{mrkdwn(body["text"])}</div>'


def _page(inside: str) -> str:
    style = STYLE.read_text(encoding="utf-8")
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{style}</style><body>{inside}</body></html>'
