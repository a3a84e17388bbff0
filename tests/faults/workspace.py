"""The fake Slack of a fault run, and what a reader of its channel sees in the end."""

from __future__ import annotations

import re
from datetime import datetime

from bot.playground.slack.server import SlackServer
from tests.faults.ledger import Shown
from tests.faults.story import CHANNEL, START

_EDIT = re.compile(r":v\d+$")


class Clock:
    """The one clock of a run; it moves when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def shown(slack: SlackServer) -> list[Shown]:
    """Return every message of the channel; an edit may have given a message its own key, which is taken off again."""
    return [
        Shown(
            key=_EDIT.sub("", message.key or "without a key"),
            channel=message.channel,
            ts=message.ts,
            thread_ts=message.thread_ts,
            text=message.text,
            blocks=message.blocks,
        )
        for message in slack.messages(CHANNEL)
    ]
