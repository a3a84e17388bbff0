"""The deployment audit runs over a real tree, and what it cannot audit is an error and not a clean result."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sources.audit.live import RepositoryAudit
from checks.source import Problem, SourceError
from tests.bot.sources.repository.repositories import MadeRepository

WIPES = """#!/bin/bash
set -euo pipefail
gcloud run deploy worker --set-env-vars=LEVEL=info --region=us-west2
"""


def repository(path: Path, files: dict[str, str | None]) -> Path:
    made = MadeRepository(path)
    made.commit("first", files)
    return made.path


def test_a_script_that_wipes_variables_is_found_at_its_line(tmp_path: Path) -> None:
    found = RepositoryAudit(repository(tmp_path / "made", {"bin/worker/deploy.sh": WIPES})).violations()

    (wiping,) = [each for each in found if each.rule == "REV003"]
    assert (wiping.path, wiping.line, wiping.severity) == ("bin/worker/deploy.sh", 3, "error")
    assert wiping.message
    assert wiping.fix


def test_what_an_ignore_excuses_does_not_count(tmp_path: Path) -> None:
    ignored = WIPES.replace(
        "gcloud run deploy", "# reveille: ignore[REV003] the service is created here\ngcloud run deploy"
    )

    found = RepositoryAudit(repository(tmp_path / "made", {"bin/worker/deploy.sh": ignored})).violations()

    assert "REV003" not in [each.rule for each in found]


def test_a_repository_without_a_deploy_script_is_not_in_order(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        RepositoryAudit(repository(tmp_path / "made", {"README.md": "words"})).violations()

    assert (raised.value.source, raised.value.problem) == ("the deployment audit", Problem.INVALID)


@pytest.mark.parametrize("baseline", [None, Path("missing.json")], ids=["no clone", "no baseline"])
def test_what_is_missing_is_an_error(tmp_path: Path, baseline: Path | None) -> None:
    root = tmp_path / "nowhere" if baseline is None else repository(tmp_path / "made", {"bin/deploy.sh": WIPES})

    with pytest.raises(SourceError) as raised:
        RepositoryAudit(root, tmp_path / baseline if baseline is not None else None).violations()

    assert "\n" not in raised.value.detail
    assert raised.value.advice
