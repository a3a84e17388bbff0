"""The audit passes on the project itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.bot import in_process
from tests.sections import ROOT


def audited() -> list[str]:
    """What `make audit` names."""
    words = (
        subprocess.run(
            ["make", "--dry-run", "--always-make", "audit"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        .stdout.splitlines()[-1]
        .split()
    )
    return words[words.index("audit") :]


def test_the_project_passes_its_own_audit() -> None:
    words = audited()
    assert {"deploy/", ".ci", "cloudbuild.yaml"} <= set(words)
    assert "tests/" not in words

    done = in_process.run(tuple(words), ROOT, {"PATH": os.environ["PATH"]})

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["google-cloud.sh"])
def test_a_flag_that_wipes_would_be_noticed(name: str, tmp_path: Path) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(text.replace("--update-env-vars", "--set-env-vars"))

    done = in_process.run(("audit", name), tmp_path, {"PATH": os.environ["PATH"]})

    assert done.returncode == 1
    assert "REV003" in done.stdout
