"""The store in a file: for one machine, with any number of threads and processes.

A commit that returned is on the disk (``synchronous=FULL``). Writers take turns (``BEGIN IMMEDIATE``), and
readers never wait for them (WAL). Only its owner may read the file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bot.private_files import make_private_database
from bot.store import transitions
from bot.store.codec import Record, decode, encode, head, moment_text
from bot.store.migrations import NewerStoreError
from bot.store.model import (
    EVERY_CHANNEL_WORKS,
    PASSING,
    Alert,
    AlertState,
    AuditEntry,
    Changes,
    Channels,
    ConflictError,
    Delivery,
    Lease,
    ReportHead,
    StoredReport,
    StoreError,
    StoreProblem,
)
from bot.store.queue import choose, in_order, referred
from bot.store.schema import migrate
from bot.store.sqlite_file import Identity, identity_of, problem_of, problem_of_folder

OPEN_AGAIN_SECONDS = 2.0
"""A file that could not be opened is not tried by every caller."""

_NOT_RETRYABLE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISUSE,
}
_PRIMARY_CODE = 0xFF
_ADVICE = "Let REVEILLE_STORE name a file that nothing else uses, in a folder that can be written to."


class SqliteStore:
    """A StateStore in one file, or in memory with ``:memory:``. ``busy_seconds`` bounds the wait for other writers.

    With ``patient`` a disk that is full, or a file that is locked, is no reason to refuse: every method raises
    StoreError until the file can be opened.
    """

    def __init__(self, path: Path | str, *, busy_seconds: float = 5.0, patient: bool = False) -> None:
        self._path = str(path)
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._refused: tuple[float, StoreError] | None = None
        try:
            self._open()
        except StoreError as error:
            if not patient or error.problem not in PASSING:
                raise _with_advice(error) from error
            self._refused = (time.monotonic(), error)

    @property
    def _connection(self) -> sqlite3.Connection:
        """The connection, opened now where it could not be before. Raises StoreError."""
        with self._lock:
            if self._opened is None:
                if self._refused is not None and time.monotonic() - self._refused[0] < OPEN_AGAIN_SECONDS:
                    raise self._refused[1]
                try:
                    self._open()
                except StoreError as error:
                    self._refused = (time.monotonic(), error)
                    raise
            return cast("sqlite3.Connection", self._opened)

    def _open(self) -> None:
        with _mapped_errors(self._path):
            if self._path != ":memory:":
                make_private_database(Path(self._path))
            connection = sqlite3.connect(
                self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                _use_write_ahead_log(connection, self._busy_seconds)
                connection.execute("PRAGMA synchronous = FULL")
                migrate(connection)
                self._identity = None if self._path == ":memory:" else identity_of(Path(self._path))
            except BaseException:
                connection.close()
                raise
        self._opened = connection
        if self._path == ":memory:":
            # Nothing is lost with it, so whoever made it may also just let go of it.
            weakref.finalize(self, connection.close)

    def commit(self, changes: Changes) -> None:
        """Write everything or nothing; stored alerts get ``version + 1``. Raises ConflictError and StoreError."""
        if len({alert.key for alert in changes.alerts}) < len(changes.alerts):
            raise ConflictError("one commit names an alert twice")
        with self._writing() as connection:
            for alert in changes.alerts:
                self._put_alert(alert)
            for delivery in changes.deliveries:
                connection.execute("INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?)", _delivery_row(delivery))
            for report in changes.reports:
                connection.execute(
                    "INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?, ?)",
                    (report.key, report.pipeline, report.job, moment_text(report.at), encode(report)),
                )
            for entry in changes.audit:
                connection.execute(
                    "INSERT OR IGNORE INTO audit VALUES (?, ?, ?)", (entry.key, moment_text(entry.at), encode(entry))
                )

    def alert(self, key: str) -> Alert | None:
        return self._one(Alert, "SELECT record FROM alerts WHERE key = ?", key)

    def open_alerts(self, pipeline: str) -> Sequence[Alert]:
        found = self._all(Alert, "SELECT record FROM alerts WHERE pipeline = ? AND ended_at IS NULL", pipeline)
        return sorted(found, key=lambda each: (each.opened_at, each.key))

    def recent_alerts(self, pipeline: str, since: datetime) -> Sequence[Alert]:
        found = self._all(
            Alert,
            "SELECT record FROM alerts WHERE pipeline = ? AND (ended_at IS NULL OR ended_at >= ?)",
            pipeline,
            moment_text(since),
        )
        return sorted(found, key=lambda each: (each.changed_at, each.key), reverse=True)

    def claim(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        channels: Channels = EVERY_CHANNEL_WORKS,
    ) -> Sequence[Delivery]:
        if not self._anything_waits():
            # The queue is mostly empty and looked at every second: that takes no write lock.
            return ()
        with self._writing():
            pending = self.pending()
            targets = {key: found for key in referred(pending) if (found := self.delivery(key)) is not None}
            choice = choose(
                pending, targets, owner=owner, now=now, lease_until=lease_until, limit=limit, channels=channels
            )
            for each in (*choice.claimed, *choice.closed):
                self._put_delivery(each)
        return choice.claimed

    def record_sent(self, key: str, owner: str, *, ts: str, channel: str, now: datetime) -> bool:
        with self._writing():
            return self._put_delivery(transitions.sent(self.delivery(key), owner, ts=ts, channel=channel, now=now))

    def hand_back(self, key: str, owner: str, *, now: datetime, not_before: datetime, error: str) -> bool:
        with self._writing():
            return self._put_delivery(
                transitions.handed_back(self.delivery(key), owner, now=now, not_before=not_before, error=error)
            )

    def bury(self, key: str, owner: str, *, error: str) -> bool:
        with self._writing():
            return self._put_delivery(transitions.buried(self.delivery(key), owner, error=error))

    def delivery(self, key: str) -> Delivery | None:
        return self._one(Delivery, "SELECT record FROM deliveries WHERE key = ?", key)

    def pending(self) -> Sequence[Delivery]:
        return in_order(self._all(Delivery, "SELECT record FROM deliveries WHERE state = 'pending'"))

    def acquire(self, lease: str, owner: str, now: datetime, until: datetime) -> bool:
        with self._writing() as connection:
            taken = connection.execute(
                "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET owner = excluded.owner, ended_at = excluded.ended_at"
                " WHERE leases.owner = excluded.owner OR leases.ended_at <= ?",
                (lease, owner, moment_text(until), moment_text(now)),
            )
            return taken.rowcount == 1

    def release(self, lease: str, owner: str) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM leases WHERE key = ? AND owner = ?", (lease, owner))

    def lease(self, lease: str, now: datetime) -> Lease | None:
        statement = "SELECT owner, ended_at FROM leases WHERE key = ? AND ended_at > ?"
        with self._lock, _mapped_errors(self._path):
            held = self._connection.execute(statement, (lease, moment_text(now))).fetchone()
        return None if held is None else Lease(held[0], datetime.fromisoformat(held[1]))

    def first_time(self, action_key: str, now: datetime) -> bool:
        with self._writing() as connection:
            inserted = connection.execute("INSERT OR IGNORE INTO actions VALUES (?, ?)", (action_key, moment_text(now)))
            return inserted.rowcount == 1

    def report(self, key: str) -> StoredReport | None:
        return self._one(StoredReport, "SELECT record FROM reports WHERE key = ?", key)

    def reports(
        self, pipeline: str, job: str | None, since: datetime, *, limit: int | None = None
    ) -> Sequence[StoredReport]:
        last = (moment_text(since), -1 if limit is None else max(limit, 0))
        if job is None:
            return self._all(
                StoredReport,
                "SELECT record FROM reports WHERE pipeline = ? AND ended_at >= ?"
                " ORDER BY ended_at DESC, key DESC LIMIT ?",
                pipeline,
                *last,
            )
        return self._all(
            StoredReport,
            "SELECT record FROM reports WHERE pipeline = ? AND job = ? AND ended_at >= ?"
            " ORDER BY ended_at DESC, key DESC LIMIT ?",
            pipeline,
            job,
            *last,
        )

    def report_heads(self, pipeline: str, job: str, since: datetime, limit: int) -> Sequence[ReportHead]:
        with self._lock, _mapped_errors(self._path):
            rows = self._connection.execute(
                "SELECT key, ended_at, json_extract(record, '$.previous'), json_extract(record, '$.verdict'),"
                " CASE WHEN json_extract(record, '$.previous') IS NULL THEN record END"
                " FROM reports WHERE pipeline = ? AND job = ? AND ended_at >= ?"
                " ORDER BY ended_at DESC, key DESC LIMIT ?",
                (pipeline, job, moment_text(since), max(limit, 0)),
            ).fetchall()
        # A program of the former version may still write beside this one, so what it wrote is read whole.
        return [
            head(key, at, previous, verdict) if record is None else decode(StoredReport, record).head
            for key, at, previous, verdict, record in rows
        ]

    def audit_entry(self, key: str) -> AuditEntry | None:
        return self._one(AuditEntry, "SELECT record FROM audit WHERE key = ?", key)

    def audit(self, since: datetime, limit: int) -> Sequence[AuditEntry]:
        return self._all(
            AuditEntry,
            "SELECT record FROM audit WHERE ended_at >= ? ORDER BY ended_at DESC, key DESC LIMIT ?",
            moment_text(since),
            max(limit, 0),
        )

    def prune(self, before: datetime) -> int:
        limit = {"before": moment_text(before)}
        with self._writing() as connection:
            return sum(connection.execute(statement, limit).rowcount for statement in _PRUNING)

    def ping(self) -> None:
        """Write a little, beside the file and in it: a log that was emptied takes small writes on a full disk, too."""
        if self._identity is not None:
            self._look_at_the_file(Path(self._path))
        with self._writing() as connection:
            moment = moment_text(datetime.now(UTC))
            connection.execute("REPLACE INTO leases VALUES ('probe', '', ?)", (moment,))

    def _look_at_the_file(self, path: Path) -> None:
        try:
            problem = problem_of_folder(path) if identity_of(path) == self._identity else StoreProblem.GONE
        except OSError:
            problem = StoreProblem.GONE
        if problem is not None:
            raise StoreError(f"the store in {path} {problem}", problem=problem)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one lock for writers of all processes; commit at the end, or roll back."""
        with self._lock, _mapped_errors(self._path):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_FULL:
                    _give_space_back(connection)
                raise

    def _put_alert(self, alert: Alert) -> None:
        """Write an alert over the version that it was made from."""
        stored = replace(alert, version=alert.version + 1)
        row = (stored.pipeline, stored.version, stored.thread, _ended_at(stored), encode(stored), stored.key)
        if alert.version == 0:
            written = self._connection.execute(
                "INSERT OR IGNORE INTO alerts (pipeline, version, thread, ended_at, record, key)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        else:
            written = self._connection.execute(
                "UPDATE alerts SET pipeline = ?, version = ?, thread = ?, ended_at = ?, record = ?"
                " WHERE key = ? AND version = ?",
                (*row, alert.version),
            )
        if written.rowcount != 1:
            raise ConflictError(f"the alert {alert.key} is no longer at version {alert.version}")

    def _put_delivery(self, delivery: Delivery | None) -> bool:
        """Write a delivery that exists already; False for none."""
        if delivery is None:
            return False
        self._connection.execute("REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?)", _delivery_row(delivery))
        return True

    def _anything_waits(self) -> bool:
        with self._lock, _mapped_errors(self._path):
            (waits,) = self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending')"
            ).fetchone()
        return bool(waits)

    def _one(self, kind: type[Record], statement: str, key: str) -> Record | None:
        return next(iter(self._all(kind, statement, key)), None)

    def _all(self, kind: type[Record], statement: str, *values: Any) -> list[Record]:
        with self._lock, _mapped_errors(self._path):
            rows = self._connection.execute(statement, values).fetchall()
        return [decode(kind, record) for (record,) in rows]


