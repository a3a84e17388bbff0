"""A clone names programs wherever git lets it; reading it starts none of them, whoever reads."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.git_program import GitProgram
from bot.sources.audit.live import RepositoryAudit
from bot.sources.repository.git import LocalClone
from checks.source import Problem, SourceError
from tests.bot import in_process
from tests.bot.sources.repository.repositories import START, MadeRepository

PROGRAMS = (
    "core.alternateRefsCommand", "core.askPass", "core.editor", "core.fsmonitor", "core.gitProxy", "core.pager",
    "core.sshCommand", "credential.helper", "diff.evil.command", "diff.evil.textconv", "diff.external",
    "diff.tool", "difftool.evil.cmd", "filter.evil.clean", "filter.evil.process", "filter.evil.smudge",
    "gpg.program", "gpg.ssh.defaultKeyCommand", "gpg.ssh.program", "gpg.x509.program", "interactive.diffFilter",
    "merge.evil.driver", "pager.for-each-ref", "pager.log", "pager.ls-files", "pager.ls-tree", "pager.rev-parse",
    "remote.origin.receivepack", "remote.origin.uploadpack", "sequence.editor", "trailer.evil.command",
    "uploadpack.packObjectsHook",
)  # fmt: skip
"""Keys whose value is a program."""

SHELL_WORDS = (
    "alias.for-each-ref", "alias.log", "alias.ls-files", "alias.ls-tree", "alias.rev-parse",
    "submodule.sub.update",
)  # fmt: skip
"""Keys whose value is a shell command after an exclamation mark."""


@dataclass(frozen=True)
class Hostile:
    """A repository, a program that leaves a trace when it is started, and the trace."""

    made: MadeRepository
    program: Path
    trace: Path

    @property
    def started(self) -> str:
        return self.trace.read_text() if self.trace.exists() else ""


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    trace, program = tmp_path / "started", tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {trace}\nexit 1\n')
    program.chmod(0o755)
    made = MadeRepository(tmp_path / "made")
    made.commit("first", {"bin/deploy.sh": "gcloud run deploy a\n", ".gitattributes": "* diff=evil filter=evil\n"})
    made.commit("second", {"bin/deploy.sh": "gcloud run deploy a --set-env-vars=A=1\n", "deep/er/file": "1"})
    return Hostile(made, program, trace)


def readers(path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything in the product that reads a clone: what validate, /drift, builds, the digest and the audit ask."""
    clone = LocalClone(path, "main")
    yield "head", clone.head
    yield "since", lambda: clone.since(_first(path))
    yield "after", lambda: clone.after(START - timedelta(days=1))
    yield "exists", lambda: clone.exists("deep/er")
    yield "listed_files", GitProgram(path, 10).listed_files
    yield "violations", RepositoryAudit(path).violations
    for words in (("audit",), ("audit", "--format", "json"), ("audit", "--diff"), ("audit", "--fix", "--yes")):
        yield " ".join(words), partial(in_process.run, words, path, {"PATH": os.environ["PATH"]})


def _first(path: Path) -> str:
    return (path / "first-commit").read_text() if (path / "first-commit").exists() else "0" * 40


def read_all(path: Path) -> dict[str, SourceError | None]:
    said: dict[str, SourceError | None] = {}
    for name, read in readers(path):
        said[name] = None
        try:
            read()
        except SourceError as error:
            said[name] = error
    return said


@pytest.mark.parametrize("key", PROGRAMS + SHELL_WORDS)
@pytest.mark.sampled(4)
def test_no_program_that_a_key_names_is_started(hostile: Hostile, key: str) -> None:
    first = hostile.made.git("rev-parse", "HEAD~1")
    (hostile.made.path / "first-commit").write_text(first)
    hostile.made.git("config", key, f"!{hostile.program}" if key in SHELL_WORDS else str(hostile.program))

    said = read_all(hostile.made.path)

    assert set(said.values()) == {None}
    assert hostile.started == ""


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"core.hooksPath": "HOOKS"}, id="a folder of hooks"),
        pytest.param({"include.path": "INCLUDED"}, id="an included file"),
        pytest.param({"includeIf.gitdir:**.path": "INCLUDED"}, id="a file included under a condition"),
        pytest.param({"core.worktree": "/", "core.fsmonitor": "PROGRAM"}, id="another work tree"),
        pytest.param({"log.showSignature": "true", "gpg.program": "PROGRAM"}, id="signatures"),
        pytest.param({"core.fsmonitor": "true", "core.untrackedCache": "true"}, id="a daemon that watches"),
        pytest.param({"diff.submodule": "log", "submodule.recurse": "true"}, id="submodules"),
    ],
)
def test_no_program_is_started_by_keys_that_work_together(hostile: Hostile, settings: dict[str, str]) -> None:
    hooks, included = hostile.made.path / "hooks", hostile.made.path / "included"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(hostile.program)
        (hostile.made.path / ".git" / "hooks").mkdir(exist_ok=True)
        (hostile.made.path / ".git" / "hooks" / hook).symlink_to(hostile.program)
    included.write_text(f"[core]\n\tfsmonitor = {hostile.program}\n\tpager = {hostile.program}\n")
    places = {"HOOKS": str(hooks), "INCLUDED": str(included), "PROGRAM": str(hostile.program)}
    for key, value in settings.items():
        hostile.made.git("config", key, places.get(value, value))

    read_all(hostile.made.path)

    assert hostile.started == ""
    listed = GitProgram(hostile.made.path, 10).listed_files()
    assert ("bin/deploy.sh", True) in listed


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"url": "ext::PROGRAM"}, id="a program as address"),
        pytest.param({"url": "file:///nowhere", "uploadpack": "PROGRAM"}, id="a program at the other end"),
        pytest.param({"url": "example.com:a", "vcs": "evil"}, id="a helper of its own"),
        pytest.param({"url": "ssh://example.invalid/a"}, id="ssh"),
        pytest.param({"url": "git://127.0.0.1:1/a"}, id="git's protocol"),
        pytest.param({"url": "http://127.0.0.1:1/a"}, id="http"),
    ],
)
def test_a_missing_object_is_said_in_one_sentence_and_never_fetched(
    hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    made = partial_clone(hostile, settings)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git-remote-evil").symlink_to(hostile.program)
    (tmp_path / "bin" / "ssh").symlink_to(hostile.program)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    said = read_all(made.path)

    assert hostile.started == ""
    lacking = {name: error for name, error in said.items() if error is not None}
    assert {"head", "listed_files"} <= lacking.keys()
    for error in lacking.values():
        assert error.problem is Problem.UNAVAILABLE
        assert "lacks objects" in error.detail
        assert "\n" not in error.detail


def test_an_audit_says_that_it_could_not_ask_git_and_goes_on(hostile: Hostile) -> None:
    made = partial_clone(hostile, {"url": "ext::PROGRAM"})

    shown = in_process.run(("audit",), made.path, {"PATH": os.environ["PATH"]}).stdout

    assert "bin/deploy.sh" in shown
    assert "Skipped: .git cannot be read (the clone lacks objects" in " ".join(shown.split())


def test_git_itself_would_have_started_them(hostile: Hostile) -> None:
    """Else the tests above would prove nothing."""
    made = partial_clone(hostile, {"url": "ext::PROGRAM"})
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}

    subprocess.run(["git", "ls-files", "-c", "-o"], cwd=made.path, env=environment, capture_output=True, check=False)

    assert hostile.started


