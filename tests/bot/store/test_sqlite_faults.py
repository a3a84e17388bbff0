"""What only a file can do to its store: be locked, full, foreign, older, newer, or half written."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.store.model import Changes, StoreError
from bot.store.schema import STEPS, migrate
from bot.store.sqlite import SqliteStore
from tests.bot.store.records import NOW, PIPELINE, a_post, a_report, an_alert, later


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reveille.db"


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def tables(path: Path) -> set[str]:
    with database(path) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_commit_is_on_the_disk_when_it_returns(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        (synchronous,) = store._connection.execute("PRAGMA synchronous").fetchone()
        (journal,) = store._connection.execute("PRAGMA journal_mode").fetchone()

    assert (synchronous, journal) == (2, "wal")


def test_a_store_in_memory_needs_no_file() -> None:
    with closing(SqliteStore(":memory:")) as store:
        store.commit(Changes(alerts=[an_alert("one")]))

        assert store.alert("one") is not None


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "reveille.db"

    SqliteStore(path).close()

    assert path.exists()


def test_readers_do_not_wait_for_a_writer_and_writers_wait_only_so_long(path: Path) -> None:
    with closing(SqliteStore(path, busy_seconds=0.05)) as store, database(path) as writer:
        store.commit(Changes(alerts=[an_alert("one")], deliveries=[a_post()]))
        writer.execute("BEGIN IMMEDIATE")

        assert store.alert("one") is not None
        for write in (
            lambda: store.commit(Changes(alerts=[an_alert("two")])),
            lambda: store.claim("owner", NOW, later(seconds=30), 1),
            lambda: store.acquire("digest", "owner", NOW, later(seconds=30)),
            store.ping,
        ):
            with pytest.raises(StoreError) as raised:
                write()
            assert raised.value.retryable

        writer.execute("ROLLBACK")
        store.commit(Changes(alerts=[an_alert("two")]))


def test_an_idle_queue_is_looked_at_without_a_lock(path: Path) -> None:
    with closing(SqliteStore(path, busy_seconds=0)) as store, database(path) as writer:
        writer.execute("BEGIN IMMEDIATE")

        assert list(store.claim("owner", NOW, later(seconds=30), 1)) == []


def test_a_full_disk_writes_nothing_and_says_so(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")

        with pytest.raises(StoreError) as raised:
            store.commit(Changes(alerts=[an_alert("one")], reports=[a_report(document={"text": "x" * 100_000})]))

        assert raised.value.retryable
        assert store.alert("one") is None
        store.commit(Changes(alerts=[an_alert("one")]))


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 20])
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(StoreError) as raised:
        SqliteStore(path)

    assert not raised.value.retryable
    assert path.read_bytes() == content


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        SqliteStore(tmp_path)

    assert not raised.value.retryable


def test_a_path_below_a_file_is_refused(path: Path) -> None:
    path.write_text("a file")

    with pytest.raises(StoreError) as raised:
        SqliteStore(path / "reveille.db")

    assert not raised.value.retryable


def test_a_closed_store_says_so(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    store.close()

    for ask in (store.ping, store.pending, lambda: store.commit(Changes(alerts=[an_alert("one")]))):
        with pytest.raises(StoreError) as raised:
            ask()
        assert not raised.value.retryable


def test_a_record_that_cannot_be_read_is_said_and_the_others_stay_readable(path: Path) -> None:
    with closing(SqliteStore(path)) as store, database(path) as other:
        store.commit(Changes(alerts=[an_alert("one"), an_alert("two")]))
        other.execute("UPDATE alerts SET record = '{}' WHERE key = 'one'")

        with pytest.raises(StoreError):
            store.alert("one")
        assert store.alert("two") is not None


# Versions


def test_a_new_file_has_the_newest_version(path: Path) -> None:
    SqliteStore(path).close()

    with database(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)


def test_an_older_file_becomes_a_newer_one_and_keeps_what_it_has(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Changes(alerts=[an_alert("one")]))
    newer = (*STEPS, ("CREATE TABLE later (key TEXT)", "INSERT INTO later SELECT key FROM alerts"))

    with database(path) as connection:
        migrate(connection, newer)
        migrate(connection, newer)

        assert connection.execute("SELECT key FROM later").fetchall() == [("one",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)


def test_of_many_who_open_a_new_file_at_once_all_can(tmp_path: Path) -> None:
    ready = threading.Barrier(8)

    def open_together(path: Path) -> None:
        ready.wait()
        SqliteStore(path).close()

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            path = tmp_path / f"{number}.db"
            list(pool.map(open_together, [path] * 8))

            assert {"alerts", "deliveries", "leases"} <= tables(path)


def test_opening_waits_for_somebody_who_writes_in_the_older_journal_mode(path: Path) -> None:
    """SQLite itself gives up at once here: its busy time-out does not cover the change of the mode."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("CREATE TABLE other (key TEXT)")
        writer.execute("BEGIN IMMEDIATE")
        over = threading.Timer(0.2, lambda: writer.execute("ROLLBACK"))
        over.start()
        try:
            SqliteStore(path).close()
        finally:
            over.join()


def test_opening_waits_no_longer_than_was_said(path: Path) -> None:
    with database(path) as writer:
        writer.execute("CREATE TABLE other (key TEXT)")
        writer.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError) as raised:
            SqliteStore(path, busy_seconds=0.05)

        assert raised.value.retryable


def test_a_migration_that_fails_leaves_the_older_file(path: Path) -> None:
    SqliteStore(path).close()
    before = tables(path)

    with database(path) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, (*STEPS, ("CREATE TABLE later (key TEXT)", "this is no statement")))

    assert tables(path) == before
    SqliteStore(path).close()


def test_a_file_of_a_newer_program_is_refused_and_left_alone(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.commit(Changes(alerts=[an_alert("one")]))
    with database(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")

    with pytest.raises(StoreError) as raised:
        SqliteStore(path)

    assert not raised.value.retryable
    with database(path) as connection:
        assert connection.execute("SELECT key FROM alerts").fetchall() == [("one",)]


def test_a_file_written_by_the_first_version_is_still_read(path: Path) -> None:
    """The rows are written out here: what the first release stored must stay readable for ever."""
    record = (
        '{"key":"one","pipeline":"nba","check":"trigger","code":"not-triggered","subject":"phase3_to_phase4",'
        '"date":"2026-02-10","phase":"phase4","severity":"P0","title":"Phase 4 was not triggered","state":"firing",'
        '"opened_at":"2026-02-11T13:00:00.123456+00:00","changed_at":"2026-02-11T13:00:00.123456+00:00",'
        '"notified_at":"2026-02-11T13:00:00.123456+00:00","channel":"C0000001","fingerprint":"not-triggered",'
        '"generation":0,"resolved_at":null,"owner":null,"snoozed_until":null,"snooze_ends_on":"time","reason":"",'
        '"unknown_runs":0,"details":{},"version":1}'
    )
    with database(path) as connection:
        migrate(connection, STEPS[:1])
        connection.execute(
            "INSERT INTO alerts (key, pipeline, version, thread, ended_at, record) VALUES (?, ?, ?, ?, ?, ?)",
            ("one", "nba", 1, "alert:one:0", None, record),
        )

    with closing(SqliteStore(path)) as store:
        assert list(store.open_alerts(PIPELINE)) == [an_alert("one", version=1)]
