"""A channel that shows what the outbox would send to it: the posts, their threads and their edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.playground.block_kit.posts import ShownPost
from bot.sinks.slack.format import formatted
from bot.store.model import Delivery, DeliveryKind, StateStore

OWNER = "picture"
LEASE = timedelta(minutes=1)
AT_ONCE = 50


@dataclass
class Conversation:
    """Takes every pending delivery out of a store, in the order in which Slack would get them."""

    store: StateStore
    zone: ZoneInfo
    sent: dict[str, ShownPost] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    began: date | None = None

    def deliver(self, now: datetime) -> None:
        """Show all that waits in the store."""
        while claimed := self.store.claim(OWNER, now, now + LEASE, AT_ONCE):
            for delivery in claimed:
                self._show(delivery, now)
                ts = f"{now.timestamp():.6f}"
                self.store.record_sent(delivery.key, OWNER, ts=ts, channel=delivery.channel, now=now)

    def posts(self) -> Iterator[ShownPost]:
        """The messages of the channel, each with its thread."""
        for key, replies in self.threads.items():
            yield replace(self.sent[key], replies=tuple(self.sent[reply] for reply in replies))

    def _show(self, delivery: Delivery, now: datetime) -> None:
        target = delivery.target or ""
        if delivery.kind is DeliveryKind.UPDATE:
            self.sent[target] = replace(self.sent[target], body=formatted(delivery.body), edited=True)
            return
        self.sent[delivery.key] = ShownPost(body=formatted(delivery.body), time=self._time(now))
        if delivery.kind is DeliveryKind.POST:
            self.threads[delivery.key] = []
        else:
            self.threads[target].append(delivery.key)

    def _time(self, now: datetime) -> str:
        """The time, with its day where it is not the first one."""
        local = now.astimezone(self.zone)
        self.began = self.began or local.date()
        return f"{local:%H:%M}" if local.date() == self.began else f"{local.day} {local:%b at %H:%M}"