_PRUNING = (
    # An alert goes with all messages of its thread: a key of theirs may come back with a later incident.
    """DELETE FROM deliveries WHERE state != 'pending' AND coalesce(target, key) IN (
        SELECT thread FROM alerts WHERE ended_at < :before AND NOT EXISTS (
            SELECT 1 FROM deliveries WHERE state = 'pending' AND alerts.thread IN (key, target)))""",
    """DELETE FROM alerts WHERE ended_at < :before AND NOT EXISTS (
        SELECT 1 FROM deliveries WHERE state = 'pending' AND alerts.thread IN (key, target))""",
    # The message that opened a thread stays as long as its alert, and as long as anything waits to be said in it.
    """DELETE FROM deliveries WHERE state != 'pending' AND ended_at < :before
        AND NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.thread = deliveries.key)
        AND NOT EXISTS (SELECT 1 FROM deliveries AS waiting
            WHERE waiting.state = 'pending' AND waiting.target = deliveries.key)""",
    "DELETE FROM reports WHERE ended_at < :before",
    "DELETE FROM audit WHERE ended_at < :before",
    "DELETE FROM actions WHERE ended_at < :before",
    "DELETE FROM leases WHERE ended_at < :before",
)


def _delivery_row(delivery: Delivery) -> tuple[str | None, ...]:
    ended = transitions.ended_at(delivery)
    return (
        delivery.key,
        delivery.state.value,
        delivery.target or delivery.lane,
        None if ended is None else moment_text(ended),
        encode(delivery),
    )


def _ended_at(alert: Alert) -> str | None:
    if alert.state is not AlertState.RESOLVED:
        return None
    return moment_text(alert.resolved_at or alert.changed_at)


def _use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to WAL. SQLite does not wait here for another process that is switching too, so we do."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _give_space_back(connection: sqlite3.Connection) -> None:
    """Move the log into the file and empty it: on a full disk that may be all the space that the next write needs."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _mapped_errors(path: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        code = _code(error)
        raise StoreError(
            f"the store in {path}: {error}",
            retryable=code not in _NOT_RETRYABLE,
            problem=problem_of(error, code, Path(path)),
        ) from error


def _with_advice(error: StoreError) -> StoreError:
    """Return what is said of a file that is not opened a moment later either; some say themselves what to do."""
    if error.problem in (*PASSING, StoreProblem.DAMAGED) or isinstance(error, NewerStoreError):
        return error
    return StoreError(f"{error}. {_ADVICE}", retryable=error.retryable, problem=error.problem)


def _code(error: Exception) -> int:
    """Return SQLite's primary error code; what has none was no answer of the database and will not change."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & _PRIMARY_CODE
