"""A repository on GitHub, read through its REST interface. Nothing is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from bot.instants import of_iso
from bot.sources.repository.git import COMMIT_ID, normalised
from bot.sources.repository.github_answers import GitHubAnswers, not_understood
from checks.pools import BoundedPool
from checks.ports.repository import REPOSITORY, Commit
from checks.source import Problem, SourceError

T = TypeVar("T")

AT_ONCE = 24
"""Commits whose files are asked for at once: GitHub tells them one commit at a time."""

MOST_COMMITS = 250
"""Beyond so many, asking for the files of each would use up the rate limit."""

MOST_REMEMBERED = 5000
"""A commit never changes, so its files are asked for once in the life of the process."""

LONGEST = 25.0
"""Seconds to wait for the files of a commit, behind all others that are asked for."""

PAGE = 100
"""Entries a page, GitHub's most."""


class GitHubRepository:
    """Reads one branch. ``repository`` is ``owner/name``."""

    def __init__(self, answers: GitHubAnswers, repository: str, branch: str) -> None:
        self._answers = answers
        self._root = f"/repos/{repository}"
        self._repository = repository
        self._branch = branch
        self._pool = BoundedPool("github", AT_ONCE)
        self._files: dict[str, Future[tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def head(self) -> Commit:
        pages = list(self._answers.pages(f"{self._root}/commits/heads/{quote(self._branch)}?per_page={PAGE}"))
        if None in pages:
            raise self._not_found()
        told = all("files" in _mapping(page) for page in pages)
        if told and len({_text(page, "sha") for page in pages}) == 1:  # else the branch moved on between two pages
            self._remember(_text(pages[0], "sha"), _files_in(pages))
        return self._read(pages[:1])[0]

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits of the branch that a commit lacks, the newest first; None for one that is unknown.

        Raises SourceError, also when there are too many to ask for the files of each.
        """
        if COMMIT_ID.fullmatch(commit) is None:
            self.head()
            return None
        comparison = f"{self._root}/compare/{commit}...{quote(self._branch, safe='')}"
        found: list[Any] = []
        total = 0
        for page in self._answers.pages(f"{comparison}?per_page={PAGE}"):
            if page is None:
                # Either the commit is unknown or all of the repository is: the branch tells which.
                self.head()
                return None
            total = _number(page, "total_commits")
            self._refuse_more_than_can_be_asked(total, f"{commit[:12]} is")
            found += _list(page.get("commits"))
        if len(found) < total:
            raise not_understood(f"it tells {len(found)} of {total} commits")
        return self._read(found)

    def after(self, instant: datetime) -> Sequence[Commit]:
        moment = quote(instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        found: list[Any] = []
        for page in self._answers.pages(
            f"{self._root}/commits?sha={quote(self._branch, safe='')}&since={moment}&per_page={PAGE}"
        ):
            if page is None:
                raise self._not_found()
            found += _list(page)
            self._refuse_more_than_can_be_asked(len(found), f"{instant:%Y-%m-%d %H:%M %Z} is")
        return [commit for commit in self._read(found) if commit.at > instant]

    def exists(self, path: str) -> bool:
        inside = normalised(path)
        if not inside:
            return inside is not None
        branch = quote(self._branch, safe="")
        if self._answers.one(f"{self._root}/contents/{quote(inside)}?ref={branch}") is not None:
            return True
        self.head()
        return False

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        self._answers.close()

    def _read(self, found: Sequence[Any]) -> list[Commit]:
        """Read commits, and ask for the files of all of them at once."""
        asked = [(entry, self._files_of(entry)) for entry in found]
        try:
            commits = [_commit(entry, files.result(timeout=LONGEST)) for entry, files in asked]
        except TimeoutError:
            raise SourceError(
                REPOSITORY,
                Problem.TIMED_OUT,
                f"GitHub did not tell the files of {len(asked)} commits within {LONGEST:g} s",
                advice="Configure a clone with REVEILLE_REPOSITORY.",
                retryable=True,
            ) from None
        return sorted(commits, key=lambda commit: commit.at, reverse=True)

    def _files_of(self, entry: Any) -> Future[tuple[str, ...]]:
        """Ask for what a commit changed; a merge brings in what the commits beside it have changed."""
        known: Future[tuple[str, ...]] = Future()
        if len(_list(_mapping(entry).get("parents"))) > 1:
            known.set_result(())
            return known
        commit = _text(entry, "sha")
        with self._lock:
            if commit in self._files:
                return self._files[commit]
            if len(self._files) >= MOST_REMEMBERED:
                self._files.clear()
            self._files[commit] = known
        self._pool.submit(lambda: self._answer(commit, known))
        return known

    def _answer(self, commit: str, known: Future[tuple[str, ...]]) -> None:
        try:
            known.set_result(self._ask_files(commit))
        except Exception as error:  # noqa: BLE001 - raised where the answer is read
            with self._lock:
                self._files.pop(commit, None)
            known.set_exception(error)

    def _ask_files(self, commit: str) -> tuple[str, ...]:
        pages = list(self._answers.pages(f"{self._root}/commits/{quote(commit, safe='')}?per_page={PAGE}"))
        if None in pages:
            raise self._not_found()
        return _files_in(pages)

    def _remember(self, commit: str, files: tuple[str, ...]) -> None:
        """Keep what a commit changed, where it was told without being asked for."""
        known: Future[tuple[str, ...]] = Future()
        known.set_result(files)
        with self._lock:
            self._files.setdefault(commit, known)

    def _refuse_more_than_can_be_asked(self, total: int, what: str) -> None:
        if total > MOST_COMMITS:
            raise SourceError(
                REPOSITORY,
                Problem.INVALID,
                f"{what} more than {MOST_COMMITS} commits back, too many to ask GitHub about one by one",
                advice="Configure a clone with REVEILLE_REPOSITORY.",
            )

    def _not_found(self) -> SourceError:
        return SourceError(
            REPOSITORY,
            Problem.NOT_FOUND,
            f"GitHub shows no repository {self._repository} with a branch {self._branch!r}",
            advice="Correct deployment.repository and deployment.branch in the pipeline file; a private repository "
            "needs GITHUB_TOKEN with read access to its contents.",
        )


def _files_in(pages: Sequence[Any]) -> tuple[str, ...]:
    files: list[str] = []
    for file in (file for page in pages for file in _list(_mapping(page).get("files"))):
        files.append(_text(file, "filename"))
        # A rename changes the folder that a file leaves as well.
        files += [_text(file, "previous_filename")] if "previous_filename" in file else []
    return tuple(files)


def _commit(entry: Any, files: tuple[str, ...]) -> Commit:
    described = _mapping(_mapping(entry).get("commit"))
    committer = _mapping(described.get("committer"))
    author = _mapping(described.get("author"))
    return Commit(
        id=_text(entry, "sha"),
        at=_time(_text(committer, "date")),
        author=str(author.get("name") or ""),
        subject=next(iter(str(described.get("message") or "").splitlines()), ""),
        files=files,
    )


def _time(text: str) -> datetime:
    return _shaped(lambda: of_iso(text))


def _text(entry: Any, key: str) -> str:
    value = _mapping(entry).get(key)
    if not isinstance(value, str):
        raise not_understood(f"an entry has no {key}")
    return value


def _number(entry: Any, key: str) -> int:
    return _shaped(lambda: int(_mapping(entry)[key]))


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise not_understood("an entry is no object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise not_understood("there is no list where one is expected")
    return value


def _shaped(read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, TypeError, KeyError):
        raise not_understood("a date or number is missing or no such thing") from None
