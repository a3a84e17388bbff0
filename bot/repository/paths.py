"""Paths of a pipeline file, as they are inside a repository."""

from __future__ import annotations

from pathlib import PurePosixPath


def normalised(path: str) -> str | None:
    """Return a path relative to the top of the repository, "" for the top itself; None for one that leads out."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\0" in path:
        return None
    return "/".join(parts)
