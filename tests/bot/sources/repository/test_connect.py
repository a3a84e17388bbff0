"""Which repository a validation reads: the clone of the settings, else GitHub's of the pipeline file, else none."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.google_cloud.clients import GoogleAccess
from bot.redaction.shown import Secret
from bot.settings import Settings
from bot.sources.audit.live import RepositoryAudit
from bot.sources.audit.live import connect as audit_of
from bot.sources.repository.git import LocalClone
from bot.sources.repository.github import GitHubRepository
from bot.sources.repository.live import connect as repository_of
from checks.control_plane_spec import Deployment
from tests import fakes
from tests.bot.sources.repository.repositories import MadeRepository
from tests.servers.github import REPOSITORY, GitHubServer, Pushed


def with_settings(settings: Settings) -> GoogleAccess:
    return GoogleAccess(pipeline=fakes.pipeline(), settings=settings)


def test_a_clone_comes_before_github(tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "made")
    made.commit("first", {"a": "1"})
    described = fakes.pipeline(deployment=Deployment(repository=REPOSITORY))

    repository = repository_of(GoogleAccess(pipeline=described, settings=Settings(repository=made.path)))

    assert isinstance(repository, LocalClone)
    assert repository.head().subject == "first"
    assert isinstance(audit_of(with_settings(Settings(repository=made.path))), RepositoryAudit)


def test_github_is_asked_at_the_address_and_with_the_token_of_the_settings() -> None:
    commit = Pushed(sha="a" * 40, at=fakes.MORNING)
    described = fakes.pipeline(deployment=Deployment(repository=REPOSITORY, branch="release"))
    with GitHubServer([commit], branch="release") as server:
        settings = Settings(github_api=server.address, github_token=Secret("a-token"))
        repository = repository_of(GoogleAccess(pipeline=described, settings=settings))
        assert isinstance(repository, GitHubRepository)

        assert repository.head().id == commit.sha
        assert server.tokens == {"Bearer a-token"}
        repository.close()


@pytest.mark.parametrize("deployment", [None, Deployment()], ids=["no section", "no repository in it"])
def test_without_either_there_is_none(deployment: Deployment | None) -> None:
    assert repository_of(GoogleAccess(pipeline=fakes.pipeline(deployment=deployment), settings=Settings())) is None
    assert audit_of(with_settings(Settings())) is None


@pytest.mark.parametrize("name", ["platform", "a/b/c", "../../user", "owner/na me", "-/..?x=y"])
def test_a_name_that_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Deployment(repository=name)


@pytest.mark.parametrize(
    ("watch", "act", "block", "accepted"),
    [(1, 3, 6, True), (2, 2, 2, True), (3, 2, 6, False), (1, 7, 6, False)],
)
def test_bounds_of_drift_may_not_cross(watch: int, act: int, block: int, accepted: bool) -> None:
    if accepted:
        assert Deployment(watch=watch, act=act, block=block).block == block
    else:
        with pytest.raises(ValidationError):
            Deployment(watch=watch, act=act, block=block)
