"""The workspace as somebody sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.playground.people import ALEX, CHANNEL
from bot.playground.shown import Shown
from bot.playground.slack.workspace import SlackWorkspace
from tests.pipelines.nba_world import NBA

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


@pytest.fixture
def workspace() -> SlackWorkspace:
    return SlackWorkspace(lambda: NOW, [CHANNEL])


def share(workspace: SlackWorkspace, name: str, thread_ts: str | None) -> None:
    offered = workspace.offer_upload({"filename": name, "length": 1, "alt_txt": "Words"}, "")
    workspace.upload(offered["file_id"], b"x")
    about: dict[str, Any] = {"files": [{"id": offered["file_id"], "title": name}], "channel_id": CHANNEL}
    workspace.complete_upload({**about, "thread_ts": thread_ts})


def read(workspace: SlackWorkspace) -> list[str]:
    """What stands in the channel, from above."""
    html = Shown(workspace, ALEX.id, NBA.zone).channel_html(CHANNEL)
    return re.findall(r"first|second|\d repl[a-z]+|one\.png(?=<)|more\.txt(?=<)", html)


def test_a_file_stands_at_its_place_in_the_thread(workspace: SlackWorkspace) -> None:
    parent = workspace.say(ALEX.id, CHANNEL, "A digest")
    workspace.say(ALEX.id, CHANNEL, "first", parent.ts)
    share(workspace, "one.png", parent.ts)
    workspace.say(ALEX.id, CHANNEL, "second", parent.ts)

    assert read(workspace) == ["3 replies", "first", "one.png", "second"]


def test_a_file_for_the_channel_stands_in_it(workspace: SlackWorkspace) -> None:
    workspace.say(ALEX.id, CHANNEL, "first")
    share(workspace, "more.txt", None)

    assert read(workspace) == ["first", "more.txt"]


def test_the_history_of_the_channel_has_its_files(workspace: SlackWorkspace) -> None:
    share(workspace, "one.png", None)

    (message,) = workspace.history({"channel": CHANNEL})["messages"]
    assert [each["name"] for each in message["files"]] == ["one.png"]
