"""The repository of a pipeline as the settings name it: a clone where there is one, else GitHub, else none."""

from __future__ import annotations

from bot.google_cloud.clients import GoogleAccess
from bot.sources.repository.git import LocalClone
from bot.sources.repository.github import GitHubRepository
from bot.sources.repository.github_answers import GitHubAnswers


def connect(access: GoogleAccess) -> LocalClone | GitHubRepository | None:
    """Return the repository that services are deployed from; nothing is asked yet."""
    deployment, settings = access.pipeline.deployment, access.settings
    if deployment is None:
        return None
    if settings.repository is not None:
        return LocalClone(settings.repository, deployment.branch)
    if deployment.repository is None:
        return None
    answers = GitHubAnswers(settings.github_api, settings.github_token)
    return GitHubRepository(answers, deployment.repository, deployment.branch)
