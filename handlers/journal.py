"""Writes down what people ask for, before it is acknowledged: all who wait at one moment share one commit.

An acknowledgement has three seconds. A store that takes longer than ``STORE_SECONDS`` counts as one that does not
answer, and while it hangs nobody else waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from bot.store import kept
from bot.store.kept import Kept
from bot.store.model import AuditEntry, Changes, ConflictError, StoreError

log = logging.getLogger(__name__)

STORE_SECONDS = 1.0
"""How long an acknowledgement waits for the store; Slack waits three."""

DONE_SECONDS = 10.0
"""How long work that is done waits until that is written down: nobody waits for it."""

AT_ONCE = 100
"""Records in one commit; Firestore takes 500."""


class JournalEntry(Protocol):
    """What is asked of the store."""

    def commit(self, changes: Changes) -> None: ...


class Journal:
    """One thread writes for all. What writes raises StoreError."""

    def __init__(
        self, store: JournalEntry, *, seconds: float = STORE_SECONDS, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._timer = timer
        self._waiting: list[tuple[AuditEntry, Future[None]]] = []
        self._changed = threading.Condition()
        self._writing_since: float | None = None
        self._owned: set[str] = set()
        self._thread: threading.Thread | None = None

    def owns(self, request: str) -> bool:
        """Whether this process has taken a request, and works on it."""
        return request in self._owned

    def take_over(self, request: Kept) -> None:
        """Work at what a former process has written down."""
        self._owned.add(request.request)

    def keep(self, request: Kept) -> None:
        """Write down what was asked for."""
        # Before it is written: what a start finds in the store must not look like that of a former process.
        self._owned.add(request.request)
        try:
            self._write(kept.asked(request), self._seconds)
        except StoreError:
            self._owned.discard(request.request)
            raise

    def show(self, request: Kept, message: tuple[str, str], now: datetime) -> None:
        """Write down which message, by channel and time stamp, shows how far it is."""
        self._owned.add(request.request)
        self._write(kept.shown(request, message, now), DONE_SECONDS)

    def end(self, request: Kept, now: datetime) -> None:
        """Write down that it is done; nothing where it was not written down."""
        if self.owns(request.request):
            self._write(kept.done(request, now), DONE_SECONDS)
            self._owned.discard(request.request)

    def settle(self, request: Kept, now: datetime) -> None:
        """Write down that what a former process has left is settled."""
        self._write(kept.done(request, now), DONE_SECONDS)

    def _write(self, entry: AuditEntry, seconds: float) -> None:
        written: Future[None] = Future()
        with self._changed:
            if self._writing_since is not None and self._timer() - self._writing_since > self._seconds:
                raise StoreError(f"a commit has been under way for more than {self._seconds:g} s")
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
                self._thread.start()
            self._waiting.append((entry, written))
            self._changed.notify()
        try:
            written.result(seconds)
        except TimeoutError:
            if not written.cancel():
                # It may come to be written all the same, though nobody was told so: then it is taken back.
                written.add_done_callback(lambda late: self._take_back(entry, late))
            raise StoreError(f"a commit took more than {seconds:g} s") from None

    def _take_back(self, entry: AuditEntry, late: Future[None]) -> None:
        if late.exception() is None and entry.action == kept.ASKED:
            request = Kept(request=entry.subject, actor=entry.actor, at=entry.at, title="")
            with self._changed:
                self._waiting.append((kept.done(request, entry.at), Future()))
                self._changed.notify()

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                batch = self._waiting[:AT_ONCE]
                del self._waiting[:AT_ONCE]
                self._writing_since = self._timer()
            self._commit([each for each in batch if each[1].set_running_or_notify_cancel()])
            with self._changed:
                self._writing_since = None

    def _commit(self, batch: list[tuple[AuditEntry, Future[None]]]) -> None:
        if not batch:
            return
        try:
            self._store.commit(Changes(audit=tuple(entry for entry, _ in batch)))
        except StoreError as error:
            failure: Exception | None = error
        except ConflictError as error:
            failure = StoreError(str(error))
        except Exception as error:
            log.exception("the journal could not be written")
            failure = StoreError(type(error).__name__)
        else:
            failure = None
        for _, written in batch:
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)
