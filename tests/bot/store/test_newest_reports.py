"""The newest of many reports costs as much as the newest of few."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.firestore_fields import report_fields
from bot.store.model import Changes
from bot.store.sqlite import SqliteStore
from tests.bot.store.places import PROJECT, firestore_place, open_store
from tests.bot.store.records import PIPELINE, a_report, later
from tests.servers.firestore_emulator import write_documents


def test_sqlite_finds_the_newest_by_an_index_and_sorts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()

    with closing(sqlite3.connect(file)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT record FROM reports WHERE pipeline = ? AND job = ? AND ended_at >= ?"
            " ORDER BY ended_at DESC, key DESC LIMIT ?",
            ("nba", "command", "2026", 1),
        ).fetchall()

    assert [row[3] for row in plan] == [
        "SEARCH reports USING INDEX reports_by_job (pipeline=? AND job=? AND ended_at>?)"
    ]


@pytest.mark.xdist_group("emulators")
def test_a_report_of_an_older_version_is_listed_in_firestore_as_well(firestore_address: str) -> None:
    prefix = f"test_{uuid.uuid4().hex}_"
    older, newer = a_report("older"), a_report("newer", at=later(hours=1))
    known = {name: each for name, each in report_fields(older).items() if name not in ("key", "previous", "verdict")}
    write_documents(firestore_address, PROJECT, {f"{prefix}reports/older": known})

    with closing(open_store(firestore_place(firestore_address, prefix))) as store:
        store.commit(Changes(reports=[newer]))

        heads = list(store.report_heads(PIPELINE, "digest", later(days=-1), 10))

    assert heads == [newer.head, older.head]
