"""Every kind of repository says the same of the same history: a clone, GitHub, and the stand-in of other tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sources.repository.git import LocalClone
from bot.sources.repository.github import GitHubRepository
from bot.sources.repository.github_answers import GitHubAnswers
from checks.ports.repository import Commit, Repository
from tests.bot.sources.repository.repositories import START, MadeRepository
from tests.platform_fakes import FakeRepository
from tests.servers.github import REPOSITORY, GitHubServer, Pushed

HISTORY = (
    ("Begin", ("shared/model.py", "worker/main.py")),
    ("Fix the worker", ("worker/main.py",)),
    ("Explain", ("worker/README.md",)),
    ("Touch both", ("shared/model.py", "worker/main.py")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A repository, and the ids of its commits, the oldest first."""

    repository: Repository
    commits: tuple[str, ...]


@pytest.fixture(params=["clone", "GitHub", "stand-in"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Told]:
    made = MadeRepository(tmp_path / "made")
    ids = tuple(made.commit(subject, dict.fromkeys(files, f"{subject}\n")) for subject, files in HISTORY)
    times = [START + timedelta(hours=number) for number in range(1, len(HISTORY) + 1)]
    described = list(zip(ids, times, HISTORY, strict=True))
    if request.param == "clone":
        yield Told(repository=LocalClone(made.path, "main"), commits=ids)
    elif request.param == "stand-in":
        commits = [
            Commit(id=commit, at=at, author="Ada Example", subject=subject, files=files)
            for commit, at, (subject, files) in reversed(described)
        ]
        yield Told(repository=FakeRepository(commits, missing=["gone"]), commits=ids)
    else:
        pushed = [Pushed(sha=commit, at=at, message=subject, files=files) for commit, at, (subject, files) in described]
        with GitHubServer(pushed, paths=["shared/model.py", "worker/main.py"]) as server:
            repository = GitHubRepository(GitHubAnswers(server.address, None), REPOSITORY, "main")
            yield Told(repository=repository, commits=ids)
            repository.close()


def test_the_head_is_the_newest_commit(told: Told) -> None:
    assert told.repository.head() == Commit(
        id=told.commits[-1],
        at=START + timedelta(hours=4),
        author="Ada Example",
        subject="Touch both",
        files=("shared/model.py", "worker/main.py"),
    )


@pytest.mark.parametrize("number", range(len(HISTORY)))
def test_what_a_commit_lacks_is_what_came_after_it(told: Told, number: int) -> None:
    found = told.repository.since(told.commits[number])

    assert found is not None
    assert [(each.id, each.files) for each in found] == [
        (told.commits[later], HISTORY[later][1]) for later in range(len(HISTORY) - 1, number, -1)
    ]


def test_a_commit_may_be_abbreviated(told: Told) -> None:
    assert len(told.repository.since(told.commits[1][:9]) or ()) == 2


def test_a_commit_that_is_unknown_is_no_answer(told: Told) -> None:
    assert told.repository.since("0" * 40) is None


@pytest.mark.parametrize(("hours", "count"), [(0, 4), (1, 3), (3.5, 1), (4, 0)])
def test_commits_after_an_instant_are_later_than_it(told: Told, hours: float, count: int) -> None:
    assert len(told.repository.after(START + timedelta(hours=hours))) == count


@pytest.mark.parametrize(("path", "exists"), [("shared", True), ("worker/main.py", True), ("gone", False)])
def test_a_path_exists_or_not(told: Told, path: str, exists: bool) -> None:
    assert told.repository.exists(path) is exists
