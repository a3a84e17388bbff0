"""Messages that show how far some work is: the store knows them, so that whoever serves next ends what a process that
was killed has left standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.model import AuditEntry, Changes, StateStore

BEGUN, ENDED = "answer-begun", "answer-ended"

LOOK_BACK = timedelta(hours=24)
AT_MOST = 1_000
"""Records of a day that are looked through at a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A message that shows how far a command is. ``title`` is what was asked, ``actor`` who asked."""

    channel: str
    ts: str
    title: str
    actor: str
    at: datetime

    @property
    def key(self) -> str:
        return f"answer:{self.channel}:{self.ts}"


def begin(store: StateStore, progress: Progress) -> None:
    """Remember a message that was posted. Raises StoreError."""
    store.commit(Changes(audit=(_entry(progress, BEGUN, progress.at),)))


def end(store: StateStore, progress: Progress, now: datetime) -> None:
    """Remember that a message says what came of it. Raises StoreError."""
    store.commit(Changes(audit=(_entry(progress, ENDED, now),)))


def recent(store: StateStore, now: datetime) -> Sequence[AuditEntry]:
    """Return what is looked through at a start, the newest first. Raises StoreError."""
    return store.audit(now - LOOK_BACK, AT_MOST)


def abandoned(entries: Sequence[AuditEntry], now: datetime, older_than: timedelta | None) -> Sequence[Progress]:
    """Return the messages that nobody can be working on any more, the newest first: older ones, or without an age all
    of them."""
    return [
        Progress(
            channel=str(each.details["channel"]),
            ts=str(each.details["ts"]),
            title=str(each.details["title"]),
            actor=each.actor,
            at=each.at,
        )
        for each in unfinished(entries, BEGUN, ENDED)
        if is_older(each.at, now, older_than)
    ]


def unfinished(entries: Sequence[AuditEntry], begun: str, ended: str) -> Sequence[AuditEntry]:
    """Return the records of what was begun and not ended, in the order of the entries."""
    over = {each.subject for each in entries if each.action == ended}
    return [each for each in entries if each.action == begun and each.subject not in over]


def is_older(at: datetime, now: datetime, age: timedelta | None) -> bool:
    """Whether something is at least so old; without an age whatever the clock says."""
    return age is None or now - at >= age


def _entry(progress: Progress, action: str, at: datetime) -> AuditEntry:
    return AuditEntry(
        key=f"{progress.key}:{action}",
        at=at,
        actor=progress.actor,
        action=action,
        subject=progress.key,
        outcome="",
        details={"channel": progress.channel, "ts": progress.ts, "title": progress.title},
    )
