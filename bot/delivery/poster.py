"""What the outbox asks of a sink, which alone reads and changes the body of a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.delivery.decisions import Attempt
from bot.delivery.troubles import Posted, PostError
from bot.store.model import Delivery

Body = Mapping[str, Any]


class Wording(Protocol):
    """How a sink says things; pure. ``sink`` is its name in the records of its deliveries."""

    @property
    def sink(self) -> str: ...

    def shown(self, body: Body, attempt: Attempt, parent: str = "") -> Body:
        """Return a body as an attempt shows it, with what was changed; ``parent`` names what it answers."""
        ...

    def calls_somebody(self, body: Body) -> bool:
        """Whether anything in a body mentions a person, a group or a channel."""
        ...

    def title(self, body: Body) -> str:
        """Return what names a message in another one; it calls nobody."""
        ...

    def remedy(self, code: str) -> str:
        """Return in one sentence what a person does about a refusal."""
        ...

    def undelivered(self, delivery: Delivery, error: str) -> Body:
        """Return what the default channel hears of a message that was given up."""
        ...

    def refusal(self, error: PostError) -> Body:
        """Return what the default channel hears of a channel that takes nothing."""
        ...


class Poster(Protocol):
    """A sink, as the outbox asks it. Every method raises PostError and tries once: who calls decides about more."""

    @property
    def wording(self) -> Wording:
        """How this sink says things."""
        ...

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        """Post a message that carries a key. Posted elsewhere than in ``thread_ts``, its thread is gone."""
        ...

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        """Replace what a message says; ``key`` is the one that it carries."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        """Return the message that carries a key, posted since; in a thread that is gone, look in the channel."""
        ...
