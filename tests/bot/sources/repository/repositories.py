"""Real git repositories, made by the tests that need them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 2, 1, 12, tzinfo=UTC)


class MadeRepository:
    """A repository with the branch ``main``; each commit is made an hour after the one before."""

    def __init__(self, path: Path, *, bare: bool = False) -> None:
        self.path = path
        self._hours = 0
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))

    def git(self, *arguments: str, at: datetime | None = None) -> str:
        """Run git here, with nothing of the user's settings."""
        moment = (at or START).isoformat()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada Example",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada Example",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
        }
        ran = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    def commit(self, subject: str, files: Mapping[str, str | None], at: datetime | None = None) -> str:
        """Write the files, None deletes one, and commit; return the commit's id."""
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        return self._committed("commit", "--quiet", "--allow-empty", f"--message={subject}", at=at)

    def merge(self, branch: str) -> str:
        """Merge a branch with a commit of its own; return that commit's id."""
        return self._committed("merge", "--quiet", "--no-ff", f"--message=Merge {branch}", branch)

    def clone(self, path: Path, *options: str) -> Path:
        """Clone this repository as a real fetch would; return where."""
        self.git("clone", "--quiet", *options, f"file://{self.path}", str(path))
        return path

    def _committed(self, *arguments: str, at: datetime | None = None) -> str:
        self._hours += 1
        self.git(*arguments, at=at or START + timedelta(hours=self._hours))
        return self.git("rev-parse", "HEAD")
