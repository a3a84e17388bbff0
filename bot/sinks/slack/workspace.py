"""The address of the workspace that the bot is in, once Slack has said it."""

from __future__ import annotations

import re

from bot.render.slack_text import ANY_WORKSPACE

_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?/")


class Workspace:
    """Written by whoever asks Slack who the bot is; read from any thread by whoever makes links."""

    def __init__(self) -> None:
        self._address = ANY_WORKSPACE

    def learn(self, url: object) -> None:
        """Take the ``url`` of an answer to ``auth.test`` (https://docs.slack.dev/reference/methods/auth.test); what is
        no address leaves what was known."""
        if isinstance(url, str) and _ADDRESS.fullmatch(url):
            self._address = url

    def address(self) -> str:
        """Return it with a slash at its end; that of any workspace as long as Slack has not answered."""
        return self._address
