"""Records are their owner's alone, whatever umask the process was started with."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.private_files import make_private_database, write_private
from bot.store.model import Changes
from bot.store.sqlite import SqliteStore
from tests.bot.store.records import an_alert


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@contextmanager
def masked(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_store_and_what_lies_beside_it(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "some" / "where" / "reveille.db"

    with closing(SqliteStore(path)) as store:
        store.commit(Changes(alerts=[an_alert("one")]))

        modes = {file.name: mode(file) for file in path.parent.iterdir()}

    assert modes == {"reveille.db": 0o600, "reveille.db-wal": 0o600, "reveille.db-shm": 0o600}
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def test_a_store_that_everybody_could_read_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "reveille.db"
    with masked(0), closing(SqliteStore(path)) as store:
        store.commit(Changes(alerts=[an_alert("one")]))
        for file in tmp_path.iterdir():
            file.chmod(0o666)

        with closing(SqliteStore(path)) as again:
            assert {mode(file) for file in tmp_path.iterdir()} == {0o600}
            assert again.alert("one") is not None


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    make_private_database(tmp_path / "reveille.db")

    assert mode(tmp_path) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_store_of_somebody_else_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reveille.db"
        path.touch()
        path.chmod(0o644)
        Path(folder).chmod(0o755)
        os.seteuid(65534)
        try:
            make_private_database(path)
        finally:
            os.seteuid(0)

    assert "chmod 600" in caplog.text


def test_a_file_of_records_is_private_and_replaced_whole(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "reveille-staging-x.json"
    path.write_text("before")
    path.chmod(0o666)

    write_private(path, "after")

    assert (path.read_text(), mode(path)) == ("after", 0o600)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with pytest.raises(OSError, match="a"):
        write_private(tmp_path / "a", "text")

    assert [file.name for file in tmp_path.iterdir()] == ["a"]
