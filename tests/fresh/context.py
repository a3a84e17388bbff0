"""What of a folder travels to the builder of an image: everything but what .dockerignore leaves out."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Context:
    """A folder without what is ignored."""

    folder: Path
    rules: tuple[tuple[re.Pattern[str], bool], ...] = ()
    """Patterns, each with whether what it matches travels after all; the last that matches decides."""

    @classmethod
    def of(cls, folder: Path) -> Context:
        ignore = folder / ".dockerignore"
        return cls(folder, rules(ignore.read_text(encoding="utf-8").splitlines()) if ignore.exists() else ())

    def holds(self, path: PurePosixPath) -> bool:
        """Whether a path in the folder travels. A pattern that matches a folder matches all that is in it."""
        names = [str(each) for each in (path, *path.parents)]
        travels = True
        for pattern, kept in self.rules:
            if any(pattern.fullmatch(name) for name in names):
                travels = kept
        return travels

    def copy(self, source: str, target: Path) -> int:
        """Copy a file, or what is in a folder, to a path; return how many files that were."""
        origin = self.folder / source
        if origin.is_file() and self.holds(PurePosixPath(source)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, target)
            return 1
        copied = 0
        for folder, _, files in os.walk(origin):
            for name in files:
                path = Path(folder, name)
                if self.holds(PurePosixPath(path.relative_to(self.folder).as_posix())):
                    copied += 1
                    placed = target / path.relative_to(origin)
                    placed.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, placed, follow_symlinks=False)
        return copied


def rules(lines: Iterable[str]) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """Read the lines of a .dockerignore."""
    meant = (line.strip() for line in lines)
    return tuple(
        (_pattern(line.removeprefix("!").strip("/")), line.startswith("!"))
        for line in meant
        if line and not line.startswith("#")
    )


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", text)
    return re.compile("".join(_PARTS.get(part) or re.escape(part) for part in parts))
