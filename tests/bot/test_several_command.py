"""The commands of the shell where REVEILLE_PIPELINE names several pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.slack.server import SlackServer
from tests.bot.in_process import run

TINY = "version: 2\nname: {name}\ntitle: The {name}\ntimezone: UTC\nproject: example-project\n"
CHANNELS = {"orders": "C0EXAMPLE1", "stock": "C0EXAMPLE2"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pipelines that ask no source, so that no account is needed."""
    for name, channel in CHANNELS.items():
        notifications = f"notifications: {{routes: {{default: {channel}}}}}\n"
        (tmp_path / f"{name}.yaml").write_text(TINY.format(name=name) + notifications)
    return tmp_path


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(tuple(CHANNELS.values())) as server:
        yield server


def said(folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    ended = run(words, folder, {"REVEILLE_PIPELINE": str(folder), **variables})
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


def test_status_tells_of_all_and_as_json_in_a_list(folder: Path) -> None:
    code, text, _ = said(folder, "status")
    _, document, _ = said(folder, "status", "--json")
    _, one, _ = said(folder, "status", "--json", "--pipeline", "stock")

    assert (code, "The orders" in text, "The stock" in text) == (0, True, True)
    assert [each["pipeline"] for each in json.loads(document)] == ["orders", "stock"]
    assert json.loads(one)["pipeline"] == "stock"


def test_status_tells_of_the_others_where_one_file_is_broken(folder: Path) -> None:
    (folder / "orders.yaml").write_text("version: 2\nname: orders\ntimezone: Nowhere\n")

    code, text, error = said(folder, "status")

    assert (code, "The stock" in text) == (3, True)
    assert "orders.yaml:3" in error


def test_config_check_looks_at_every_file(folder: Path) -> None:
    fine = said(folder, "config", "check")
    (folder / "orders.yaml").write_text("version: 2\nname: orders\ntimezone: Nowhere\n")
    broken = said(folder, "config", "check")
    (folder / "orders.yaml").write_text(TINY.format(name="stock"))
    twice = said(folder, "config", "check")

    assert (fine[0], fine[1].count("is valid")) == (0, 2)
    assert (broken[0], "orders.yaml:3" in broken[2], "stock.yaml is valid" in broken[1]) == (3, True, True)
    assert (twice[0], "a name of its own" in twice[2]) == (3, True)


def test_doctor_says_whose_each_line_is_and_what_is_the_same_once(folder: Path, slack: SlackServer) -> None:
    slack_ = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url, "SLACK_SIGNING_SECRET": "0" * 32}
    (folder / "stock.yaml").write_text("version: 2\nname: stock\ntimezone: Nowhere\n")

    code, text, _ = said(folder, "doctor", **slack_)

    lines = text.splitlines()
    assert code == 1
    assert [line for line in lines if line.startswith("✓ orders: Pipeline file")]
    assert [line for line in lines if line.startswith("✗ stock: Pipeline file") and "stock.yaml:3" in line]
    assert len([line for line in lines if "Clock:" in line]) == 1


def test_slack_check_asks_for_the_channels_of_all(folder: Path, slack: SlackServer) -> None:
    slack.remove_bot(CHANNELS["stock"])
    slack_ = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url, "SLACK_SIGNING_SECRET": "0" * 32}

    code, text, _ = said(folder, "slack", "check", **slack_)

    lines = text.splitlines()
    assert code == 1
    assert [line for line in lines if line.startswith(f"✓ orders, channel {CHANNELS['orders']}")]
    assert [line for line in lines if line.startswith(f"✗ stock, channel {CHANNELS['stock']}")]
    assert len([line for line in lines if line.startswith("✓ token")]) == 1


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"REVEILLE_HEARTBEAT_URL": "https://watcher.example.com/KEY"}, "{pipeline}"),
        ({"REVEILLE_PIPELINE": "today.yaml:stock.yaml"}, "today is called like a word of a command"),
        ({"REVEILLE_PIPELINE": "orders.yaml:copy.yaml"}, "copy.yaml:2"),
        ({"REVEILLE_PIPELINE": "empty"}, "folder without a pipeline file"),
    ],
)
def test_serve_refuses_what_would_mix_them_up(folder: Path, variables: dict[str, str], told: str) -> None:
    (folder / "today.yaml").write_text((folder / "orders.yaml").read_text().replace("name: orders", "name: today"))
    (folder / "copy.yaml").write_text((folder / "orders.yaml").read_text())
    (folder / "empty").mkdir()
    usual = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "0" * 32,
        "REVEILLE_PIPELINE": "orders.yaml:stock.yaml",
    }

    ended = run(("serve",), folder, {**usual, **variables})

    assert (ended.returncode, told in ended.stderr) == (3, True), ended.stderr
