"""The repository of a pipeline as the settings name it: a clone where there is one, else GitHub, else none."""

from __future__ import annotations

from bot.repository.audit import RepositoryAudit
from bot.repository.git import LocalClone
from bot.repository.github import GitHubRepository
from bot.repository.github_answers import GitHubAnswers
from bot.settings import Settings
from checks.pipeline import Pipeline


def repository_of(pipeline: Pipeline, settings: Settings) -> LocalClone | GitHubRepository | None:
    """Return the repository that services are deployed from; nothing is asked yet."""
    deployment = pipeline.deployment
    if deployment is None:
        return None
    if settings.repository is not None:
        return LocalClone(settings.repository, deployment.branch)
    if deployment.repository is None:
        return None
    answers = GitHubAnswers(settings.github_api, settings.github_token)
    return GitHubRepository(answers, deployment.repository, deployment.branch)


def audit_of(settings: Settings) -> RepositoryAudit | None:
    """Return the audit of the clone; without a clone there are no files to audit."""
    if settings.repository is None:
        return None
    return RepositoryAudit(settings.repository, settings.audit_baseline)
