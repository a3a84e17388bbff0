"""How long the deployment audit of a repository takes: the command as a process, from start to exit.

The repository is tracked by git and has 3,000 files. One in ten deploys something, which is several times what a
platform of forty services has; the others are what lies around: modules, tables, pages.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.figures import Figure
from tests.bench.processes import environment

FILES = 3000
DEPLOYING = 10
"""One file in so many deploys."""
LIMIT = 2.0
"""Seconds, of the whole process."""

SCRIPT = """\
#!/usr/bin/env bash
# Deploys {service}. Never again with --set-env-vars.
set -euo pipefail
cd "$(dirname "$0")/.."

SERVICE="{service}"
REGION="${{REGION:-us-west2}}"
INVOKER="serviceAccount:caller@example-project.iam.gserviceaccount.com"
COMMIT=$(git rev-parse --short HEAD)

usage() {{
  cat <<HELP
usage: $0 [--dry-run]
  gcloud run deploy $SERVICE --set-env-vars=A=1 is what this once did.
HELP
}}

if [[ "${{1:-}}" == "--help" ]]; then
  usage
  exit 0
fi

python bin/validate_imports.py "$SERVICE"

deploy_flags=(
  "--region=$REGION"
  "--source=."
  "--service-account=$RUNNER"
  "--update-labels=commit-sha=$COMMIT"
)
gcloud run deploy "$SERVICE" "${{deploy_flags[@]}}" \\
  {flag}=BUILD_COMMIT="$COMMIT"

gcloud run services add-iam-policy-binding "$SERVICE" --region="$REGION" \\
  --member="$INVOKER" --role=roles/run.invoker
reveille deploy verify "$SERVICE"
gcloud run services update-traffic "$SERVICE" --region="$REGION" --to-latest
echo "$SERVICE is deployed."
"""

BUILD = """\
substitutions:
  _SERVICE: {service}
steps:
  - id: test
    name: python:3.11
    entrypoint: bash
    args:
      - -c
      - |
        set -euo pipefail
        python bin/validate_imports.py "$_SERVICE"
  - id: deploy
    name: gcr.io/google.com/cloudsdktool/cloud-sdk
    entrypoint: bash
    args:
      - -c
      - |
        set -euo pipefail
        gcloud run deploy "$_SERVICE" --source=. --service-account="$_RUNNER" \\
          --update-labels=commit-sha=$SHORT_SHA {flag}=BUILD_COMMIT=$SHORT_SHA
        for ATTEMPT in 1 2 3; do
          echo "attempt $$ATTEMPT"
        done
        reveille iam ensure "$_SERVICE"
        gcloud run services update-traffic "$_SERVICE" --to-latest
"""


def repository(folder: Path, files: int, deploys: int) -> int:
    """Write a repository; return how many violations of REV003 it has. One deploy in ten has one."""
    violations = 0
    for number in range(files):
        service = f"service-{number}"
        wrong = number < deploys and number % 10 == 0
        flag = "--set-env-vars" if wrong else "--update-env-vars"
        violations += wrong
        if number >= deploys:
            path, text = (
                f"package_{number % 40}/module_{number}.py",
                f'"""Module {number}."""\n\nNUMBER = {number}\n' * 20,
            )
        elif number % 3:
            path, text = f"bin/{number % 20}/deploy_{number}.sh", SCRIPT.format(service=service, flag=flag)
        else:
            path, text = f"jobs/{number}/cloudbuild.yaml", BUILD.format(service=service, flag=flag)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for command in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(("git", *command), cwd=folder, check=True)
    return violations


def audited(python: str, folder: Path, *options: str) -> tuple[float, str]:
    """Run the command; return the seconds that it took and its standard output. Raises CalledProcessError."""
    command = (python, "-m", "bot", "audit", *options)
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - began
    if done.returncode not in (0, 1):  # 1 says that there are violations
        raise subprocess.CalledProcessError(done.returncode, command)
    return taken, done.stdout


def measure(python: str, runs: int, files: int = FILES) -> Mapping[str, Any]:
    """Audit a repository so many times, after one that is not counted; all times in seconds."""
    with TemporaryDirectory() as name, TemporaryDirectory() as nothing_else:
        folder = Path(name)
        expected = repository(folder, files, files // DEPLOYING)
        found = json.loads(audited(python, folder, "--rule", "REV003", "--format", "json")[1])
        walls = [audited(python, folder)[0] for _ in range(runs)]
        as_sarif, _ = audited(python, folder, "--format", "sarif")
        repository(Path(nothing_else), files, files)
        all_deploy, _ = audited(python, Path(nothing_else))
    return {
        "walls": walls,
        "sarif": as_sarif,
        "all_deploy": all_deploy,
        "files": files,
        "audited": found["summary"]["files"],
        "missed": abs(expected - found["summary"]["violations"]),
    }


def audit_figures(measured: Mapping[str, Any]) -> Sequence[Figure]:
    """Judge the audit."""
    walls = measured["walls"]
    title = f"Audit of {measured['files']:,} files, {measured['audited']} that deploy"
    return [
        Figure(
            key="audit_median",
            title=f"{title}, median of {len(walls)}",
            value=statistics.median(walls),
            unit="s",
            limit=LIMIT,
        ),
        Figure(key="audit_worst", title="The same, worst", value=max(walls), unit="s", limit=LIMIT),
        Figure(key="audit_all", title="If all of them deployed", value=measured["all_deploy"], unit="s"),
        Figure(key="audit_sarif", title="The same as SARIF", value=measured["sarif"], unit="s"),
        Figure(
            key="audit_missed",
            title="Violations missed, or found where none is",
            value=measured["missed"],
            unit="",
            limit=0,
        ),
    ]
