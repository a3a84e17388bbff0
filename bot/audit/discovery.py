"""Finds the files that deploy something. Follows no links, opens nothing, and asks git alone for what is tracked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from bot.audit.rules.backup_files import is_backup
from bot.git_program import GitProgram
from checks.ports import SourceError

_LEFT_OUT = frozenset((".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox"))
_GIT_TIMEOUT = 20
"""Seconds."""


@dataclass(slots=True)
class Found:
    """What there is to audit; every path is relative to the root, with ``/``."""

    files: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def deploys(path: str) -> bool:
    """Whether a file of this name is audited without being named."""
    folder, _, name = path.rpartition("/")
    if name == "deploy.sh" or (fnmatchcase(name, "*cloudbuild*.y*ml") and name.endswith((".yaml", ".yml"))):
        return True
    return fnmatchcase(name, "deploy*.sh") and "bin" in folder.split("/")


def discover(root: Path, paths: Sequence[Path] = ()) -> Found:
    """Find what is to be audited under ``root``, or under ``paths`` in it."""
    found = Found()
    root = root.resolve()
    listed = list(_listed(root, found))
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


def _consider(root: Path, path: str, tracked: bool, wanted: dict[str, None], found: Found) -> None:
    if tracked and is_backup(path):
        found.backups.append(path)
    elif deploys(path):
        file = root / path
        if file.is_symlink():
            leads = "the file that it leads to is audited where it stands" if file.exists() else "it leads nowhere"
            found.skipped.append((path, f"is a link; {leads}"))
        elif file.is_file():
            wanted[path] = None
        elif file.exists():
            found.skipped.append((path, "is not a file"))


def _named(root: Path, absolute: Path, relative: str, wanted: dict[str, None], found: Found) -> None:
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


def _listed(root: Path, found: Found) -> Iterator[tuple[str, bool]]:
    """Yield each file with whether it is tracked; where git cannot tell, every file counts as tracked."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        yield from _walked(root)
        return
    try:
        files = GitProgram(top, _GIT_TIMEOUT).listed_files()
    except SourceError as error:
        found.skipped.append((".git", f"cannot be read ({error.detail}), so files that it ignores are audited, too"))
        yield from _walked(root)
        return
    prefix = "" if top == root else f"{root.relative_to(top).as_posix()}/"
    yield from ((path.removeprefix(prefix), tracked) for path, tracked in files if path.startswith(prefix))


def _walked(root: Path) -> Iterator[tuple[str, bool]]:
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        base = PurePosixPath(Path(folder).relative_to(root).as_posix())
        for name in names:
            yield (base / name).as_posix(), True
