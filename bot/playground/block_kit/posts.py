"""What stands around blocks: a message with its thread, a channel, the home tab, a modal."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.playground.block_kit.blocks import Block, blocks_html
from bot.playground.block_kit.markup import mrkdwn
from bot.playground.slack.workspace import SharedFile

STYLE = Path(__file__).with_name("style.css")
APP = "Reveille"

SHORT_THREAD = 2
"""Answers of which the first matters most; of more, whoever does not unfold a long thread sees the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPost:
    """A message as a channel shows it. ``body`` is what chat.postMessage gets: ``text`` and perhaps ``blocks``.

    ``ts`` names it to whoever clicks in it; ``private`` ones one person sees; ``files`` stand below it, by their ids.
    """

    body: Mapping[str, Any]
    time: str
    author: str = APP
    edited: bool = False
    replies: Sequence[ShownPost] = ()
    """Shown under the message, as in the thread's pane."""
    ts: str = ""
    private: bool = False
    files: Mapping[str, SharedFile] = field(default_factory=dict)


def channel_page(name: str, posts: Sequence[ShownPost]) -> str:
    """Return the page of a channel with its messages; replies stand beside a bar below theirs."""
    return _page(f'<div class="bar"># {html.escape(name)}</div><main>{"".join(map(post_html, posts))}</main>')


def home_page(view: Mapping[str, Any]) -> str:
    """Return the page of a home tab."""
    tabs = '<div class="tabs"><b>Home</b><span>Messages</span><span>About</span></div>'
    return _page(f'<div class="bar">{APP}</div>{tabs}<main class="home">{blocks_html(view["blocks"])}</main>')


def modal_page(view: Mapping[str, Any]) -> str:
    """Return the page of a modal."""
    return _page(modal_html(view))


def modal_html(view: Mapping[str, Any]) -> str:
    """Return a modal: its title, its blocks, its buttons."""
    buttons = "".join(
        f'<button type="{kind}" class="{style} {key}">{html.escape(view[key]["text"])}</button>'
        for key, kind, style in (("close", "button", ""), ("submit", "submit", "primary"))
        if key in view
    )
    title = html.escape(view["title"]["text"])
    return (
        f'<form class="modal" data-view="{html.escape(view.get("id", ""))}" novalidate>'
        f'<div class="title"><span id="modal-title">{title}</span>'
        f'<button type="button" class="close x" aria-label="Close">&times;</button></div>'
        f'<div class="blocks">{blocks_html(view["blocks"])}</div><div class="buttons">{buttons}</div></form>'
    )


def post_html(post: ShownPost) -> str:
    """Return a message with the answers below it."""
    is_app = post.author == APP
    avatar = f'<div class="avatar{" app" if is_app else ""}" aria-hidden="true">{html.escape(post.author[0])}</div>'
    badge = "<small>APP</small>" if is_app else ""
    edited = '<span class="edited">(edited)</span>' if post.edited else ""
    seen = '<div class="only">Only visible to you</div>' if post.private else ""
    who = f'<div class="who"><b>{html.escape(post.author)}</b>{badge}<time>{html.escape(post.time)}</time></div>'
    files = "".join(map(_file, post.files, post.files.values()))
    thread = "".join(map(post_html, post.replies))
    count = f"{len(post.replies)} {'reply' if len(post.replies) == 1 else 'replies'}"
    latest = " latest" if len(post.replies) > SHORT_THREAD else ""
    below = f'<div class="count">{count}</div><div class="thread{latest}">{thread}</div>' if thread else ""
    return (
        f'<article data-ts="{html.escape(post.ts)}">{avatar}<div class="message">'
        f"{seen}{who}{_body(post.body)}{edited}{files}{below}</div></article>"
    )


def _file(name: str, file: SharedFile) -> str:
    """A picture as it is, with its words instead; anything else to be taken away."""
    address, title = f"files/{html.escape(name)}", html.escape(file.title or file.name)
    if file.is_picture:
        return f'<figure class="file">{title}<img src="{address}" alt="{html.escape(file.words)}"></figure>'
    return f'<a class="file" href="{address}" download>{title}</a>'


def _body(body: Mapping[str, Any]) -> str:
    """Blocks where there are any; Slack shows ``text`` only in a message without, and neither with a mere file."""
    blocks: Sequence[Block] = body.get("blocks") or ()
    if blocks or not body["text"]:
        return blocks_html(blocks)
    return f'<div class="block section">{mrkdwn(body["text"])}</div>'


def _page(inside: str) -> str:
    style = STYLE.read_text(encoding="utf-8")
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{style}</style><body>{inside}</body></html>'
