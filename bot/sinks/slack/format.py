"""How Slack shows a message, also when it is not sent as it was meant: pure functions.

The body of a delivery is neutral (``bot.render.post``) until it is formatted here. Former versions stored bodies in
Slack's own form, which are sent as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.delivery.decisions import Adaptation, Attempt, Form, Note
from bot.delivery.troubles import PostError, Trouble
from bot.render.blocks import slack_message
from bot.render.post import Channel, Native, Post, is_neutral, post_of, with_threads
from bot.render.slack_text import escape
from bot.render.words import clean
from bot.sinks.slack.errors import remedy
from bot.store.model import BROADCAST, SLACK, Delivery

Body = Mapping[str, Any]

WORDS, SHORT, TITLE = 3_000, 500, 150
"""Characters of a text that stands for its blocks, of its beginning, and of what names a message."""

_MENTION = re.compile(r"<(?:!subteam\^([A-Z0-9]+)|!(channel|here|everyone)|@([UW][A-Z0-9]+))(?:\|[^<>]*)?>")
_MARKUP = re.compile(r"<[^<>]*?(?:\|([^<>|]*))?>")
_BROKEN_END = re.compile(r"(?:<[^>]*|&[a-z]{0,3})\Z")


class SlackWording:
    """The words of the outbox in Slack's markup."""

    sink = SLACK

    def __init__(self, thread: Callable[[str], str] = lambda _: "") -> None:
        """``thread`` returns the address of the message of a delivery by its key, empty for one that is not sent."""
        self._thread = thread

    def shown(self, body: Body, attempt: Attempt, parent: str = "") -> Body:
        return said(formatted(with_threads(body, self._thread) if is_neutral(body) else body), attempt, parent)

    def calls_somebody(self, body: Body) -> bool:
        return calls_somebody(formatted(body))

    def title(self, body: Body) -> str:
        return title(formatted(body))

    def remedy(self, code: str) -> str:
        return remedy(code)

    def undelivered(self, delivery: Delivery, error: str) -> Body:
        what = ("A message for ", Channel(delivery.channel), f" could not be delivered ({clean(error)}). It said: ")
        return Post((*what, Native(cut(str(formatted(delivery.body).get("text") or ""), 1_000)))).document

    def refusal(self, error: PostError) -> Body:
        passing = error.trouble in (Trouble.BUSY, Trouble.UNAVAILABLE)
        fix = "If that lasts, name another channel under `routes`." if passing else remedy(error.detail)
        why = f" does not take messages ({clean(error.detail)}): they come here instead. "
        return Post((Channel(error.channel), why, Native(fix))).document


def formatted(body: Body) -> Body:
    """Return the ``text`` and the ``blocks`` of a body, where a reply shows, and its ``pictures``."""
    if not is_neutral(body):
        return body
    post = post_of(body)
    message = slack_message(post)
    beside = {"blocks": list(message.blocks), "pictures": post.pictures}
    return {**_mark(body), "text": message.text, **{name: each for name, each in beside.items() if each}}


def calls_somebody(body: Body) -> bool:
    """Whether anything in a body mentions a person, a group or a channel."""
    return bool(_without_mentions(body) != body)


def said(body: Body, attempt: Attempt, parent: str = "") -> Body:
    """Return a body as an attempt shows it, with what was changed; ``parent`` names what it answers."""
    notes = " ".join(words for note in attempt.notes if (words := _words(note, parent)))
    if not attempt.mentions:
        body = _without_mentions(body)
    text = str(body.get("text") or "")
    match attempt.form:
        case Form.WORDS:
            return {**_mark(body), "text": f"{cut(text, WORDS)} ({notes})".strip()}
        case Form.SHORT:
            return {**_mark(body), "text": f"{cut(_plain(text), SHORT) or '…'} ({notes})"}
        case Form.WHOLE if notes:
            context = {"type": "context", "elements": [{"type": "mrkdwn", "text": notes}]}
            return {**body, "blocks": [context, *_blocks(body)]}
        case Form.WHOLE:
            return body


def title(body: Body) -> str:
    """Return what names a message in another one; it calls nobody."""
    text = _plain(str(body.get("text") or "")).strip()
    return cut(text.partition("\n")[0], TITLE)


def cut(text: str, most: int) -> str:
    """Return at most so many characters of escaped text; no link, mention or escape is cut in two."""
    return text if len(text) <= most else f"{_BROKEN_END.sub('', text[: most - 1])}…"


def _words(note: Note, parent: str) -> str:
    code = escape(note.detail)
    match note.step:
        case Adaptation.REROUTED:
            return f"This belongs in <#{note.channel}>, which does not take it ({code})."
        case Adaptation.TOP_LEVEL:
            return f"An answer to “{parent}”: this channel takes no answers in threads."
        case Adaptation.UNMENTIONED:
            return f"Nobody is called: Slack refused the mention ({code})."
        case Adaptation.WORDS:
            return f"The details cannot be shown: Slack answered {code}."
        case Adaptation.SHORTENED:
            return f"Shortened: Slack answered {code}."
        case Adaptation.MAYBE_TWICE:
            return (
                f"This may be here twice: Slack does not let the bot look for the first time that it was sent ({code})."
            )
        case Adaptation.THREAD_GONE:
            return ""


def _mark(body: Body) -> Body:
    """Return what a plainer form keeps beside its text: where the message shows."""
    return {BROADCAST: True} if body.get(BROADCAST) else {}


def _blocks(body: Body) -> list[Any]:
    """Return the blocks of a body; a text alone becomes one, or blocks beside it would hide it."""
    text = {"type": "section", "text": {"type": "mrkdwn", "text": body.get("text") or "…", "verbatim": True}}
    return list(body.get("blocks") or [text])


def _plain(text: str) -> str:
    """Return a text without links and mentions; what they are called stays."""
    return _MARKUP.sub(lambda found: found[1] or "", _silent(text))


def _silent(text: str) -> str:
    return _MENTION.sub(lambda found: f"@{found[1] or found[2] or found[3]}", text)


def _without_mentions(value: Any) -> Any:
    """Return the same with mentions as plain words: in Slack's markup, and in the elements of rich text."""
    match value:
        case {"type": "user", "user_id": str(name)} | {"type": "usergroup", "usergroup_id": str(name)}:
            return {"type": "text", "text": f"@{name}"}
        case {"type": "broadcast", "range": str(name)}:
            return {"type": "text", "text": f"@{name}"}
        case {"type": "text" | "plain_text"}:
            return value
        case Mapping():
            return {key: _without_mentions(each) for key, each in value.items()}
        case list():
            return [_without_mentions(each) for each in value]
        case str():
            return _silent(value)
        case _:
            return value
