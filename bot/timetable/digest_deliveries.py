"""What people get of a digest: one message in the channel, its details in the thread, later edits of both. Pure.

Keys are stable by pipeline and interval, so two instances, a restart or a doubled hour name the same message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.render.notes import note_message
from bot.render.post import Post
from bot.store.model import Delivery, DeliveryKind, StoredReport
from bot.timetable.slots import Slot

GONE = "The report is shorter by now: this part of it is gone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A digest before it is stored. ``messages`` are the parent, then what its thread holds; ``since_last`` is what
    the thread hears of a refresh that changed something."""

    slot: Slot
    report: StoredReport
    messages: Sequence[Post]
    since_last: Post | None = None


def posting_key(pipeline: str, of: str) -> str:
    """Return the key of the digest that belongs to an interval, by its name."""
    return f"digest:{pipeline}:{of}"


def interval_in(report_key: str) -> str:
    """Return the name of the interval that the digest of a report belongs to."""
    return report_key.split(":")[2]


def pipeline_in(key: str) -> str:
    """Return the name of the pipeline that the key of a digest, or of its report, names."""
    return key.split(":")[1]


def late_key(pipeline: str, of: str) -> str:
    return f"digest-late:{pipeline}:{of}"


def detail_key(posting: str, number: int) -> str:
    """Return the key of a message of the thread; they count from 1."""
    return f"{posting}:detail:{number}"


def message_to(
    channel: str, key: str, message: Post, now: datetime, *, target: str | None = None, order: int = 0
) -> Delivery:
    """Return a post, or an answer where there is a target."""
    return Delivery(
        key=key,
        kind=DeliveryKind.POST if target is None else DeliveryKind.REPLY,
        channel=channel,
        body=message.document,
        created_at=now,
        target=target,
        order=order,
    )


def posted(key: str, channel: str, written: Written, now: datetime) -> tuple[Delivery, ...]:
    """Return the deliveries of a digest that is not there yet."""
    parent, *thread = written.messages
    details = (
        message_to(channel, detail_key(key, number), message, now, target=key, order=number)
        for number, message in enumerate(thread, start=1)
    )
    return (message_to(channel, key, parent, now), *details)


def order_after(waiting: Iterable[Delivery], posting: Delivery, now: datetime) -> int:
    """Return what sorts the edits of a digest: minutes since 1970, and after those of it that wait.

    So what was written last is sent last, whatever instant it is of.
    """
    before = (each.order + 1 for each in waiting if (each.target or "").startswith(posting.key))
    return max([int(now.timestamp() // 60), *before])


def refreshed(posting: Delivery, details: int, written: Written, now: datetime, order: int) -> tuple[Delivery, ...]:
    """Return the deliveries that bring a digest up to date in place; its thread has so many ``details``. The pictures
    of the morning stay."""
    parent, *thread = (replace(each, pictures=()) for each in written.messages)
    name, channel = written.slot.name, posting.channel

    def edit(key: str, message: Post) -> Delivery:
        return Delivery(
            key=f"{key}:{name}",
            kind=DeliveryKind.UPDATE,
            channel=channel,
            body=message.document,
            created_at=now,
            target=key,
            order=order,
        )

    deliveries = [edit(posting.key, parent)]
    surplus = [note_message(GONE)] * (details - len(thread))
    for number, message in enumerate((*thread, *surplus), start=1):
        key = detail_key(posting.key, number)
        is_there = number <= details
        deliveries.append(
            edit(key, message) if is_there else message_to(channel, key, message, now, target=posting.key, order=number)
        )
    if written.since_last is not None:
        key = f"{posting.key}:changes:{name}"
        deliveries.append(message_to(channel, key, written.since_last, now, target=posting.key, order=order))
    return tuple(deliveries)
