"""The tutorial, walked from its second step: its data are made, its commands run, and what it promises is found."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bot.playground.slack.server import CHANNEL, SlackServer
from tests.bot.in_process import run
from tests.bot.serving.served import Served, environment, http_variables
from tests.sections import ROOT

PAGE = (ROOT / "docs" / "first-verdict.md").read_text(encoding="utf-8")
ENDS = {"validate": {1}, "backtest": {1}, "init": {0}, "explain": {0}, "doctor": {0, 1}}
SERVES = "serve"
"""It ends when it is told to, and needs a Slack."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> list[tuple[str, ...]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [tuple(shlex.split(line, comments=True)[1:]) for line in lines if line.startswith("reveille ")]


def made(folder: Path) -> Path:
    """Make the data and the first pipeline file as the page says; return the file."""
    (script,) = blocks("python")
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)
    assert run(next(each for each in commands() if each[0] == "init"), folder, {}).returncode == 0
    return folder / "pipeline.yaml"


def failed(folder: Path) -> set[tuple[str, str]]:
    asked = next(each for each in commands() if each[0] == "validate")
    report = json.loads(run((*asked, "--format", "json"), folder, {}).stdout)
    findings = [each for check in report["results"] for each in check["findings"]]
    return {(each["code"], each["subject"]) for each in findings if each["outcome"] == "failed"}


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    (script,) = blocks("python")
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)

    ended = {each: run(each, tmp_path, {}) for each in commands() if each[0] != SERVES}

    assert {each[0] for each in ended} == set(ENDS)
    assert [" ".join(each) for each, end in ended.items() if end.returncode not in ENDS[each[0]]] == []
    assert {code for code, _ in failed(tmp_path)} == {"doubled", "nulls", "odd-values"}

    line, _ = blocks("yaml")
    file = tmp_path / "pipeline.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r" +amount: \{at_least: 0\}.*\n", line, before), encoding="utf-8")
    assert line in file.read_text(encoding="utf-8")
    assert ("odd-values", "main.orders values amount") in failed(tmp_path)


@pytest.mark.slow
def test_the_last_step_finds_all_well_and_tells_slack(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{blocks('yaml')[1]}", encoding="utf-8")
    (doctor,) = (each for each in commands() if each[0] == "doctor")
    (serve,) = (each for each in commands() if each[0] == SERVES)

    with SlackServer() as slack:
        variables = http_variables(slack)
        found = run(doctor, tmp_path, environment(**variables))
        with Served(tmp_path, variables, *serve[1:]) as bot:
            bot.wait_for(slack.messages, "to post the digest")

    assert (found.returncode, "All is well." in found.stdout) == (0, True)
    assert CHANNEL in file.read_text(encoding="utf-8")
    assert "shop" in slack.messages()[0].text
