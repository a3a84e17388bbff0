"""Every block of a page can be read as what it is: YAML, JSON, Python, shell; what deploys passes our own audit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.bot.audit.in_memory import audit_text
from tests.sections import ROOT
from tests.typed import RULES

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")})
FENCED = re.compile(r"^( *)```([a-z]*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
IGNORED = "reveille: ignore["
"""What shows an ignore breaks the rule that it ignores; tests/bot/audit/test_manual.py holds it to that."""


@dataclass(frozen=True, slots=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def path(self) -> str:
        """A name by which the audit knows what it reads."""
        if self.language != "yaml":
            return "deploy.sh"
        return (
            ".github/workflows/deploy.yml" if re.search("^jobs:|uses:", self.text, re.MULTILINE) else "cloudbuild.yaml"
        )


def blocks(page: Path) -> Iterator[Block]:
    text = RULES.sub(lambda found: "\n" * found[0].count("\n"), page.read_text(encoding="utf-8"))
    for found in FENCED.finditer(text):
        body = re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE)
        yield Block(str(page.relative_to(ROOT)), text.count("\n", 0, found.start()) + 1, found[2], body)


EVERY = [block for page in PAGES for block in blocks(page)]


def of(*languages: str) -> list[Block]:
    return [each for each in EVERY if each.language in languages]


def test_there_are_blocks_of_each_language() -> None:
    assert {each.language for each in EVERY} >= {"yaml", "json", "python", "sh", "console"}


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_yaml_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text) is not None or block.text.startswith("# yaml-language-server")


@pytest.mark.parametrize("block", of("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_python_is_python(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_shell_is_shell() -> None:
    wrong = dict(zip(map(str, of("sh", "")), map(_misread, of("sh", "")), strict=True))

    assert {name: said for name, said in wrong.items() if said} == {}


def _misread(block: Block) -> str:
    return subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("block", [each for each in of("yaml", "sh", "") if "deploy" in each.text], ids=str)
def test_what_deploys_passes_our_own_audit(block: Block) -> None:
    if IGNORED not in block.text:
        assert audit_text(block.path, block.text) == []
