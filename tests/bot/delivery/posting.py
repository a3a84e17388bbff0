"""An outbox between a store in memory and the fake Slack, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.delivery.outbox import LEASE, Outbox
from bot.delivery.outboxes import Outboxes
from bot.playground.slack.server import SlackServer
from bot.sinks.slack.poster import SlackPoster
from bot.store.model import SLACK, Changes, Channels, Delivery, DeliveryKind, DeliveryState, StateStore, StoreError
from bot.store.sqlite import SqliteStore

HOME, OTHER = "C0EXAMPLE1", "C0EXAMPLE2"

MORNING = datetime(2026, 2, 11, 13, tzinfo=UTC)

CALL_SECONDS = 1
"""Time-out of one call; only tests of silence wait for it."""


class Clock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class FlakyStore:
    """A store whose methods named in ``broken`` do not work; ``claim_takes`` passes during a claim."""

    def __init__(self, store: StateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.broken: set[str] = set()
        self.claim_takes = timedelta(0)

    def __getattr__(self, name: str) -> Any:
        if name in self.broken:
            return self._refuse
        return getattr(self._store, name)

    def claim(
        self, owner: str, now: datetime, lease_until: datetime, limit: int, channels: Channels
    ) -> Sequence[Delivery]:
        if "claim" in self.broken:
            self._refuse()
        claimed = self._store.claim(owner, now, lease_until, limit, channels)
        self._clock.now += self.claim_takes
        return claimed

    def _refuse(self, *arguments: object, **named: object) -> Any:
        raise StoreError("the store is down")


class Posting:
    """Everything that a test of the outbox looks at."""

    def __init__(self, slack: SlackServer, clock: Clock, store: StateStore) -> None:
        self.slack = slack
        self.clock = clock
        self.store = store
        self.flaky = FlakyStore(store, clock)
        self.told: list[tuple[str, str]] = []
        self.outbox = self.instance("one")

    def instance(self, owner: str, default: str | None = HOME) -> Outbox:
        """Return another instance's outbox, on the same store and the same Slack."""
        store: Any = self.flaky
        return Outbox(
            store,
            self.poster(),
            self.clock,
            owner,
            default_channel=default,
            on_sent=lambda delivery: self.told.append(("sent", delivery.key)),
            on_buried=lambda delivery: self.told.append(("buried", delivery.key)),
        )

    def poster(self) -> SlackPoster:
        return SlackPoster(WebClient(self.slack.token, base_url=self.slack.api_url, timeout=CALL_SECONDS))

    def put(self, *deliveries: Delivery) -> None:
        self.store.commit(Changes(deliveries=deliveries))

    def delivery(self, key: str) -> Delivery:
        found = self.store.delivery(key)
        assert found is not None
        return found

    def state(self, key: str) -> DeliveryState:
        return self.delivery(key).state

    def texts(self, channel: str = HOME) -> list[str]:
        """What stands in a channel and its threads now, oldest first."""
        return [message.text for message in self.slack.messages(channel)]

    def settle(self, outbox: Outbox | Outboxes | None = None, *, seconds: float = 900, step: float = 1) -> None:
        """Let time pass until nothing waits, and fail when something still does."""
        for _ in range(int(seconds / step)):
            (outbox or self.outbox).pump()
            if not self.store.pending():
                return
            self.clock.advance(seconds=step)
        raise AssertionError([(each.key, each.error) for each in self.store.pending()])

    def die_after_posting(self, delivery: Delivery) -> None:
        """Leave what an instance leaves behind that is killed between the post and its record."""
        (claimed,) = self.store.claim("dead", self.clock(), self.clock() + LEASE, 1)
        assert claimed.key == delivery.key
        parent = None if delivery.target is None else self.delivery(delivery.target).ts
        self.poster().post(claimed.channel, claimed.body, claimed.key, parent)


@contextmanager
def posting() -> Iterator[Posting]:
    clock = Clock()
    store = SqliteStore(":memory:")
    with SlackServer((HOME, OTHER), clock=clock) as slack:
        yield Posting(slack, clock, store)
    store.close()


def body(text: str) -> Mapping[str, Any]:
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


def post(
    key: str,
    text: str = "",
    *,
    channel: str = HOME,
    at: datetime = MORNING,
    urgent: bool = False,
    sink: str = SLACK,
) -> Delivery:
    return Delivery(
        key=key,
        kind=DeliveryKind.POST,
        channel=channel,
        body=body(text or key),
        created_at=at,
        urgent=urgent,
        sink=sink,
    )


def reply(key: str, target: str, *, order: int = 0, at: datetime = MORNING, channel: str = HOME) -> Delivery:
    return Delivery(
        key=key,
        kind=DeliveryKind.REPLY,
        channel=channel,
        body=body(key),
        created_at=at,
        target=target,
        order=order,
    )


def update(key: str, target: str, *, order: int = 0, at: datetime = MORNING, channel: str = HOME) -> Delivery:
    return Delivery(
        key=key,
        kind=DeliveryKind.UPDATE,
        channel=channel,
        body=body(key),
        created_at=at,
        target=target,
        order=order,
    )
