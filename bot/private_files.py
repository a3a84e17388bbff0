"""Files that hold records: who may repair what, names of people, what broke. Their owner alone reads them."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, with the database's own mode."""


def make_private_database(path: Path) -> None:
    """Make an empty file for a database unless there is one, with missing folders; take it from everybody else.

    A file that exists is never opened here: closing it would end the locks that SQLite holds in this process. One that
    belongs to somebody else stays as it is, which is logged. Raises OSError.
    """
    _make_folders(path.parent)
    with suppress(FileExistsError):
        _make(path)
    for each in (path, *(path.with_name(path.name + ending) for ending in _BESIDE)):
        with suppress(FileNotFoundError):
            _tighten(each)


def write_private(path: Path, text: str) -> None:
    """Put a text in place of a file in one step; what was there before stays whole until then. Raises OSError."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def _make_folders(folder: Path) -> None:
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def _make(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFREG | OWNER_ONLY)
    except (PermissionError, AttributeError):
        # Not every system lets everybody make a file without opening it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def _tighten(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) or not mode & _OTHERS:
        return
    try:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except PermissionError:
        _log.warning("Other users of this machine may read %s; its owner should run chmod 600 on it.", path)
