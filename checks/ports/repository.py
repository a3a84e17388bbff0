"""The repository that services are deployed from: a local clone, or GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit; ``files`` are the paths that it changed, all of them or none when they are not known."""

    id: str
    at: datetime
    author: str = ""
    subject: str = ""
    files: tuple[str, ...] = ()


class Repository(Protocol):
    """The repository that services are deployed from: a local clone, or GitHub."""

    def head(self) -> Commit:
        """Return the newest commit of the deployed branch."""

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits after one, the newest first; None when the repository does not know it."""

    def after(self, instant: datetime) -> Sequence[Commit]:
        """Return the commits made after an instant, the newest first."""

    def exists(self, path: str) -> bool:
        """Whether a folder or file exists at the head."""


REPOSITORY: Source[Repository] = Source("the repository", lambda limits: limits.repository, "deployment")


def read_head(reads: Reads) -> Read[Commit]:
    """Ask for the newest commit of the deployed branch."""
    return reads.ask(REPOSITORY, "head", lambda port: port.head())


def read_commits_since(reads: Reads, commit: str) -> Read[Sequence[Commit] | None]:
    """Ask for the commits after one; None when the repository does not know it."""
    return reads.ask(REPOSITORY, f"since {commit}", lambda port: port.since(commit))


def read_commits_after(reads: Reads, instant: datetime) -> Read[Sequence[Commit]]:
    """Ask for the commits made after an instant."""
    return reads.ask(REPOSITORY, f"after {instant.isoformat()}", lambda port: port.after(instant))


def read_path_exists(reads: Reads, path: str) -> Read[bool]:
    """Ask whether a folder or file exists at the head of the repository."""
    return reads.ask(REPOSITORY, f"path {path}", lambda port: port.exists(path))
