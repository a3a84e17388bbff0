"""Every command that a page shows is read by what would run it, and run where it needs no account.

A program that nobody here can ask stands in ``OTHERS`` with the reason; one that stands nowhere fails.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest

from bot import setting_names
from bot.scenarios.scenario import shipped_scenarios
from tests.bot.in_process import run
from tests.sections import ROOT
from tests.typed import Typed, typed, understood

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})


def shown(pages: list[Path]) -> list[Typed]:
    return list(dict.fromkeys(each for page in pages for each in typed(page.read_text(encoding="utf-8"))))


COMMANDS = shown(PAGES)
WALKED = ("audit.md", "extending.md", "first-verdict.md", "repairs.md")
"""Pages that a test of their own walks through."""


def of(program: str) -> list[Typed]:
    return [each for each in COMMANDS if each.program == program]


def _made(words: tuple[str, ...]) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {word for word in words if "=" not in word} <= targets


def _exported(words: tuple[str, ...]) -> None:
    script = set(re.findall(r"\$\{?([A-Z_]+)", (ROOT / "deploy" / "google-cloud.sh").read_text(encoding="utf-8")))
    known = script | {
        str(each) for kind in vars(setting_names).values() if isinstance(kind, type) for each in _members(kind)
    }
    for name in (word.partition("=")[0] for word in words):
        assert name in known or name.startswith("REVEILLE_WEBHOOK_"), name


def _members(kind: Any) -> Iterator[str]:
    yield from getattr(kind, "__members__", {}).values()


@cache
def _gcloud() -> Mapping[str, Any] | None:
    """Return the commands and flags of the Cloud SDK, where it is installed."""
    program = shutil.which("gcloud")
    table = Path(program).resolve().parents[1] / "data/cli/gcloud_completions.py" if program else None
    return run_path(str(table))["STATIC_COMPLETION_CLI_TREE"] if table is not None and table.exists() else None


def _of_gcloud(words: tuple[str, ...]) -> None:
    tree = _gcloud()
    if tree is None:
        pytest.skip("needs the Cloud SDK")
    node, flags = tree, set(tree["flags"])
    for word in words:
        if not node["commands"]:
            break
        assert word in node["commands"], word
        node = node["commands"][word]
        flags |= set(node.get("flags", {}))
    assert {word.partition("=")[0] for word in words if word.startswith("--")} - flags == set()


READERS: Mapping[str, Callable[[tuple[str, ...]], None]] = {
    "reveille": understood,
    "make": _made,
    "export": _exported,
    "gcloud": _of_gcloud,
}
OTHERS = {
    "google-cloud.sh": "the tests of deploy/ run it",
    "docker": "make fresh builds the image and runs it",
    "git": "of everybody's machine",
    "cd": "of the shell",
    "source": "of the shell",
    "bun": "a program of others, as its own page says",
    "sqlite3": "a program of others",
    "jq": "its filters are run below",
}


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_of_the_pages_is_understood(command: Typed) -> None:
    assert command.program in READERS or command.program in OTHERS
    if command.program in READERS:
        READERS[command.program](command.words[1:])


def test_every_program_that_has_a_reader_or_a_reason_is_shown() -> None:
    assert {each.program for each in COMMANDS} == {*READERS, *OTHERS}
    assert len(of("reveille")) > 100


def is_alone(command: Typed) -> bool:
    """Whether a command needs no account, no terminal and no file that the reader would have."""
    words = command.words[1:]
    if words[:1] in (("serve",), ("demo",), ("drill",)) or (words[:1] == ("digest",) and "--dry-run" not in words):
        return False
    on = words[words.index("--scenario") + 1] if "--scenario" in words else ""
    named = [word for word in words if word.startswith("examples/")]
    is_about_code = words[:1] == ("audit",) and any(word.startswith(("--list", "--explain")) for word in words)
    return on in shipped_scenarios() or bool(named) or is_about_code or words in (("scenarios",), ("checks",))


ALONE = [
    each
    for each in shown([page for page in PAGES if page.name not in WALKED])
    if each.program == "reveille" and is_alone(each)
]


@pytest.mark.slow
@pytest.mark.parametrize("command", ALONE, ids=str)
def test_a_command_that_needs_no_account_runs(command: Typed, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    environment = {"HOME": str(tmp_path), "NO_GCE_CHECK": "true", "REVEILLE_STORE": str(tmp_path / "reveille.db")}

    ended = run(command.words[1:], tmp_path, environment)

    assert ended.returncode in (0, 1, 2), ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize("command", of("jq"), ids=str)
def test_a_filter_of_jq_finds_something_in_a_report(command: Typed, tmp_path: Path) -> None:
    report = run(("validate", "--scenario", "invoker-lost", "--format", "json"), tmp_path, {}).stdout

    assert subprocess.run(command.words, input=report, capture_output=True, text=True, check=True).stdout.strip()
