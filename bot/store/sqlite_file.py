"""Whether the file of a SQLite store can grow, asked of the file system: SQLite's own codes do not always tell."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.store.model import StoreProblem

PROBE_BYTES = 64 * 1024
"""What a commit with a report takes. A smaller probe would fit where no decision does."""

_BY_CODE: Mapping[int, StoreProblem] = {
    sqlite3.SQLITE_FULL: StoreProblem.FULL,
    sqlite3.SQLITE_READONLY: StoreProblem.READ_ONLY,
    sqlite3.SQLITE_BUSY: StoreProblem.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreProblem.LOCKED,
    sqlite3.SQLITE_CORRUPT: StoreProblem.DAMAGED,
    sqlite3.SQLITE_NOTADB: StoreProblem.NOT_OURS,
    sqlite3.SQLITE_PERM: StoreProblem.FORBIDDEN,
}
_BY_ERRNO: Mapping[int | None, StoreProblem] = {
    errno.ENOSPC: StoreProblem.FULL,
    errno.EDQUOT: StoreProblem.FULL,
    errno.EROFS: StoreProblem.READ_ONLY,
    errno.EACCES: StoreProblem.FORBIDDEN,
    errno.EPERM: StoreProblem.FORBIDDEN,
    errno.ENOENT: StoreProblem.GONE,
    errno.EIO: StoreProblem.DISK,
}

Identity = tuple[int, int]


def identity_of(path: Path) -> Identity:
    """Return what tells a file from another of the same name. Raises OSError."""
    status = path.stat()
    return status.st_dev, status.st_ino


def problem_of(error: Exception, code: int, path: Path) -> StoreProblem:
    """Return what an error of SQLite or of the system means; where neither says, the folder is asked."""
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno, StoreProblem.OTHER)
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return problem_of_folder(path) or (StoreProblem.DISK if code == sqlite3.SQLITE_IOERR else StoreProblem.OTHER)
    return _BY_CODE.get(code, StoreProblem.OTHER)


def problem_of_folder(path: Path) -> StoreProblem | None:
    """Write a little beside a file and take it away again; return what is wrong, None when nothing is."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-probe-") as probe:
            probe.write(b"\0" * PROBE_BYTES)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return _BY_ERRNO.get(error.errno, StoreProblem.DISK)
    return None
