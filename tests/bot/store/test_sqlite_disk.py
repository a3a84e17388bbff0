"""A disk on which the store cannot grow: full, read-only, gone. On a real file system of a few hundred kilobytes."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.model import Changes, StoreError, StoreProblem
from bot.store.sqlite import OPEN_AGAIN_SECONDS, SqliteStore
from tests.bot.store.records import a_post, a_report, an_alert


def problem(act: Callable[[], object]) -> StoreProblem:
    with pytest.raises(StoreError) as raised:
        act()
    return raised.value.problem


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of two megabytes, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this process may not mount a small disk, so it cannot be filled")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; what is returned can be removed."""
    ballast = disk / "ballast"
    for size in (65536, 512):
        try:
            with ballast.open("ab", buffering=0) as file:
                while True:
                    file.write(b"\0" * size)
        except OSError:
            continue
    return ballast


class TestFullDisk:
    def test_the_probe_says_so_although_the_store_can_be_read(self, disk: Path) -> None:
        with closing(SqliteStore(disk / "store.db")) as store:
            store.commit(Changes(alerts=[an_alert("one")]))
            fill(disk)

            assert problem(store.ping) is StoreProblem.FULL
            assert store.alert("one") is not None

    def test_after_space_is_back_it_works_and_nothing_is_lost(self, disk: Path) -> None:
        with closing(SqliteStore(disk / "store.db")) as store:
            store.commit(Changes(deliveries=[a_post("before")]))
            ballast = fill(disk)
            large = Changes(reports=[a_report(document={"text": "x" * 1_000_000})])
            assert problem(lambda: store.commit(large)) is StoreProblem.FULL
            ballast.unlink()

            store.ping()
            store.commit(Changes(deliveries=[a_post("after")]))

            assert [each.key for each in store.pending()] == ["after", "before"]
            assert store._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def test_a_store_on_it_is_refused_in_a_sentence_or_opened_later(self, disk: Path) -> None:
        ballast = fill(disk)
        assert problem(lambda: SqliteStore(disk / "store.db")) is StoreProblem.FULL

        with closing(SqliteStore(disk / "store.db", patient=True)) as store:
            assert problem(store.pending) is StoreProblem.FULL
            assert problem(store.ping) is StoreProblem.FULL
            ballast.unlink()
            store._refused = (store._refused[0] - OPEN_AGAIN_SECONDS, store._refused[1])  # type: ignore[index]  # time passes

            store.commit(Changes(alerts=[an_alert("one")]))
            store.ping()

    def test_a_disk_that_becomes_read_only_says_so(self, disk: Path) -> None:
        with closing(SqliteStore(disk / "store.db")) as store:
            subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True, check=False)

            # With the file open for writing the system may refuse to make the disk read-only.
            found = problem(store.ping) if not _is_writable(disk) else StoreProblem.READ_ONLY

            assert found is StoreProblem.READ_ONLY


def _is_writable(disk: Path) -> bool:
    try:
        (disk / "probe").touch()
    except OSError:
        return False
    return True


def test_a_file_that_is_removed_while_it_is_open_is_gone(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        (tmp_path / "store.db").unlink()

        assert problem(store.ping) is StoreProblem.GONE


def test_a_file_that_is_replaced_is_gone(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        (tmp_path / "store.db").rename(tmp_path / "moved.db")
        SqliteStore(tmp_path / "store.db").close()

        assert problem(store.ping) is StoreProblem.GONE


def test_a_file_that_another_process_holds_locked_says_so(tmp_path: Path) -> None:
    with (
        closing(SqliteStore(tmp_path / "store.db", busy_seconds=0.05)) as store,
        closing(SqliteStore(tmp_path / "store.db")) as other,
    ):
        other._connection.execute("BEGIN IMMEDIATE")

        assert problem(store.ping) is StoreProblem.LOCKED


def test_the_probe_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.ping()

        assert {each.suffix for each in tmp_path.iterdir()} <= {".db", ".db-wal", ".db-shm"}


def test_what_somebody_set_wrong_is_refused_also_by_a_patient_store(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database at all, but long enough to be looked at" * 20)

    assert problem(lambda: SqliteStore(tmp_path / "store.db", patient=True)) is StoreProblem.NOT_OURS


def no_database(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alerts (a)")


@pytest.mark.parametrize("made", [no_database, another_programs, Path.mkdir], ids=lambda each: each.__name__)
def test_what_cannot_be_a_store_is_refused_with_what_to_do(tmp_path: Path, made: Callable[[Path], object]) -> None:
    made(tmp_path / "store.db")

    with pytest.raises(StoreError, match="Let REVEILLE_STORE name a file that nothing else uses"):
        SqliteStore(tmp_path / "store.db", patient=True)
