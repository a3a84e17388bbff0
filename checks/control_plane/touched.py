"""Which commits concern a service: those that changed something in its own folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from checks.cells import in_words
from checks.ports.repository import Commit

SHOWN = 5
"""Commits that evidence names; the rest is counted."""

IN_SENTENCES = 2
"""Commits that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The commits that changed something of a service, the newest first: its code, or its documentation alone."""

    code: tuple[Commit, ...]
    documentation: tuple[Commit, ...]


def touched(commits: Iterable[Commit], folders: Sequence[str], documentation: Sequence[str]) -> Touched:
    """Sort the commits that changed something in the folders; those that did not are left out."""
    code: list[Commit] = []
    words: list[Commit] = []
    for commit in commits:
        files = [file for file in commit.files if lies_in(file, folders)]
        if any(not matches(file, documentation) for file in files):
            code.append(commit)
        elif files:
            words.append(commit)
    return Touched(code=tuple(code), documentation=tuple(words))


def lies_in(file: str, folders: Sequence[str]) -> bool:
    """Whether a file lies in one of the folders, or is one of them; "." is the whole repository."""
    return any(
        inside in ("", ".") or file == inside or file.startswith(f"{inside}/") for inside in map(_plain, folders)
    )


def _plain(folder: str) -> str:
    return folder.removeprefix("./").rstrip("/")


def matches(file: str, patterns: Sequence[str]) -> bool:
    """Whether a path matches one of the patterns, in which * stands for anything, also for slashes."""
    return any(fnmatchcase(file, pattern) for pattern in patterns)


def listed(commits: Sequence[Commit], zone: ZoneInfo, most: int = SHOWN, year: int | None = None) -> str:
    """Return commits in words, the newest first: which, when, who, what; times of another ``year``, by default than the
    newest commit's, are written with theirs."""
    if year is None and commits:
        year = commits[0].at.astimezone(zone).year
    shown = [
        f"{commit.id[:9]} {in_words(commit.at, zone, year)} {commit.author}: {commit.subject}".strip()
        for commit in commits[:most]
    ]
    more = len(commits) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more else shown)


def authors(commits: Sequence[Commit]) -> str:
    """Return who made the commits, each once, the latest first."""
    return ", ".join(dict.fromkeys(commit.author for commit in commits if commit.author))