def partial_clone(hostile: Hostile, settings: dict[str, str]) -> MadeRepository:
    """A partial clone with a sparse index that lacks one folder, and a remote that promises to have it."""
    made = hostile.made
    made.git("sparse-checkout", "init", "--cone", "--sparse-index")
    made.git("sparse-checkout", "set", "bin")
    tree = made.git("rev-parse", "HEAD:deep")
    (made.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    for key, value in (
        ("core.repositoryformatversion", "1"), ("extensions.partialClone", "origin"), ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"), ("remote.origin.promisor", "true"),
        ("core.sshCommand", str(hostile.program)), ("core.gitProxy", str(hostile.program)),
        *((f"remote.origin.{name}", value) for name, value in settings.items()),
    ):  # fmt: skip
        made.git("config", key, value.replace("PROGRAM", str(hostile.program)))
    return made


def test_a_git_file_that_points_elsewhere_starts_nothing_there(hostile: Hostile, tmp_path: Path) -> None:
    hostile.made.git("config", "core.fsmonitor", str(hostile.program))
    pointing = tmp_path / "pointing"
    pointing.mkdir()
    (pointing / ".git").write_text(f"gitdir: {hostile.made.path / '.git'}\n")

    read_all(pointing)

    assert hostile.started == ""


def test_a_program_named_git_in_the_clone_is_not_git(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    (hostile.made.path / "git").symlink_to(hostile.program)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")

    LocalClone(hostile.made.path, "main").head()

    assert hostile.started == ""


def test_the_users_own_settings_count_as_little_as_the_clones(
    hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {hostile.program}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hostile.program))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(hostile.program))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))

    read_all(hostile.made.path)

    assert hostile.started == ""


class TestBounds:
    def test_an_answer_at_the_limit_is_read(self, hostile: Hostile) -> None:
        whole = GitProgram(hostile.made.path, 10).run("rev-parse", "HEAD") or ""

        assert GitProgram(hostile.made.path, 10, most_bytes=len(whole)).run("rev-parse", "HEAD") == whole

    def test_an_answer_just_past_it_is_refused(self, hostile: Hostile) -> None:
        whole = GitProgram(hostile.made.path, 10).run("rev-parse", "HEAD") or ""

        with pytest.raises(SourceError) as raised:
            GitProgram(hostile.made.path, 10, most_bytes=len(whole) - 1).run("rev-parse", "HEAD")

        assert raised.value.problem is Problem.UNAVAILABLE

    def test_what_git_started_ends_with_it(
        self, hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow, held = tmp_path / "bin" / "git", tmp_path / "held"
        slow.parent.mkdir()
        slow.write_text(f"#!/bin/sh\nexec 9> {held}\n/bin/sleep 60 &\necho started >&9\nwait\n")
        slow.chmod(0o755)
        os.mkfifo(held)
        reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
        monkeypatch.setenv("PATH", str(slow.parent))

        with pytest.raises(SourceError) as raised:
            GitProgram(hostile.made.path, 2).run("log")

        assert raised.value.problem is Problem.TIMED_OUT
        # The pipe ends when the last process that holds it has ended.
        assert said_until_its_end(reader) == b"started\n"


def said_until_its_end(reader: int) -> bytes:
    said = b""
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], 20)[0]:
            piece = pipe.read(100)
            if not piece:
                return said
            said += piece
    raise AssertionError("somebody still holds the pipe")
