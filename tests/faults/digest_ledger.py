"""Holds the digests that Slack shows against what the timetable owes: each once, whole, as it was last written."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from bot.sinks.slack.format import formatted
from bot.store.model import StateStore
from bot.timetable.digest_deliveries import detail_key, posting_key
from bot.timetable.slots import DigestCalendar, Slot
from tests.faults.ledger import Difference, Shown
from tests.faults.story import PIPELINE


def slots_on(day: date) -> Sequence[Slot]:
    """The slots of the digest of a date."""
    calendar = DigestCalendar(PIPELINE)
    return calendar.slots(calendar.on(day))


def compare_digests(days: Sequence[date], messages: Sequence[Shown], store: StateStore) -> Difference:
    """Every slot of every day was written, and Slack shows all of it once, in its thread, as it was written last."""
    difference = Difference()
    digests = [each for each in messages if each.key.startswith("digest")]
    count = Counter(each.key for each in digests)
    difference.double += [f"{key}, {times} times" for key, times in count.items() if times > 1]
    shown = {each.key: each for each in digests}
    for day in days:
        _compare_day(difference, day, shown, store)
    difference.double += [f"{key}, which nobody owes" for key in shown]
    return difference


def _compare_day(difference: Difference, day: date, shown: dict[str, Shown], store: StateStore) -> None:
    key, slots = posting_key(PIPELINE.name, day.isoformat()), slots_on(day)
    difference.lost += [f"{key} at {slot.name}" for slot in slots if store.report(f"{key}:{slot.name}") is None]
    posting = shown.get(key)
    for owed, body in _owed(key, slots, store):
        message = shown.pop(owed, None)
        if message is None:
            difference.lost.append(owed)
        elif list(message.blocks) != list(formatted(body)["blocks"]):
            difference.stale.append(owed)
        elif posting is not None and owed != key and message.thread_ts != posting.ts:
            difference.misplaced.append(owed)


def _owed(key: str, slots: Sequence[Slot], store: StateStore) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the key and the last body of the message, of what its thread holds, and of the answers to refreshes."""
    yield key, _latest(key, slots, store) or {"text": "", "blocks": []}
    number = 1
    while (body := _latest(detail_key(key, number), slots, store)) is not None:
        yield detail_key(key, number), body
        number += 1
    for slot in slots:
        changes = f"{key}:changes:{slot.name}"
        if (answer := store.delivery(changes)) is not None:
            yield changes, answer.body


def _latest(key: str, slots: Sequence[Slot], store: StateStore) -> Mapping[str, Any] | None:
    """Return what a message said when it was written last, None when it was never written."""
    posted = store.delivery(key)
    if posted is None:
        return None
    written = [posted.body]
    for slot in slots:
        name = f"{key}:{slot.name}"
        numbers = (f"{name}:standing:{number:05}" for number in itertools.count(1))
        edits = itertools.takewhile(lambda each: each is not None, map(store.delivery, numbers))
        written += [each.body for each in (store.delivery(name), *edits) if each is not None]
    return written[-1]
