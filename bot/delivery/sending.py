"""How one delivery reaches Slack: where it goes, whether it is there already, and what to do when its place is gone.

A message may vanish: people delete it, archive its channel, remove the bot. What still belongs to it follows a
successor, a delivery with the key of the vanished one and ``:anew``: a parent posted again, or the answer that
Slack put into the channel because its parent was gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.delivery.poster import Posted, Poster, PostError, Trouble
from bot.render.slack_text import escape
from bot.store.model import Changes, Delivery, DeliveryKind, DeliveryState, StateStore

ANEW = ":anew"

NOT_YET = timedelta(seconds=2)
"""How long a delivery waits for the message that it belongs to."""


class Waiting(Exception):  # noqa: N818 - nothing is wrong, it is only too early
    """What the delivery belongs to is not there yet: nothing was sent."""


class Hopeless(Exception):  # noqa: N818 - says what is to be done with the delivery
    """What the delivery belongs to was given up."""


class Sending:
    """Sends deliveries, each once. ``default_channel`` takes what the channel of a message does not take."""

    def __init__(self, store: StateStore, poster: Poster, default_channel: str | None) -> None:
        self._store = store
        self._poster = poster
        self._default_channel = default_channel

    def send(self, delivery: Delivery, now: datetime, *, in_doubt: bool) -> Posted:
        """Send it, and return where it stands; ``in_doubt`` looks for it first.

        Raises PostError, StoreError, Waiting, Hopeless.
        """
        # A clock that was set back since it was made: Slack's own, which dates what is there, was not ahead with it.
        doubt_since = min(delivery.created_at, now) if in_doubt else None
        match delivery.kind:
            case DeliveryKind.POST:
                return self._place(delivery, delivery.channel, None, doubt_since)
            case DeliveryKind.REPLY:
                return self._reply(delivery, now, doubt_since)
            case DeliveryKind.UPDATE:
                return self._update(delivery, now)

    def _reply(self, delivery: Delivery, now: datetime, doubt_since: datetime | None) -> Posted:
        parent = self._standing(delivery)
        posted = self._place(delivery, _channel(parent), parent.ts, doubt_since)
        if posted.thread_ts != parent.ts:
            # The parent is gone: what still comes for its thread follows this answer.
            self._succeed(parent, delivery, now, posted)
        return posted

    def _update(self, delivery: Delivery, now: datetime) -> Posted:
        """Edit the message, with its own key: an edit that was done twice changes nothing."""
        message = self._standing(delivery)
        # An answer that only stands for a parent which is gone, without a target of its own, says something else.
        if message.kind is DeliveryKind.POST or message.target is not None:
            try:
                return self._edit(message, delivery.body)
            except PostError as error:
                if error.trouble not in (Trouble.GONE, Trouble.PLACE):
                    raise
        self._succeed(message, delivery, now, None)
        raise Waiting("the message is gone and is posted anew")

    def _edit(self, message: Delivery, body: Mapping[str, Any]) -> Posted:
        try:
            return self._poster.update(_channel(message), message.ts or "", body, message.key)
        except PostError as error:
            if error.trouble is not Trouble.CONTENT:
                raise
            return self._poster.update(_channel(message), message.ts or "", _words_only(body, error), message.key)

    def _standing(self, delivery: Delivery) -> Delivery:
        """Return the message that a delivery belongs to, or the last of its successors."""
        found = self._store.delivery(delivery.target or "")
        while found is not None and (successor := self._store.delivery(found.key + ANEW)) is not None:
            found = successor
        if found is None or found.state is DeliveryState.DEAD:
            raise Hopeless("the message that it belongs to was never posted")
        if found.state is not DeliveryState.SENT:
            raise Waiting("the message that it belongs to is not posted yet")
        return found

    def _succeed(self, gone: Delivery, delivery: Delivery, now: datetime, posted: Posted | None) -> None:
        """Store the successor of a message: posted already, or to be posted with the body of a delivery."""
        stands_for_parent = posted is not None
        is_answer = stands_for_parent or gone.target is not None
        successor = Delivery(
            key=gone.key + ANEW,
            kind=DeliveryKind.REPLY if is_answer else DeliveryKind.POST,
            target=None if stands_for_parent else gone.target,
            channel=_channel(gone),
            body=delivery.body,
            created_at=now,
            urgent=delivery.urgent,
        )
        if posted is not None:
            successor = replace(
                successor, state=DeliveryState.SENT, ts=posted.ts, posted_channel=posted.channel, sent_at=now
            )
        self._store.commit(Changes(deliveries=[successor]))

    def _place(self, delivery: Delivery, channel: str, thread_ts: str | None, doubt_since: datetime | None) -> Posted:
        """Post it where it belongs, at the top level when its thread is gone, else in the default channel."""
        try:
            return self._once(delivery, channel, delivery.body, thread_ts, doubt_since)
        except PostError as error:
            if error.trouble is Trouble.GONE and thread_ts is not None:
                return self._once(delivery, channel, delivery.body, None, doubt_since)
            if error.trouble is not Trouble.PLACE or self._default_channel in (None, channel):
                raise
            body, elsewhere = _rerouted(delivery.body, channel, error), self._default_channel
        return self._once(delivery, elsewhere or channel, body, None, doubt_since)

    def _once(
        self,
        delivery: Delivery,
        channel: str,
        body: Mapping[str, Any],
        thread_ts: str | None,
        doubt_since: datetime | None,
    ) -> Posted:
        if doubt_since is not None:
            found = self._poster.find(channel, delivery.key, doubt_since, thread_ts)
            if found is not None:
                return found
        try:
            return self._poster.post(channel, body, delivery.key, thread_ts)
        except PostError as error:
            if error.trouble is not Trouble.CONTENT:
                raise
            return self._poster.post(channel, _words_only(body, error), delivery.key, thread_ts)


def _channel(delivery: Delivery) -> str:
    return delivery.posted_channel or delivery.channel


def _rerouted(body: Mapping[str, Any], channel: str, error: PostError) -> Mapping[str, Any]:
    refusal = f"which does not take it ({escape(error.detail)})"
    notice = f"This belongs in <#{channel}>, {refusal}. Repair the channel or the routes."
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": notice}]}
    return {"text": body.get("text", ""), "blocks": [context, *_blocks(body)]}


def _blocks(body: Mapping[str, Any]) -> list[Any]:
    """Return the blocks of a body; a text alone becomes one, or blocks beside it would hide it."""
    text = {"type": "section", "text": {"type": "mrkdwn", "text": body.get("text") or "…", "verbatim": True}}
    return list(body.get("blocks") or [text])


def _words_only(body: Mapping[str, Any], error: PostError) -> Mapping[str, Any]:
    """Return what is left of a body whose blocks Slack does not take: the incident is told, and what is missing."""
    notice = f"(The details cannot be shown: Slack answered {escape(error.detail)}.)"
    return {"text": f"{str(body.get('text', ''))[:3_000]} {notice}".strip()}
