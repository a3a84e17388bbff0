"""The one door to ``git``: how a clone that is not trusted is read.

What the configuration of a clone could make git start (hooks, monitors, signature programs, diff drivers, fetches of
missing objects) is switched off, and so is whatever the user and the environment have configured. Nothing is asked,
fetched or written. No other module starts git.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.audit.discovery import ListingError
from checks.ports.repository import REPOSITORY
from checks.source import Problem, SourceError

LISTING_SECONDS = 20
"""What listing the files of a clone may take."""

_LONGEST_SENTENCE = 200

AT_ONCE = max(2, os.cpu_count() or 2)
"""Git computes and does not wait: more of it at once than there are cores only takes them from everything else."""

MOST_BYTES = 64_000_000
"""The longest answer that is read: the names of half a million files, far above any real clone."""

_PIECE = 1 << 16

_DISARMED = (
    "core.alternateRefsCommand=true",
    "core.askPass=true",
    "core.attributesFile=/dev/null",
    "core.editor=true",
    "core.excludesFile=/dev/null",
    "core.fsmonitor=false",
    "core.gitProxy=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.quotePath=false",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "diff.submodule=short",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "gpg.program=false",
    "i18n.logOutputEncoding=UTF-8",
    "log.mailmap=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "maintenance.auto=false",
    "protocol.allow=never",
    "submodule.recurse=false",
    "uploadpack.packObjectsHook=",
)
"""What a clone may set, and what holds instead. Aliases need no place here: they never replace git's own commands."""

_LACKS_OBJECTS = re.compile(
    r"promisor|lazy fetch|transport '[^']*' not allowed|unable to (?:read|parse)|could not (?:read|parse)|bad object",
    re.IGNORECASE,
)
"""How git's versions word that an object is missing, with or without an attempt to fetch it."""


_UNOPENED = re.compile(r"could not open directory '(.*?)/?':")


@dataclass(frozen=True, slots=True)
class _Ended:
    """How git ended, and all that it said."""

    status: int
    stdout: bytes
    stderr: bytes

    def answer(self) -> bytes:
        """Return what git answered. Raises SourceError, also where git ended well and lacked objects on the way."""
        said = self.stderr.decode("utf-8", "replace")
        if self.status or _lacks_objects(said):
            raise _refusal(said)
        return self.stdout


class GitProgram:
    """Runs git in one folder; ``seconds`` bounds each start, ``most_bytes`` each answer.

    The arguments must not let names pass for options.
    """

    def __init__(self, path: Path, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._turns = threading.Semaphore(AT_ONCE)

    def run(self, *arguments: str, fails: bool = False) -> str | None:
        """Run git and return what it says; where it ``fails`` with status 1, None. Raises SourceError."""
        ended = self._ended(arguments)
        if fails and ended.status == 1:
            return None
        return ended.answer().decode("utf-8", "replace")

    def listed_files(self, unopened: list[str] | None = None) -> list[tuple[str, bool]]:
        """Return every file of the work tree that is not ignored, with whether it is tracked. Raises SourceError.

        The work tree is this folder, whatever the clone's configuration says. Folders that git could not open, and
        lists nothing of, are added to ``unopened``.
        """
        ended = self._ended(("--work-tree=.", "ls-files", "-z", "-t", "-c", "-o", "--exclude-standard"))
        if unopened is not None:
            unopened += _UNOPENED.findall(ended.stderr.decode("utf-8", "replace"))
        entries = os.fsdecode(ended.answer()).split("\0")
        return [(entry[2:], not entry.startswith("?")) for entry in entries if len(entry) > 2]  # noqa: PLR2004 - tag, blank

    def _ended(self, arguments: tuple[str, ...]) -> _Ended:
        path = self._path.resolve()
        if not path.is_dir():
            raise SourceError(
                REPOSITORY,
                Problem.NOT_FOUND,
                "the folder of the clone does not exist",
                advice="Set REVEILLE_REPOSITORY.",
            )
        settings = [word for each in (*_DISARMED, f"safe.directory={path}") for word in ("-c", each)]
        options = ["--no-pager", "--no-replace-objects", "--literal-pathspecs", *settings]
        try:
            with self._turns:
                return _run([_program(), *options, *arguments], path, self._seconds, self._most_bytes)
        except TimeoutError:
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


def _search_path() -> str:
    """Return the folders in which programs are searched; a relative one would be a folder of the clone."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


def _program() -> str:
    found = shutil.which("git", path=_search_path())
    if found is None:
        raise FileNotFoundError(2, os.strerror(2))
    return found


def _run(command: list[str], path: Path, seconds: float, most_bytes: int) -> _Ended:
    """Run to the end, or until it took too long or said too much. Raises TimeoutError, OSError and SourceError."""
    process = subprocess.Popen(  # noqa: S603 - a fixed program; names from outside are never options
        command,
        cwd=path,
        env=_environment(path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = _read(process, time.monotonic() + seconds, most_bytes)
            return _Ended(process.wait(), stdout, stderr)
        finally:
            if process.poll() is None:
                # Whatever git may have started goes with it.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _read(process: subprocess.Popen[bytes], deadline: float, most_bytes: int) -> tuple[bytes, bytes]:
    said: dict[int, bytearray] = {}
    with selectors.DefaultSelector() as open_pipes:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                open_pipes.register(pipe, selectors.EVENT_READ)
                said[pipe.fileno()] = bytearray()
        while open_pipes.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in open_pipes.select(left):
                piece = os.read(key.fd, _PIECE)
                said[key.fd] += piece
                if not piece:
                    open_pipes.unregister(key.fileobj)
                elif sum(map(len, said.values())) > most_bytes:
                    raise SourceError(
                        REPOSITORY,
                        Problem.UNAVAILABLE,
                        f"git's answer is longer than {most_bytes:,} bytes",
                        advice="Check that the folder is the clone of the pipeline and nothing larger.",
                    )
    stdout, stderr = said.values()
    return bytes(stdout), bytes(stderr)


def _environment(path: Path) -> dict[str, str]:
    """Return the whole environment of git: nothing of the user's settings, no question asked, no network."""
    return {
        "PATH": _search_path(),
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ASKPASS": "true",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(path.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _lacks_objects(said: str) -> bool:
    return any(_LACKS_OBJECTS.search(line) for line in said.splitlines() if line.startswith(("fatal:", "error:")))


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
    if _lacks_objects(said):
        return SourceError(
            REPOSITORY,
            Problem.UNAVAILABLE,
            "the clone lacks objects that this needs, and nothing is fetched while a clone is read",
            advice="Clone it in full, without --filter; check it with 'git fsck'.",
        )
    return SourceError(
        REPOSITORY,
        Problem.UNAVAILABLE,
        f"git says: {sentence[:_LONGEST_SENTENCE].removesuffix('.')}",
        advice="Check the clone with 'git fsck'; if it is damaged, clone it again.",
    )


def git_files(top: Path, unopened: list[str]) -> Sequence[tuple[str, bool]]:
    """List the files of the clone at ``top`` for the audit. Raises ListingError."""
    try:
        return GitProgram(top, LISTING_SECONDS).listed_files(unopened)
    except SourceError as error:
        raise ListingError(error.detail) from error
