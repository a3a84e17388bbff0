"""Finds the files that a script sources, as far as they lie in its own repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.audit.model import SourceFile
from bot.audit.source_text import read_source

_TOP = re.compile(r"show-toplevel|\$\{?\w*(ROOT|REPO|WORKSPACE|TOP|PROJECT_DIR)", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")
_NEAR = re.compile(
    r"dirname|BASH_SOURCE|\$\{?0|\$0|%/\*|\bpwd\b|\$\{?\w*(DIR|HERE|BASE|PATH|PWD|FOLDER|LIB)\w*", re.IGNORECASE
)
"""What stands for a folder of the repository: the script's own, one above it, or the top (`_TOP`)."""


@dataclass(frozen=True, slots=True)
class Library:
    """The files that a script may source. ``path`` is the script's own, from the root, with ``/``.

    What is no script of its own, such as a step of a workflow, begins at the root and has no path.
    """

    root: Path
    path: str = ""

    def find(self, named: str) -> list[SourceFile]:
        """Return what ``source`` reads: one file, or all that a pattern such as ``lib/*.sh`` names in a loop.

        Nothing for a file elsewhere, or one that only the running script can tell. Raises UnreadableSourceError for
        a file that is there and is no text.
        """
        for path in candidates(named, self.path.rpartition("/")[0]):
            try:
                found = sorted(self.root.glob(path)) if _PATTERN.search(path) else [self.root / path]
                files = [file for file in found if file.is_file() and self._holds(file)]
                named_files = [(file, file.relative_to(self.root).as_posix()) for file in files]
            except (OSError, RuntimeError, ValueError, NotImplementedError):
                continue  # A link to itself, a folder that may not be read, or a name that no file has.
            if named_files:
                return [read_source(file, name) for file, name in named_files if name != self.path]
        return []

    def _holds(self, file: Path) -> bool:
        return file.resolve().is_relative_to(self.root.resolve())


def candidates(named: str, folder: str) -> Iterator[str]:
    """Yield the paths from the root that a word may name, the likeliest first.

    ``named`` is the word as expanded, such as ``lib/common.sh`` or ``$(dirname ${0})/common.sh``. Where the script
    was started is not known: its own folder comes first, and then each one above it.
    """
    end = max(named.rfind(")"), named.rfind("}")) + 1
    prefix, rest = named[:end], named[end:]
    if not prefix:
        if named.startswith(("/", "~", "-")) or "$" in named:
            return
    elif not rest.startswith("/") or not (_TOP.search(prefix) or _NEAR.search(prefix)):
        return
    bases = [folder, *(str(parent) for parent in PurePosixPath(folder).parents)] if folder else [""]
    up = prefix.count("..")
    if _TOP.search(prefix):
        bases.reverse()
    elif up < len(bases):
        bases.insert(0, bases[up])
    for base in dict.fromkeys(bases):
        path = posixpath.normpath(posixpath.join(base, rest.lstrip("/")))
        if path.partition("/")[0] != "..":
            yield path
