"""Which files are audited without being named, how each kind is read, and what is said of the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.audit.discovery import discover
from bot.audit.engine import audit
from bot.git_program import git_files
from tests.bot.audit.in_memory import audit_text
from tests.bot.audit.runs import WIPES, tree
from tests.bot.audit.runs import audit as run_audit

BASH = f"#!/usr/bin/env bash\n{WIPES}"
WORKFLOW = """\
name: release
on: [push]
env:
  SERVICE: live-export
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: make test
  deploy:
    needs: test
    runs-on: ubuntu-latest
    steps:
      - name: Deploy
        run: |
          gcloud run deploy "${{ env.SERVICE }}" --source=. \\
            --set-env-vars=A=${{ vars.A }}
          reveille iam ensure "$SERVICE"
"""
MAKEFILE = """\
SERVICE := live-export
deploy: build
\tgcloud run deploy $(SERVICE) --source=. \\
\t  --set-env-vars=A=$$HOME
\t@reveille iam ensure $(SERVICE)
build:
\tdocker build .
"""
DOCKERFILE = """\
FROM google/cloud-sdk
RUN apt-get update
# the build deploys
RUN gcloud run deploy live-export \\
    # its variables
    --set-env-vars=A=b --source=.
"""

FOUND = {
    "tools/release.sh": WIPES,
    "tools/release.bash": WIPES,
    "tools/release": BASH,
    "scripts/sh": f"#!/bin/sh -e\n{WIPES}",
    ".github/workflows/release.yml": WORKFLOW,
    "Makefile": MAKEFILE,
    "build/deploy.mk": MAKEFILE,
    "Dockerfile.deploy": DOCKERFILE,
    "ci/export.cloudbuild.yaml": "steps: []\n",
}
PASSED_OVER = {
    "tools/test.sh": "pytest\n",
    "tools/help.sh": "# gcloud run deploy live-export\necho gcloud run deploy live-export\n",
    "docs/deploying.md": WIPES,
    "notes.txt": WIPES,
    "README": WIPES,
    "tools/release.py": WIPES,
    "tools/data": WIPES,
    "k8s/job.yaml": WORKFLOW,
    ".github/workflows/test.yml": "on: [push]\njobs:\n  a:\n    steps:\n    - run: make test\n",
    "sub/Makefile": "all:\n\tgo build\n",
    "Dockerfile": "FROM python\nRUN pip install gcloud\n",
}


def test_whatever_deploys_is_found_and_nothing_else(tmp_path: Path) -> None:
    tree(tmp_path, {**FOUND, **PASSED_OVER})

    assert set(audit(tmp_path).files) == set(FOUND)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".github/workflows/release.yml", WORKFLOW, 18),
        ("Makefile", MAKEFILE, 4),
        ("Dockerfile", DOCKERFILE, 6),
        ("release", BASH, 2),
    ],
)
def test_each_kind_is_read_as_what_it_is(path: str, text: str, line: int) -> None:
    found = audit_text(path, text)

    assert [one.span.start.line for one in found if one.rule == "REV003"] == [line]
    assert "REV000" not in [one.rule for one in found]


@pytest.mark.parametrize(("path", "text"), [(".github/workflows/release.yml", WORKFLOW), ("Makefile", MAKEFILE)])
def test_a_binding_in_a_later_part_counts(path: str, text: str) -> None:
    assert "REV001" not in [one.rule for one in audit_text(path, text)]
    assert "REV001" in [one.rule for one in audit_text(path, text.replace("reveille iam", "echo"))]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", MAKEFILE.replace("\tgcloud", "\t-gcloud")),
        ("Makefile", MAKEFILE.replace("$$HOME", "$$HOME; echo done")),
        (".github/workflows/a.yml", WORKFLOW.replace("- name: Deploy", "- continue-on-error: true")),
        (".github/workflows/a.yml", WORKFLOW.replace("- name: Deploy", "- shell: bash {0}")),
        ("Dockerfile", DOCKERFILE.replace("--source=.", "--source=. || true")),
    ],
)
def test_a_failure_that_is_passed_over_is_said(path: str, text: str) -> None:
    assert "REV006" in [one.rule for one in audit_text(path, text)]


@pytest.mark.parametrize(("path", "text"), [("Makefile", MAKEFILE), (".github/workflows/a.yml", WORKFLOW),
                                            ("Dockerfile", DOCKERFILE)])  # fmt: skip
def test_make_github_and_docker_stop_at_a_failure(path: str, text: str) -> None:
    assert "REV006" not in [one.rule for one in audit_text(path, text)]


@pytest.mark.parametrize("name", ["notes.txt", "README", "README.md", "tools/data.json", "empty"])
def test_a_named_file_that_nobody_runs_is_wrong_use(name: str, tmp_path: Path) -> None:
    tree(tmp_path, {name: "" if name == "empty" else WIPES, "deploy.sh": WIPES})

    done = run_audit(tmp_path, name)

    assert (done.returncode, done.stdout) == (3, "")
    assert f"{name} cannot be audited" in done.stderr


@pytest.mark.parametrize("name", ["run.sh", "Makefile", "scripts"])
def test_a_link_that_leads_nowhere_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to("gone")

    assert discover(tmp_path).skipped == [(name, "is a link; it leads nowhere")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any folder")
@pytest.mark.parametrize("tracked", [False, True])
def test_a_folder_that_cannot_be_read_is_said(tracked: bool, tmp_path: Path) -> None:
    tree(tmp_path, {"closed/deploy.sh": WIPES})
    if tracked:
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "closed").chmod(0)
    try:
        assert [path for path, _ in discover(tmp_path, (), git_files).skipped] == ["closed"]
    finally:
        (tmp_path / "closed").chmod(0o755)
