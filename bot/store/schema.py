"""The tables of the SQLite store, and how an older file becomes a newer one.

A step is never edited once it is released: the next version is a step of its own.
"""

from __future__ import annotations

import sqlite3

from bot.store.model import StoreError

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
)


def migrate(connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Bring a file to the newest version, all of it or nothing. Raises StoreError for one that is newer."""
    if _version(connection) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster while we waited for the lock.
        for step in steps[_known_version(connection, len(steps)) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _known_version(connection: sqlite3.Connection, newest: int) -> int:
    version = _version(connection)
    if version > newest:
        raise StoreError(
            f"the store is of version {version}, and this program knows versions up to {newest}: "
            "use the newer program, or another file.",
            retryable=False,
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
