"""How long a connection may take, and which ones go when there are too many: pure.

A request costs a thread only once it is whole, so a slow client costs its place alone. Places are bounded, and whoever
has not finished asking loses theirs first: a request that arrives whole always finds one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

CONNECTIONS = 400
"""Open at once. Cloud Run sends an instance 80 requests at once unless told otherwise, and 1,000 at most."""

REQUEST_SECONDS = 10.0
"""For a whole request, whatever comes between: the first from the opening of its connection, others from their first
byte. Slack itself gives up after three."""

IDLE_SECONDS = 65.0
"""How long a connection is kept for its next request: longer than the minute of usual proxies, who then close it."""

UNFINISHED_BYTES = 32 * 1024**2
"""Of all requests that are not whole, together: forty of the largest."""


class Stage(StrEnum):
    """What a connection is doing."""

    SILENT = "silent"
    """It has not asked for anything yet."""
    ASKING = "asking"
    """A part of a request has come."""
    ANSWERING = "answering"
    """We are working; nothing is up to the client."""
    READING = "reading"
    """The client has not yet read its answer."""
    KEPT = "kept"
    """It was answered, and may ask again."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How much the server takes. ``per_peer`` bounds the connections of one address."""

    connections: int = CONNECTIONS
    per_peer: int = CONNECTIONS // 2
    request_seconds: float = REQUEST_SECONDS
    idle_seconds: float = IDLE_SECONDS
    unfinished_bytes: int = UNFINISHED_BYTES


@dataclass(frozen=True, slots=True)
class Held:
    """A connection as it is now: ``since`` when it is at its stage, in seconds of a monotonic clock."""

    name: int
    peer: str
    stage: Stage
    since: float
    unfinished: int = 0
    """Bytes of a request that is not whole."""


def is_overdue(held: Held, now: float, limits: ConnectionLimits) -> bool:
    """Whether a client has had its time. What we have not answered yet is never its fault."""
    if held.stage is Stage.ANSWERING:
        return False
    return now - held.since > (limits.idle_seconds if held.stage is Stage.KEPT else limits.request_seconds)


def crowded_out(connections: Sequence[Held], limits: ConnectionLimits) -> list[int]:
    """Return the names of those that have to go, so that nothing is above its limit.

    A peer that has more than its share loses its own; else whoever has most does. The oldest that is not finished goes
    first, kept ones go last, and those that are being answered stay.
    """
    waiting = [each for each in connections if each.stage is not Stage.ANSWERING]
    order = sorted(waiting, key=lambda each: (each.stage is Stage.KEPT, each.since))
    shares = Counter(each.peer for each in connections)
    total, unfinished = len(connections), sum(each.unfinished for each in connections)
    gone: list[int] = []

    def drop(found: Held) -> None:
        nonlocal total, unfinished
        order.remove(found)
        gone.append(found.name)
        shares[found.peer] -= 1
        total -= 1
        unfinished -= found.unfinished

    while (found := next((each for each in order if shares[each.peer] > limits.per_peer), None)) is not None:
        drop(found)
    while total > limits.connections and order:
        drop(_of_largest_share(order, shares))
    while unfinished > limits.unfinished_bytes:
        drop(next(each for each in order if each.unfinished))
    return gone


def _of_largest_share(order: Iterable[Held], shares: Counter[str]) -> Held:
    """Return the first in an order whose peer has most; of those that may go, since ``order`` holds no others."""
    return max(order, key=lambda each: shares[each.peer])
