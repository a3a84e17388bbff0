"""docs/deploy.md: its commands run, and its tables say what the script takes and grants."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.gcloud import StandInGcloud
from tests.deploy.test_google_cloud import SCRIPT, gcloud
from tests.sections import ROOT

__all__ = ["gcloud"]

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
KEEPING = ("firestore.py", "firestore_retention.py")
OF_THE_SCRIPT = [block for block in BLOCKS if "google-cloud.sh" in block]


def settings() -> Iterator[str]:
    yield from re.findall(r"\$\{([A-Z_]+):?-", SCRIPT.read_text(encoding="utf-8"))


def test_every_command_of_the_script_runs_as_it_stands_there(gcloud: StandInGcloud) -> None:
    assert len(OF_THE_SCRIPT) == 2
    given = {"SLACK_BOT_TOKEN": "xoxb-not-a-token", "SLACK_SIGNING_SECRET": "not-a-secret", "COMMIT": "abc1234"}
    environment = {"PATH": os.environ["PATH"], **gcloud.environment, **given}

    done = subprocess.run(
        ["bash", "-euc", "\n".join(OF_THE_SCRIPT)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    shown, changed, jobs = re.findall(r"^(\d+) (?:to change|changed)", done.stdout, re.MULTILINE)
    assert shown == changed
    assert int(jobs) > 0


def test_the_table_of_variables_names_all_that_the_script_reads() -> None:
    told = set(re.findall(r"`([A-Z][A-Z_]+)`", PAGE)) | {"PROJECT", "REGION", "PIPELINE", "IMAGE"}

    assert set(settings()) <= told


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "roles").iterdir()), ids=lambda path: path.stem)
def test_every_role_is_told(path: object) -> None:
    assert f"deploy/roles/{getattr(path, 'name', '')}" in PAGE


def test_every_collection_of_the_store_is_told_with_what_goes_when() -> None:
    source = "".join((ROOT / "bot" / "store" / name).read_text(encoding="utf-8") for name in KEEPING)
    kept = re.findall(r'"(\w+)"', "".join(re.findall(r'^[A-Z, ]+ = ("\w+"(?:, "\w+")*)$', source, re.MULTILINE)))
    of_the_database = PAGE.partition("## The database")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `reveille_(\w+)` \|", of_the_database, re.MULTILINE)

    assert sorted(told) == sorted(kept)


def test_the_image_knows_every_argument_that_it_is_given() -> None:
    given = set(re.findall(r"--build-arg ([A-Z_]+)=", PAGE))
    known = set(re.findall(r"^ARG ([A-Z_]+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))

    assert given == {"PYTHON_IMAGE", "COMMIT", "SOURCE_DATE_EPOCH"}
    assert given <= known


def test_the_files_that_the_image_brings_are_told() -> None:
    made = set(re.findall(r"> (/opt/reveille/share/\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8")))

    assert made == set(re.findall(r"^\| `(/opt/reveille/share/\S+)`", PAGE, re.MULTILINE))
