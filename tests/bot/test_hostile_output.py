"""Every command that prints, and every format of the audit, with names that would steer the machine of the reader."""

from __future__ import annotations

import json
import os
import subprocess
import unicodedata
from pathlib import Path

import pytest

from bot.cli import reveille
from tests.bot import in_process
from tests.bot.command_tree import commands

HOSTILE = "x\x1b]0;t\x07\r\n::error::forged\u202e\u2066\x9b31m\u2028##[add-mask]y\x85z"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def steering(text: str) -> set[str]:
    """What is left in an output that a terminal obeys; line ends and tabs are how it is written."""
    return {
        repr(char)
        for char in text
        if char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


def obeyed(text: str) -> list[str]:
    """The lines that GitHub Actions would take for commands."""
    return [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line]


def begun(text: str) -> list[str]:
    """The lines that begin as a command does: a format for programs may hold the older kind inside of a text."""
    return [line for line in obeyed(text) if line.lstrip().startswith("::")]


@pytest.mark.parametrize("command", list(commands(reveille)), ids=" ".join)
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((HOSTILE,), id="as an argument"),
        pytest.param(("--pipeline", HOSTILE), id="as a pipeline file"),
        pytest.param((f"--{HOSTILE}",), id="as an option"),
        pytest.param(("--scenario", HOSTILE, "a"), id="as a scenario"),
    ],
)
@pytest.mark.sampled(4)
def test_a_command_that_quotes_what_it_was_given(
    command: tuple[str, ...], arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = in_process.run((*command, *arguments), tmp_path, {**ENVIRONMENT, "REVEILLE_STORE": str(tmp_path / "s.db")})

    assert done.stdout or done.stderr
    assert steering(done.stdout + done.stderr) == set()
    assert obeyed(done.stdout + done.stderr) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Scripts, backups and links whose names and contents are hostile, in a git tree."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    folder = tmp_path / "bin" / HOSTILE
    folder.mkdir(parents=True)
    line = HOSTILE.replace("\n", " ").replace("\r", " ")
    text = f"gcloud run deploy 'a{line}' --set-env-vars=A={line!r} # {line}\necho '{line}'\n"
    (folder / "deploy.sh").write_text(text, encoding="utf-8")
    (folder / "deploy_broken.sh").write_text(f"if [ {line}\n", encoding="utf-8")
    (tmp_path / "bin" / "deploy_link.sh").symlink_to(HOSTILE)
    (folder / f"cloudbuild{line}.yaml").write_text(f"steps:\n- {line}: 1\n", encoding="utf-8")
    ignore = f"# reveille: ignore[{line}] {line}\n# reveille: ignore[REV003]\n"
    (folder / "deploy_ignored.sh").write_text(ignore + "gcloud run deploy a --set-env-vars=A=1\n", encoding="utf-8")
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("shape", ["text", "json", "sarif", "github"])
def test_each_format_of_the_audit(tree: Path, shape: str) -> None:
    done = in_process.run(("audit", "--format", shape), tree, ENVIRONMENT)

    assert done.returncode == 1
    assert steering(done.stdout + done.stderr) == set()
    if shape == "github":
        found = json.loads(in_process.run(("audit", "--format", "json"), tree, ENVIRONMENT).stdout)
        ours = [
            line for line in begun(done.stdout) if line.startswith(("::error file=", "::warning file=", "::notice "))
        ]
        assert ours == begun(done.stdout) == obeyed(done.stdout)
        assert len(ours) == len(found["violations"]) + len(found["skipped"])
    elif shape == "text":
        assert obeyed(done.stdout + done.stderr) == []
    else:
        assert begun(done.stdout) == obeyed(done.stderr) == []


def test_the_exact_names_are_in_the_formats_for_programs(tree: Path) -> None:
    found = json.loads(in_process.run(("audit", "--format", "json"), tree, ENVIRONMENT).stdout)

    assert f"bin/{HOSTILE}/deploy.sh" in found["files"]


def test_the_difference_and_git_still_applies_it(tree: Path) -> None:
    done = in_process.run(("audit", "--diff"), tree, ENVIRONMENT)

    assert steering(done.stdout + done.stderr) == set()
    subprocess.run(["git", "apply", "-"], input=done.stdout, text=True, cwd=tree, check=True)
    assert "--update-env-vars=A=" in (tree / "bin" / HOSTILE / "deploy.sh").read_text(encoding="utf-8")


def test_fixes_and_the_baseline(tree: Path) -> None:
    shown = ""
    for arguments in (
        ("--baseline", HOSTILE, "--write-baseline"), ("--fix", "--yes"), ("--baseline", "not\x1bthere"),
        ("--baseline", HOSTILE),
    ):  # fmt: skip
        done = in_process.run(("audit", *arguments), tree, ENVIRONMENT)
        shown += done.stdout + done.stderr

    assert "Fixed" in shown
    assert steering(shown) == set()
    assert begun(shown) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"x\\e]0;t\\a\\n::error::\\u202e": 1\n', id="a key"),
        pytest.param('project: ["x\\e[31m\\n::error::\\L"]\n', id="a value"),
        pytest.param('invoker: "x\\e[31m\\n::error::\\L"\nproject: a\n', id="a value that is quoted"),
        pytest.param("a: *x\x9b31m\n", id="a broken file"),
        pytest.param("a: !\u202ex 1\n", id="a tag"),
    ],
)
def test_a_check_of_a_pipeline_file(tmp_path: Path, text: str) -> None:
    (tmp_path / HOSTILE).write_text(text, encoding="utf-8")

    for command in (("config", "check"), ("validate",), ("checks",)):
        done = in_process.run((*command, "--pipeline", HOSTILE), tmp_path, ENVIRONMENT)

        assert done.returncode == 3
        assert steering(done.stdout + done.stderr) == set()
        assert obeyed(done.stdout + done.stderr) == []


@pytest.mark.slow
def test_a_pipeline_that_works_and_whose_names_are_hostile(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "bot" / "pipelines" / "nba.yaml").read_text(encoding="utf-8")
    title = next(line for line in shipped.splitlines() if line.startswith("title:"))
    (tmp_path / "a.yaml").write_text(
        shipped.replace(title, 'title: "x\\e]0;t\\a ::error:: \\u202e \\x9b31m"'), encoding="utf-8"
    )

    for command in (
        ("validate", "--scenario", "live-export-key-lost"), ("validate", "--scenario", "healthy-morning", "--full"),
        ("checks",), ("explain", "trigger"), ("validate", "--scenario", "healthy-morning", "--format", "json"),
        ("validate", "--scenario", "healthy-morning", "--format", "blocks"),
    ):  # fmt: skip
        done = in_process.run((*command, "--pipeline", "a.yaml"), tmp_path, ENVIRONMENT)

        assert done.stdout
        assert steering(done.stdout + done.stderr) <= {repr("\u200d")}
