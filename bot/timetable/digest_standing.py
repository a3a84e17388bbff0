"""Keeps the newest digest true: what its alerts became since is an edit of it, stored with the decision about them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.render.alert_links import thread_link
from bot.render.post import post_of
from bot.render.slack_text import ANY_WORKSPACE
from bot.render.standing import restated, since_digest
from bot.render.words import interval_title
from bot.store.model import Alert, Delivery, DeliveryKind, DeliveryState, ReportHead, StateStore, StoreError
from bot.timetable.digest_deliveries import interval_in, posting_key
from bot.timetable.history import newest_digest
from bot.timetable.slots import JOB, LOOK_BACK, DigestCalendar
from checks.model import Verdict
from checks.pipeline import Pipeline

_WORKSPACE = re.compile(r"https://[^/\s\"]+/(?=archives/)")

HEADS_AT_MOST = 100
"""Digests of the last days among which the newest one is looked for; a day has one, and its refreshes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A digest as it was last written: the message in the channel, and the delivery that has its words."""

    head: ReportHead
    posting: Delivery
    words: Delivery


class DigestStanding:
    """The newest digest of one pipeline, for who decides about its alerts. Methods raise StoreError.

    ``workspace`` returns the address of the workspace, which is not known before Slack has said it.
    """

    def __init__(
        self, store: StateStore, pipeline: Pipeline, workspace: Callable[[], str] = lambda: ANY_WORKSPACE
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._pipeline = pipeline
        self._known: dict[str, Delivery] = {}
        """What was read of the newest digest and does not change any more."""
        self._words: dict[str, str] = {}
        """The delivery that has the words of the newest digest, by the key of its report."""

    def edit(self, moved: Iterable[Alert], now: datetime, *, after: Delivery | None = None) -> Delivery | None:
        """Return the edit that lets the digest tell its alerts as they are, with those that have ``moved`` and are not
        stored yet; None where it does so already.

        ``after`` is an edit that was stored just now: where the digest was written again meanwhile, it must be
        followed by another one. Edits of one digest are numbered, so two processes never store one twice.
        """
        written = self._newest(now)
        if written is None:
            return None
        alerts = {each.key: each for each in self._store.recent_alerts(self._pipeline.name, written.words.created_at)}
        alerts.update({each.key: each for each in moved})
        standing = since_digest(Verdict(written.head.verdict), written.words.created_at, alerts.values())
        links = {each.key: self._thread(each) for each in (*standing.open, *standing.closed)}
        body = restated(post_of(written.words.body), standing, links, self._pipeline.zone).document
        name = f"{written.head.key}:standing"
        count = counted(lambda number: self._read(_key(name, number)) is not None)
        last = self._read(_key(name, count)) if count else None
        told = last or written.words
        if _unplaced(body) == _unplaced(post_of(told.body).document) and (after is None or after.key.startswith(name)):
            return None
        return Delivery(
            key=_key(name, count + 1),
            kind=DeliveryKind.UPDATE,
            channel=written.posting.channel,
            body=body,
            created_at=max(now, told.created_at),
            target=written.posting.key,
            order=written.words.order,
        )

    def link(self, now: datetime) -> tuple[str, str] | None:
        """Return the address of the digest and what it is, None where there is none yet."""
        written = self._newest(now)
        address = "" if written is None else thread_link(written.posting, self._workspace())
        if written is None or not address:
            return None
        today = now.astimezone(self._pipeline.zone).date()
        return address, f"Digest of {interval_title(interval_in(written.head.key), today)}"

    def address(self, key: str) -> str:
        """Return the address of the message of a delivery, empty where it is not sent or the store does not say."""
        try:
            return thread_link(self._store.delivery(key), self._workspace())
        except StoreError:
            return ""

    def _thread(self, alert: Alert) -> str:
        return thread_link(self._sent(alert.thread), self._workspace())

    def _read(self, key: str) -> Delivery | None:
        """Return a delivery for its words, which stay what they are."""
        found = self._known.get(key) or self._store.delivery(key)
        if found is not None:
            self._known[key] = found
        return found

    def _sent(self, key: str) -> Delivery | None:
        """Return a delivery for where it stands, which is final as soon as Slack has it."""
        known = self._known.get(key)
        if known is None or known.state is not DeliveryState.SENT:
            known = self._store.delivery(key)
        if known is not None:
            self._known[key] = known
        return known

    def _newest(self, now: datetime) -> _Written | None:
        """Return the digest of the newest day, as it was written last; None where Slack refused it for good."""
        since = min(now - LOOK_BACK, DigestCalendar(self._pipeline).newest(now).start)
        heads = self._store.report_heads(self._pipeline.name, JOB, since, HEADS_AT_MOST)
        head = newest_digest(heads)
        if head is None:
            return None
        key = self._words.get(head.key)
        if key is None:
            self._known = {}
            key = self._key_of_words(head, [each for each in heads if interval_in(each.key) == interval_in(head.key)])
            self._words = {head.key: key}
        words = self._read(key)
        posting = None if words is None else self._sent(words.target or words.key)
        if words is None or posting is None or posting.state is DeliveryState.DEAD:
            return None
        return _Written(head=head, posting=posting, words=words)

    def _key_of_words(self, head: ReportHead, same: Sequence[ReportHead]) -> str:
        """Return the key of the delivery that wrote a digest: the first one of a day goes by the day, its refreshes and
        a digest that is posted again by their reports, and refreshes of the latter by both."""
        first = posting_key(self._pipeline.name, interval_in(head.key))
        slot = head.key.removeprefix(f"{first}:")
        candidates = (head.key, *(f"{each.key}:{slot}" for each in same))
        return next((key for key in candidates if self._read(key) is not None), first)


def counted(exists: Callable[[int], bool]) -> int:
    """Return how many there are of what is numbered from 1 without a gap, in a few questions."""
    above = 1
    while exists(above):
        above *= 2
    least = above // 2
    while above - least > 1:
        middle = (least + above) // 2
        least, above = (middle, above) if exists(middle) else (least, middle)
    return least


def _unplaced(body: Mapping[str, Any]) -> str:
    """Return the words of a message as they are in any workspace: one that is learnt is no news."""
    return _WORKSPACE.sub(ANY_WORKSPACE, json.dumps(body, sort_keys=True))


def _key(name: str, number: int) -> str:
    return f"{name}:{number:05}"
