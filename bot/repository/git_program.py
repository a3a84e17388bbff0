"""Starting ``git`` on a clone that is not trusted.

What the configuration of a clone could make git start (hooks, monitors, signature programs, diff drivers, fetches of
missing objects) is switched off, and so is whatever the user has configured. Nothing is asked and nothing is fetched.
"""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

from checks.looks import REPOSITORY
from checks.ports import Problem, SourceError

_LONGEST_SENTENCE = 200

AT_ONCE = max(2, os.cpu_count() or 2)
"""Git computes and does not wait: more of it at once than there are cores only takes them from everything else."""

_DISARMED = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "diff.external=",
    "log.showRoot=true",
    "log.showSignature=false",
    "protocol.allow=never",
)


class GitProgram:
    """Runs git in one folder; ``seconds`` bounds each start. The arguments must not let names pass for options."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._turns = threading.Semaphore(AT_ONCE)

    def run(self, *arguments: str, fails: bool = False) -> str | None:
        """Run git and return what it says; where it ``fails`` with status 1, None. Raises SourceError."""
        path = self._path.resolve()
        if not path.is_dir():
            raise SourceError(
                REPOSITORY,
                Problem.NOT_FOUND,
                "the folder of the clone does not exist",
                advice="Set REVEILLE_REPOSITORY.",
            )
        settings = [word for each in (*_DISARMED, f"safe.directory={path}") for word in ("-c", each)]
        command = ["git", "--no-pager", "--no-replace-objects", "--literal-pathspecs", *settings, *arguments]
        try:
            with self._turns:
                ran = subprocess.run(  # noqa: S603 - a fixed program; names from outside are never options
                    command,
                    cwd=path,
                    env=_environment(path),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=self._seconds,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise SourceError(
                REPOSITORY, Problem.TIMED_OUT, f"git did not answer within {self._seconds:g} s", retryable=True
            ) from None
        except OSError as error:
            raise SourceError(
                REPOSITORY,
                Problem.UNAVAILABLE,
                f"git could not be started: {error.strerror}",
                advice="Install git, or configure GitHub instead of a clone.",
            ) from None
        if ran.returncode == 0:
            return ran.stdout.decode("utf-8", "replace")
        if fails and ran.returncode == 1:
            return None
        raise _refusal(ran.stderr.decode("utf-8", "replace"))


def _environment(path: Path) -> dict[str, str]:
    """Return the whole environment of git: nothing of the user's settings, no question asked, no network."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ASKPASS": "true",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(path.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _refusal(said: str) -> SourceError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    sentence = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "nothing")
    if "not a git repository" in sentence:
        return SourceError(
            REPOSITORY,
            Problem.NOT_FOUND,
            "the folder is not a git repository",
            advice="Set REVEILLE_REPOSITORY to the top folder of a clone.",
        )
    return SourceError(
        REPOSITORY,
        Problem.UNAVAILABLE,
        f"git says: {sentence[:_LONGEST_SENTENCE].removesuffix('.')}",
        advice="Check the clone with 'git fsck'; if it is damaged, clone it anew.",
    )
