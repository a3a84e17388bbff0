"""Finds the files that deploy something. Follows no links and runs nothing; what git tracks, its caller tells."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from bot.audit.file_kinds import FileKind, is_shell, kind_by_name, mentions_deploy, sources_a_file
from bot.audit.rules.backup_files import is_backup
from bot.audit.source_text import LARGEST_FILE

_LEFT_OUT = frozenset((".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox"))
_BEGINNING = 200
"""Bytes: a first line that names a shell."""


@dataclass(slots=True)
class FilesFound:
    """What there is to audit; every path is relative to the root, with ``/``."""

    files: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Files that somebody asked for by name."""
    mentioned: set[str] = field(default_factory=set)
    """Files that are read because the words of a deploy stand in them: they count when they run one."""


class ListingError(Exception):
    """Git cannot list the files of a clone; the message says why."""


GitFiles = Callable[[Path, list[str]], Sequence[tuple[str, bool]]]
"""Lists the files of a clone that git does not ignore, each with whether it is tracked.

Folders that git could not open are added to the list. Raises ListingError.
"""


def deploys(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name == "deploy.sh" or (fnmatchcase(name, "*cloudbuild*.y*ml") and name.endswith((".yaml", ".yml"))):
        return True
    return fnmatchcase(name, "deploy*.sh") and "bin" in folder.split("/")


def discover(root: Path, paths: Sequence[Path] = (), git_files: GitFiles | None = None) -> FilesFound:
    """Find what is to be audited under ``root``, or under ``paths`` in it; without ``git_files`` every file counts."""
    found = FilesFound()
    root = root.resolve()
    listed = list(_listed(root, git_files, found))
    wanted: dict[str, None] = {}
    if not paths:
        paths = (root,)
    for named in paths:
        absolute = Path(os.path.abspath(root / named))  # noqa: PTH100 - resolve() would follow the link that is named
        if not absolute.is_relative_to(root):
            found.skipped.append((str(named), "is outside the folder that is audited"))
            continue
        relative = absolute.relative_to(root).as_posix()
        if absolute.is_dir() and not absolute.is_symlink():
            prefix = "" if relative == "." else relative + "/"
            for path, tracked in listed:
                if path.startswith(prefix):
                    _consider(root, path, tracked, wanted, found)
        else:
            _named(root, absolute, relative, wanted, found)
    found.files = sorted(wanted)
    found.backups = sorted(set(found.backups))
    return found


def _consider(root: Path, path: str, tracked: bool, wanted: dict[str, None], found: FilesFound) -> None:
    if tracked and is_backup(path):
        found.backups.append(path)
        return
    by_name = deploys(path)
    if not by_name and not _may_deploy(path):
        return
    file = root / path
    try:
        mode = file.lstat().st_mode
    except OSError as error:
        if by_name and error.errno not in {errno.ENOENT, errno.ENOTDIR}:
            found.unreadable.append((path, f"the file cannot be read: {error.strerror}"))
        return
    if stat.S_ISLNK(mode):
        _leave_link(root, path, by_name=by_name, found=found)
    elif not stat.S_ISREG(mode):
        if by_name and not stat.S_ISDIR(mode):
            found.skipped.append((path, "is not a file"))
    elif by_name:
        wanted[path] = None
    elif _mentions(file, path, found):
        wanted[path] = None
        found.mentioned.add(path)


def _may_deploy(path: str) -> bool:
    kind = kind_by_name(path)
    if kind is FileKind.BUILD:
        return False  # Any other YAML file: only the name says that Cloud Build reads it.
    return kind is not FileKind.NEITHER


def _leave_link(root: Path, path: str, *, by_name: bool, found: FilesFound) -> None:
    try:
        target = (root / path).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        # A link to itself among files that may be anything is nobody's deploy.
        if by_name or (isinstance(error, OSError) and error.errno != errno.ELOOP):
            found.skipped.append((path, "is a link; it leads nowhere"))
        return
    if by_name and target.is_relative_to(root):
        found.skipped.append((path, "is a link; the file that it leads to is audited in its own place"))
    elif by_name:
        found.skipped.append((path, "is a link; it leads out of the folder that is audited"))


def _mentions(file: Path, path: str, found: FilesFound) -> bool:
    """Whether a file that may deploy says so; only the beginning of a file without an ending is read at first."""
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_BEGINNING)
            if kind_by_name(path) is FileKind.UNMARKED and not is_shell(beginning.decode("utf-8", "replace")):
                return False
            content = (beginning + opened.read(LARGEST_FILE)).decode("utf-8", "replace")
    except OSError as error:
        found.skipped.append((path, f"cannot be read ({error.strerror})"))
        return False
    return mentions_deploy(content) or sources_a_file(content)


def _named(root: Path, absolute: Path, relative: str, wanted: dict[str, None], found: FilesFound) -> None:
    try:
        target = absolute.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        loop = isinstance(error, RuntimeError) or error.errno == errno.ELOOP
        found.unreadable.append(
            (relative, "the file is a link that leads to itself" if loop else "the file does not exist")
        )
        return
    if not target.is_relative_to(root):
        found.skipped.append((relative, "is a link that leads out of the folder that is audited"))
    elif is_backup(relative):
        found.backups.append(relative)
    else:
        wanted[relative] = None
        found.named.add(relative)


def _listed(root: Path, git_files: GitFiles | None, found: FilesFound) -> Iterator[tuple[str, bool]]:
    """Yield each file with whether it is tracked; where git cannot tell, every file counts as tracked."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None or git_files is None:
        yield from _walked(root, found)
        return
    unopened: list[str] = []
    try:
        files = git_files(top, unopened)
    except ListingError as error:
        found.skipped.append((".git", f"cannot be read ({error}), so files that it ignores are audited, too"))
        yield from _walked(root, found)
        return
    prefix = "" if top == root else f"{root.relative_to(top).as_posix()}/"
    for folder in unopened:
        if folder.startswith(prefix):
            found.skipped.append((folder.removeprefix(prefix), "is a folder that cannot be read"))
    yield from ((path.removeprefix(prefix), tracked) for path, tracked in files if path.startswith(prefix))


def _walked(root: Path, found: FilesFound) -> Iterator[tuple[str, bool]]:
    def closed(error: OSError) -> None:
        path = Path(str(error.filename)).relative_to(root).as_posix()
        found.skipped.append((path, f"is a folder that cannot be read ({error.strerror})"))

    for folder, folders, names in os.walk(root, followlinks=False, onerror=closed):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        base = PurePosixPath(Path(folder).relative_to(root).as_posix())
        for name in (*names, *(one for one in folders if Path(folder, one).is_symlink())):
            yield (base / name).as_posix(), True
