"""The tables of the SQLite store, and how an older file becomes a newer one, with the records in it.

A step is never edited once it is released: the next version is a step of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bot.store.codec import rewritten
from bot.store.migrations import FORMAT, NEWEST, NewerStoreError
from bot.store.model import Alert, AuditEntry, Delivery, StoredReport, StoreError

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE alerts (
            key TEXT PRIMARY KEY, pipeline TEXT NOT NULL, version INTEGER NOT NULL, thread TEXT NOT NULL,
            ended_at TEXT, record TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX alerts_by_end ON alerts (pipeline, ended_at)",
        "CREATE INDEX alerts_by_thread ON alerts (thread)",
        """CREATE TABLE deliveries (
            key TEXT PRIMARY KEY, state TEXT NOT NULL, target TEXT, ended_at TEXT, record TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX deliveries_pending ON deliveries (key) WHERE state = 'pending'",
        "CREATE INDEX deliveries_by_target ON deliveries (target)",
        "CREATE INDEX deliveries_by_end ON deliveries (ended_at)",
        """CREATE TABLE reports (
            key TEXT PRIMARY KEY, pipeline TEXT NOT NULL, job TEXT NOT NULL, ended_at TEXT NOT NULL,
            record TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX reports_by_time ON reports (pipeline, ended_at)",
        "CREATE TABLE audit (key TEXT PRIMARY KEY, ended_at TEXT NOT NULL, record TEXT NOT NULL) STRICT",
        "CREATE INDEX audit_by_time ON audit (ended_at)",
        "CREATE TABLE leases (key TEXT PRIMARY KEY, owner TEXT NOT NULL, ended_at TEXT NOT NULL) STRICT",
        "CREATE TABLE actions (key TEXT PRIMARY KEY, ended_at TEXT NOT NULL) STRICT",
    ),
    # The newest reports of a job are found without a look at the others.
    ("CREATE INDEX reports_by_job ON reports (pipeline, job, ended_at, key)",),
    # Records say their version, and those of the first are rewritten.
    (),
    # Bodies of deliveries are neutral: a former version would post them without a word, so it must not open this.
    (),
)

RECORDS: tuple[tuple[str, type[Any]], ...] = (
    ("alerts", Alert),
    ("deliveries", Delivery),
    ("reports", StoredReport),
    ("audit", AuditEntry),
)

RECORDS_SINCE = 3
"""The version of a file in which every record says its own."""

AT_ONCE = 100
"""Records that one transaction rewrites: others write in between."""


def migrate(connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Bring a file to the newest version, and its tables all of it or nothing. Raises StoreError for one that is newer.

    Whoever dies on the way leaves a file that the next one goes on with.
    """
    version = _version(connection)
    if version == len(steps):
        return
    if 0 < version < RECORDS_SINCE:
        for table, kind in RECORDS:
            _rewrite(connection, table, kind)
    with _transaction(connection):
        # Another process may have been faster while we waited for the lock.
        for step in steps[_known_version(connection, len(steps)) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")


def _rewrite(connection: sqlite3.Connection, table: str, kind: type[Any]) -> None:
    """Write the records of a table as this version has them, some at a time; one that cannot be read stays."""
    statement = (
        f"SELECT key, record FROM {table} WHERE key > ? AND CASE WHEN json_valid(record)"  # noqa: S608 - our own names
        f" THEN coalesce(json_extract(record, '$.{FORMAT}'), 1) < ? END ORDER BY key LIMIT ?"
    )
    last = ""
    while True:
        with _transaction(connection):
            rows = connection.execute(statement, (last, NEWEST, AT_ONCE)).fetchall()
            for key, text in rows:
                with suppress(StoreError):
                    record = rewritten(kind, text)
                    connection.execute(f"UPDATE {table} SET record = ? WHERE key = ?", (record, key))  # noqa: S608 - likewise
        if not rows:
            return
        last = rows[-1][0]


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _known_version(connection: sqlite3.Connection, newest: int) -> int:
    version = _version(connection)
    if version > newest:
        raise NewerStoreError(version, newest)
    return version


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
