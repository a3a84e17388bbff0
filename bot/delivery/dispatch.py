"""How one delivery reaches its sink: where it goes, whether it is there already, and what to do when it is refused.

A message may vanish: people delete it, archive its channel, remove the bot. What still belongs to it follows a
successor, a delivery with the key of the vanished one and ``:anew``: a parent posted again, or the answer that
Slack put into the channel because its parent was gone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.delivery.decisions import Adaptation, Attempt, another, detour, is_lost, plainer, unmentioned
from bot.delivery.notices import refusal
from bot.delivery.poster import Poster
from bot.delivery.search import Errand, Search
from bot.delivery.traffic import Defaults, Traffic
from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.store.model import ANEW, Changes, Delivery, DeliveryKind, DeliveryState, StateStore, StoreError

NOT_YET = timedelta(seconds=2)
"""How long a delivery waits for the message that it belongs to."""

_logger = logging.getLogger(__name__)


class Waiting(Exception):  # noqa: N818 - nothing is wrong, it is only too early
    """Nothing was sent, and nothing can be before ``until``."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


class Hopeless(Exception):  # noqa: N818 - says what is to be done with the delivery
    """What the delivery belongs to was given up."""


class Dispatch:
    """Sends deliveries, each once. ``defaults`` take what the channel of a message does not take."""

    def __init__(self, store: StateStore, poster: Poster, defaults: Defaults, traffic: Traffic) -> None:
        self._store = store
        self._poster = poster
        self._wording = poster.wording
        self._defaults = defaults
        self._traffic = traffic
        self._search = Search(poster, defaults, traffic)
        self._announced: dict[str, datetime | None] = {}
        """Channels whose refusal the default channel was told of, and since when they refused then."""

    def send(self, delivery: Delivery, now: datetime, *, in_doubt: bool) -> Posted:
        """Send it, and return where it stands; ``in_doubt`` looks for it first.

        Raises PostError, StoreError, Waiting, Hopeless.
        """
        # A clock that was set back since it was made: Slack's own, which dates what is there, was not ahead with it.
        doubt_since = min(delivery.created_at, now) if in_doubt else None
        errand = Errand(delivery=delivery, now=now, doubt_since=doubt_since)
        match delivery.kind:
            case DeliveryKind.POST:
                return self._place(errand, Attempt(channel=delivery.channel))[0]
            case DeliveryKind.REPLY:
                return self._reply(errand)
            case DeliveryKind.UPDATE:
                return self._update(delivery, now)

    def _reply(self, errand: Errand) -> Posted:
        parent = self._standing(errand.delivery, errand.now)
        errand = replace(errand, parent=self._wording.title(parent.body))
        posted, last = self._place(errand, Attempt(channel=_channel(parent), thread_ts=parent.ts))
        if posted.thread_ts != parent.ts and not last.took(Adaptation.TOP_LEVEL):
            # The parent is gone: what still comes for its thread follows this answer.
            self._succeed(parent, errand.delivery, errand.now, posted)
        return posted

    def _update(self, delivery: Delivery, now: datetime) -> Posted:
        """Edit the message, with its own key: an edit that was done twice changes nothing."""
        message = self._standing(delivery, now)
        # An answer that only stands for a parent which is gone, without a target of its own, says something else.
        if message.kind is DeliveryKind.POST or message.target is not None:
            try:
                return self._edit(message, delivery.body, now)
            except PostError as error:
                if not is_lost(error, delivery.attempts):
                    raise
        self._succeed(message, delivery, now, None)
        raise Waiting("the message is gone and is posted again", now + NOT_YET)

    def _edit(self, message: Delivery, body: Mapping[str, Any], now: datetime) -> Posted:
        attempt = Attempt(channel=_channel(message))
        self._may_go(attempt.channel, SinkCall.EDIT, now)
        while True:
            try:
                posted = self._poster.update(
                    attempt.channel, message.ts or "", self._wording.shown(body, attempt), message.key
                )
            except PostError as error:
                silenced = unmentioned(attempt, error, calls=self._wording.calls_somebody(body))
                less = plainer(attempt, error) if error.trouble is Trouble.CONTENT else silenced
                if less is None:
                    raise
                attempt = less
            else:
                self._traffic.worked(attempt.channel, now)
                return posted

    def _standing(self, delivery: Delivery, now: datetime) -> Delivery:
        """Return the message that a delivery belongs to, or the last of its successors."""
        found = self._store.delivery(delivery.target or "")
        while found is not None and (successor := self._store.delivery(found.key + ANEW)) is not None:
            found = successor
        if found is None or found.state is DeliveryState.DEAD:
            raise Hopeless("the message that it belongs to was never posted")
        if found.state is not DeliveryState.SENT:
            raise Waiting("the message that it belongs to is not posted yet", now + NOT_YET)
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

    def _place(self, errand: Errand, attempt: Attempt) -> tuple[Posted, Attempt]:
        """Post it where it belongs, or as near to that as Slack allows; return how that was."""
        refused = self._traffic.left_out(attempt.channel, errand.now)
        if (there := self._search.anywhere(errand, attempt)) is not None:
            return there
        if refused is not None:
            attempt = detour(attempt, refused.detail, self._defaults.of(attempt.channel) or "")
        while (posted := self._search.at(errand, attempt)) is None:
            try:
                posted = self._post(errand, attempt)
                break
            except PostError as error:
                calls, tried = self._wording.calls_somebody(errand.delivery.body), errand.delivery.attempts
                default = self._defaults.of(attempt.channel)
                following = another(attempt, error, default=default, calls=calls, tried=tried)
                if following is None:
                    raise
                if following.channel != attempt.channel:
                    self._gave_way(errand.delivery, error, errand.now)
                    refused = error
                attempt = following
        if refused is not None:
            self._announce(refused, errand.now)
        return posted, attempt

    def _gave_way(self, delivery: Delivery, error: PostError, now: datetime) -> None:
        level = logging.INFO if self._traffic.is_known(error) else logging.WARNING
        _logger.log(level, "%s does not take %s: %s", error.channel, delivery.key, error.detail)
        self._traffic.refused(error, now)

    def _post(self, errand: Errand, attempt: Attempt) -> Posted:
        self._may_go(attempt.channel, SinkCall.POST, errand.now)
        key = errand.delivery.key
        for code in errand.unsearched[:1]:
            attempt = attempt.noting(Adaptation.MAYBE_TWICE, code)
        body = self._wording.shown(errand.delivery.body, attempt, errand.parent)
        try:
            posted = self._poster.post(attempt.channel, body, key, attempt.thread_ts)
        except PostError as error:
            if errand.unsearched and error.trouble is Trouble.UNAVAILABLE:
                self._search.went_unsearched(key, errand.now)
            raise
        self._search.settled(key)
        self._traffic.worked(attempt.channel, errand.now)
        return posted

    def _may_go(self, channel: str, call: SinkCall, now: datetime) -> None:
        if (until := self._traffic.waits_until(channel, call, now)) is not None:
            raise Waiting(f"{channel} waits", until)

    def _announce(self, error: PostError, now: datetime) -> None:
        """Tell the default channel, once for as long as it lasts, that another channel takes nothing."""
        since = self._traffic.failing_since(error.channel)
        if self._announced.get(error.channel) == since:
            return
        try:
            default = self._defaults.of(error.channel) or ""
            self._store.commit(Changes(deliveries=[refusal(self._wording, error, default, now)]))
        except StoreError as failure:
            # The message itself is there, and says where it belongs.
            _logger.warning("The refusal of %s could not be stored: %s", error.channel, failure)
            return
        self._announced[error.channel] = since


def _channel(delivery: Delivery) -> str:
    return delivery.posted_channel or delivery.channel
