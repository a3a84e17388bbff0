"""Tells by its name, and by its first line, in which language a file says what it deploys."""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import fnmatchcase


class FileKind(Enum):
    """What a file is, for the audit."""

    BUILD = "Cloud Build file"
    WORKFLOW = "GitHub workflow"
    MAKEFILE = "Makefile"
    DOCKERFILE = "Dockerfile"
    SCRIPT = "shell script"
    UNMARKED = "file without an ending"
    """It may be a script: its first line, or that it deploys, tells."""
    NEITHER = "neither"


_SHELL_ENDINGS = (".sh", ".bash", ".ksh", ".zsh")
_PROSE = re.compile(r"(readme|license|licence|notice|changelog|changes|authors|notes|todo|codeowners)\b", re.IGNORECASE)
_SHEBANG = re.compile(r"#!\s*\S*?(?:\benv\s+(?:-\S+\s+)*)?\b(?:ba|da|k|z|a)?sh\b")
_MENTION = re.compile(
    r"\bfunctions[\s\\]+deploy\b|\brun[\s\\]+deploy\b|\bservices[\s\\]+(?:replace|update)\b"
    r"|\b(?:jobs|worker-pools)[\s\\]+(?:create|deploy|update)\b"
    r"|\bgcloud[^\n]*\b(?:run|functions)(?:[\s\\]+(?:services|jobs|worker-pools))?[\s\\]+[\"']?\$"
    r"|\bgoogle-github-actions/deploy-cloud(?:run|-functions)\b"
)


_SOURCES = re.compile(r"(?:^[ \t@-]*|[;&|][ \t]*|\brun:[ \t]*[\"']?)(?:source|\.)[ \t]+[\w./\"'$~]", re.MULTILINE)


def kind_by_name(path: str) -> FileKind:
    """Return what a file is by its name, with ``/`` between folders."""
    folder, _, name = path.rpartition("/")
    ending = name[name.rfind(".") :].lower() if "." in name[1:] else ""
    if ending in {".yaml", ".yml"}:
        workflow = folder == ".github/workflows" or folder.endswith("/.github/workflows")
        return FileKind.WORKFLOW if workflow else FileKind.BUILD
    if fnmatchcase(name.lower(), "makefile*") or name == "GNUmakefile" or ending in {".mk", ".make"}:
        return FileKind.MAKEFILE
    if name.startswith(("Dockerfile", "Containerfile")) or ending in {".dockerfile", ".containerfile"}:
        return FileKind.DOCKERFILE
    if ending in _SHELL_ENDINGS:
        return FileKind.SCRIPT
    return FileKind.NEITHER if ending or _PROSE.match(name) else FileKind.UNMARKED


def kind_of(path: str, text: str) -> FileKind:
    by_name = kind_by_name(path)
    if by_name not in {FileKind.UNMARKED, FileKind.NEITHER}:
        return by_name
    if is_shell(text) or (by_name is FileKind.UNMARKED and mentions_deploy(text)):
        return FileKind.SCRIPT
    return FileKind.NEITHER


def is_shell(text: str) -> bool:
    return _SHEBANG.match(text) is not None


def sources_a_file(text: str) -> bool:
    """Whether a shell text reads another file, which may hold what deploys."""
    return _SOURCES.search(text) is not None


def mentions_deploy(text: str) -> bool:
    """Whether the words of a deploy stand somewhere, be it in a comment: reading the file tells more."""
    return _MENTION.search(text) is not None
