"""What must be done through one door alone: a second one would lack what the first one guards against."""

from __future__ import annotations

import ast

import pytest

from tests.modules import READS_MODULES, parsed

MAY_START_PROGRAMS = {
    "bot/git_program.py",  # git, on clones that are not trusted
    "bot/commands/staging_proof.py",  # the command that somebody asks 'staging prove run' to run
}
STARTERS = ("subprocess", "pty", "asyncio.subprocess", "multiprocessing", "_posixsubprocess")
STARTING = (
    "create_subprocess_exec", "create_subprocess_shell", "execl", "execv", "execve", "execvp", "fork", "forkpty",
    "popen", "posix_spawn", "posix_spawnp", "spawnl", "spawnv", "spawnvp", "startfile", "system",
)  # fmt: skip


def starts_programs(module: ast.Module) -> bool:
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names) if any(each.name in STARTERS for each in names):
                return True
            case ast.ImportFrom(module=source, names=names) if source in STARTERS or (
                source in {"os", "asyncio"} and any(each.name in STARTING for each in names)
            ):
                return True
            case ast.Attribute(value=ast.Name(id="os" | "asyncio"), attr=attr) if attr in STARTING:
                return True
            case _:
                pass
    return False


@READS_MODULES
def test_programs_are_started_by_the_modules_that_are_listed_and_by_no_other() -> None:
    assert {path for path, module in parsed().items() if starts_programs(module)} == MAY_START_PROGRAMS


@pytest.mark.parametrize(
    "source",
    ["import subprocess", "import subprocess as s", "from subprocess import run", "import os\nos.system('git')",
     "from os import popen", "import asyncio\nasyncio.create_subprocess_exec('git')"],
)  # fmt: skip
def test_a_module_that_starts_a_program_is_noticed(source: str) -> None:
    assert starts_programs(ast.parse(source))


def prints(module: ast.Module) -> bool:
    """Whether a module prints by itself what it did not make harmless."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="click"), attr=attr)) if attr in PRINTING:
                return True
            case _:
                pass
    return False


PRINTING = ("echo", "secho", "confirm", "prompt", "echo_via_pager")


@READS_MODULES
def test_what_the_shell_prints_goes_through_the_module_that_makes_it_harmless() -> None:
    assert {path for path, module in parsed().items() if prints(module)} == {"bot/commands/output.py"}
