"""What somebody clicked in Slack, written down before it is acknowledged: whoever serves next does what a process that
was killed has left undone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.store.model import AuditEntry, Changes, StateStore
from bot.store.progress import is_older, unfinished

ASKED, DONE = "click-kept", "click-done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A click that has an effect. ``body`` is as much of Slack's payload as the effect needs."""

    request: str
    actor: str
    body: Mapping[str, Any]
    at: datetime


def keep(store: StateStore, kept: Kept) -> None:
    """Write a click down. Raises StoreError."""
    store.commit(Changes(audit=(_entry(kept, ASKED, kept.at, {"request": json.dumps(kept.body)}),)))


def forget(store: StateStore, kept: Kept, now: datetime) -> None:
    """Write down that a click has had its effect, or its answer. Raises StoreError."""
    store.commit(Changes(audit=(_entry(kept, DONE, now, {}),)))


def undone(entries: Sequence[AuditEntry], now: datetime, older_than: timedelta | None) -> Sequence[Kept]:
    """Return the clicks that nobody can be working on any more, the oldest first: older ones, or without an age all."""
    return [
        Kept(request=each.subject, actor=each.actor, body=json.loads(each.details["request"]), at=each.at)
        for each in reversed(unfinished(entries, ASKED, DONE))
        if is_older(each.at, now, older_than)
    ]


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
