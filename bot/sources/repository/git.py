"""A local clone, read through the ``git`` program: nothing is fetched, written or checked out."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import NoReturn

from bot.git_program import GitProgram
from bot.instants import of_seconds
from checks.ports.repository import REPOSITORY, Commit
from checks.source import Problem, SourceError

COMMIT_ID = re.compile(r"[0-9a-fA-F]{4,64}")
"""What may be a commit, whole or abbreviated; git takes four digits at least."""

CLOCK_SKEW = timedelta(days=1)
"""Git stops walking at the first commit that is too old; clocks of authors differ, so it is asked for a little more."""

SAME_MOMENT = 2.0
"""Seconds in which the branch is taken to stand still: a run asks many questions at once."""

_FORMAT = "%x00%H%x00%ct%x00%an%x00%s%x00"
"""Neither a message nor a path can hold the character zero, so no commit can pretend to be two.

The time is asked for in seconds: a written date may have a year or a zone that no calendar knows.
"""

_FIELDS = 5

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")


class LocalClone:
    """Reads one branch of a clone; of a clone that has both, the branch as it was last fetched.

    ``seconds`` bounds each start of git.
    """

    def __init__(self, path: Path, branch: str, *, seconds: float = 10.0) -> None:
        self._path = path
        self._branch = branch
        self._git = GitProgram(path, seconds)
        self._shallow: Path | None = None
        self._known_tip: tuple[float, str] | None = None
        self._lock = threading.Lock()
        self._listed: tuple[str, dict[str, frozenset[str]]] = ("", {})
        self._listing = threading.Lock()

    def head(self) -> Commit:
        return self._log("--max-count=1", self._tip())[0]

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits of the branch that a commit lacks, the newest first; None for one that is unknown.

        A merge counts for what it changes itself, not for what it brings in. Raises SourceError, also where
        the clone is too shallow to tell.
        """
        tip = self._tip()
        if COMMIT_ID.fullmatch(commit) is None:
            return None
        try:
            lacking = self._log(tip, f"^{commit}^{{commit}}")
        except SourceError:
            if self._knows(commit):
                raise
            if self._boundary():
                self._too_shallow(f"back to the commit {commit[:12]}")
            return None
        return self._complete(lacking, f"all commits after {commit[:12]}")

    def after(self, instant: datetime) -> Sequence[Commit]:
        listed = self._log(f"--since={(instant - CLOCK_SKEW).isoformat()}", self._tip())
        recent = [commit for commit in listed if commit.at > instant]
        return self._complete(recent, f"all commits after {instant:%Y-%m-%d %H:%M %Z}")

    def exists(self, path: str) -> bool:
        inside = normalised(path)
        if inside is None:
            return False
        return not inside or inside in self._names(self._tip(), str(PurePosixPath(inside).parent))

    def _names(self, tip: str, folder: str) -> frozenset[str]:
        """Return what a folder holds at a commit, as paths; the services of one folder are one question to git."""
        with self._listing:
            of, listed = self._listed
            if of != tip:
                self._listed = (tip, listed := {})
            if folder not in listed:
                within = () if folder == "." else (f"{folder}/",)
                names = self._git.run("ls-tree", "-z", "--full-tree", "--name-only", tip, "--", *within) or ""
                listed[folder] = frozenset(names.split("\0"))
            return listed[folder]

    def _tip(self) -> str:
        """Return the id of the newest commit of the branch; questions that come together see the same."""
        with self._lock:
            if self._known_tip is None or time.monotonic() - self._known_tip[0] > SAME_MOMENT:
                self._known_tip = (time.monotonic(), self._read_tip())
            return self._known_tip[1]

    def _read_tip(self) -> str:
        names = [f"{prefix}/{self._branch}" for prefix in ("refs/remotes/origin", "refs/heads")]
        listed = self._git.run("for-each-ref", "--format=%(objectname) %(refname)", "--", *names) or ""
        # Git takes the names for patterns, so only what is named exactly so counts.
        found = {name: commit for commit, _, name in (line.partition(" ") for line in listed.splitlines())}
        for name in names:
            if name in found:
                return found[name]
        raise SourceError(
            REPOSITORY,
            Problem.NOT_FOUND,
            f"the clone has no branch {self._branch!r}",
            advice="Fetch the branch into the clone, or correct deployment.branch in the pipeline file.",
        )

    def _knows(self, commit: str) -> bool:
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
        return self._git.run(*asked, fails=True) is not None

    def _boundary(self) -> frozenset[str]:
        """Return the ids of the commits at which a shallow clone was cut off."""
        if self._shallow is None:
            where = (self._git.run("rev-parse", "--git-path", "shallow") or "").removesuffix("\n")
            self._shallow = self._path.resolve() / where
        try:
            return frozenset(self._shallow.read_text(encoding="ascii").split())
        except (OSError, ValueError):
            return frozenset()

    def _complete(self, commits: list[Commit], wanted: str) -> Sequence[Commit]:
        """Return the commits, unless the clone was cut off among them: there a commit seems to change every file."""
        if not self._boundary().isdisjoint(commit.id for commit in commits):
            self._too_shallow(f"to {wanted}")
        return commits

    def _too_shallow(self, reach: str) -> NoReturn:
        raise SourceError(
            REPOSITORY,
            Problem.NOT_FOUND,
            f"the clone is shallow and does not reach {reach}",
            advice="Deepen it with 'git fetch --unshallow'.",
        )

    def _log(self, *arguments: str) -> list[Commit]:
        options = ("--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color")
        # A rename counts in both folders, hence no renames; of a merge only what differs from all its parents.
        shape = ("--name-only", "--diff-merges=combined", "--ignore-submodules=none", f"--format={_FORMAT}")
        return commits_of(self._git.run("log", *options, *shape, *arguments, "--") or "")


def commits_of(text: str) -> list[Commit]:
    """Read git's list of commits."""
    fields = text.split("\0")[1:]
    return [
        Commit(
            id=commit,
            at=of_seconds(at),
            author=author,
            subject=subject,
            files=tuple(unquoted(line) for line in files.splitlines() if line),
        )
        for commit, at, author, subject, files in zip(
            *(fields[first::_FIELDS] for first in range(_FIELDS)), strict=True
        )
    ]


def unquoted(path: str) -> str:
    """Return a path as it is; git writes one with odd characters between quotes, with escapes."""
    if len(path) < 2 or not (path.startswith('"') and path.endswith('"')):  # noqa: PLR2004 - two quotes
        return path
    return _ESCAPE.sub(_character, path[1:-1])


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code, 8)) if code.isdigit() else _ESCAPES.get(code, code)


def normalised(path: str) -> str | None:
    """Return a path relative to the top of the repository, "" for the top itself; None for one that leads out."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\0" in path:
        return None
    return "/".join(parts)
