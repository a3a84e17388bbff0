"""What somebody asked for in Slack, written down before it is acknowledged: whoever serves next does what a process
that was killed has left undone, or says that nothing came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.store.model import AuditEntry, StateStore

ASKED, SHOWN, DONE = "click-kept", "answer-shown", "click-done"
RECORDS = frozenset({ASKED, SHOWN, DONE})
"""The actions of these records, which are no deeds of anybody."""

LOOK_BACK = timedelta(hours=24)
AT_MOST = 1_000
"""Records of a day that are looked through at a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A request. ``body`` is as much of Slack's payload as its effect needs, ``title`` what people call it.

    ``again`` says that it is done by the next process; else that process says that nothing came of it. ``message`` is
    the channel and the time stamp of what shows how far it is, None where nothing does, or that is not known.
    """

    request: str
    actor: str
    at: datetime
    title: str
    again: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)
    message: tuple[str, str] | None = None


def asked(kept: Kept) -> AuditEntry:
    """Return the record of a request that nothing was done about yet."""
    details = {"request": json.dumps(kept.body), "title": kept.title, "again": kept.again}
    return _entry(kept, ASKED, kept.at, details)


def shown(kept: Kept, message: tuple[str, str], now: datetime) -> AuditEntry:
    """Return the record of the message that shows how far a request is."""
    return _entry(kept, SHOWN, now, {"title": kept.title, "message": list(message)})


def done(kept: Kept, now: datetime) -> AuditEntry:
    """Return the record of a request that has had its effect, or its answer."""
    return _entry(kept, DONE, now, {})


def recent(store: StateStore, now: datetime) -> Sequence[AuditEntry]:
    """Return what is looked through at a start, the newest first. Raises StoreError."""
    return store.audit(now - LOOK_BACK, AT_MOST)


def undone(
    entries: Sequence[AuditEntry],
    now: datetime,
    older_than: timedelta | None,
    ours: Callable[[str], bool] = lambda _: False,
) -> Sequence[Kept]:
    """Return the requests that nobody can be working on any more, the oldest first: older ones, or without an age all
    but those of which ``ours`` says that this process works on them."""
    found: dict[str, Kept] = {}
    ended = {each.subject for each in entries if each.action == DONE}
    for each in reversed(entries):
        if each.action in (ASKED, SHOWN) and each.subject not in ended and not ours(each.subject):
            found[each.subject] = _with(found.get(each.subject), each)
    return [each for each in found.values() if is_older(each.at, now, older_than)]


def is_older(at: datetime, now: datetime, age: timedelta | None) -> bool:
    """Whether something is at least so old; without an age whatever the clock says."""
    return age is None or now - at >= age


def _with(known: Kept | None, entry: AuditEntry) -> Kept:
    """Return what is known of a request, and what one more record says."""
    details = entry.details
    kept = known or Kept(request=entry.subject, actor=entry.actor, at=entry.at, title=str(details["title"]))
    if entry.action == ASKED:
        return replace(kept, again=bool(details["again"]), body=json.loads(details["request"]))
    channel, ts = details["message"]
    return replace(kept, message=(str(channel), str(ts)))


def _entry(kept: Kept, action: str, at: datetime, details: Mapping[str, Any]) -> AuditEntry:
    return AuditEntry(
        key=f"{action}:{kept.request}",
        at=at,
        actor=kept.actor,
        action=action,
        subject=kept.request,
        outcome="",
        details=details,
    )
