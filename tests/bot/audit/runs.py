"""The command on trees that the tests write, in this process or on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bot import in_process
from tests.servers import forked

ROOT = Path(__file__).parents[3]
PATIENCE = 30
"""Seconds until a process that should have answered counts as hanging."""

WIPES = "gcloud run deploy live-export --source=. --set-env-vars=GCP_PROJECT=example-project\n"
FIXED = WIPES.replace("--set-env-vars", "--update-env-vars")


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    return folder


def environment(**variables: str) -> Mapping[str, str]:
    """Nothing of the developer's own settings or colours."""
    kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT), **variables}


def audit(cwd: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return in_process.run(("audit", *arguments), cwd, environment(**variables))


def audit_process(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, where that is the point."""
    return forked.run("bot", "audit", *arguments, cwd=cwd, env=environment(), timeout=PATIENCE)


def audit_on_a_terminal(cwd: Path, *arguments: str, answer: str, **variables: str) -> tuple[int, str]:
    """Run on a terminal and type an answer when a question is asked; return the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "audit", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=environment(TERM="xterm", **variables),
    ) as process:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                shown += os.read(ours, 4096)
            except OSError:  # Linux says so when the other end is closed
                break
            if answer and b"[y/N]" in shown:
                os.write(ours, f"{answer}\n".encode())
                answer = ""
        code = process.wait(timeout=PATIENCE)
    os.close(ours)
    return code, shown.decode()
