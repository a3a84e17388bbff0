"""Whether Slack lets the bot in, asked before there is anything to say: a token that was revoked in summer must not be
found out by the first alert of autumn. Nothing is posted for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery.poster import Trouble
from bot.delivery.slack_errors import TROUBLES, remedy
from bot.delivery.workspace import Workspace

REFUSED_AGAIN = timedelta(minutes=1)
"""Whoever has repaired what was wrong sees so soon."""
LET_IN_AGAIN = timedelta(minutes=30)
OUT_OF_REACH = timedelta(minutes=1)

_REFUSING = frozenset({Trouble.APP, Trouble.CHANNEL})
_logger = logging.getLogger(__name__)


class SlackAccess:
    """Asks Slack who the bot is, and for a message of each channel that the pipeline file names: what it refuses to
    show, it refuses to take. ``channels`` begin with the default one. A change is logged once.
    ``workspace`` learns its address."""

    def __init__(self, client: WebClient, channels: Sequence[str], workspace: Workspace | None = None) -> None:
        self._client = client
        self._workspace = workspace or Workspace()
        self._channels = tuple(dict.fromkeys(channels))
        self._found: dict[str, str] = {}
        """Why Slack refuses, by channel; an empty one stands for the bot itself."""

    def run(self, stopping: threading.Event) -> None:
        """Look, now and then, until told to stop."""
        while not stopping.wait(self.look().total_seconds()):
            pass

    def look(self) -> timedelta:
        """Look once; return after which time to look again. A Slack that does not answer refuses nothing."""
        try:
            found = self._refusals()
        except (OSError, HTTPException, ValueError) as error:
            _logger.warning("Slack cannot be asked whether it lets the bot in: %s", type(error).__name__)
            return OUT_OF_REACH
        for place, code in found.items():
            if self._found.get(place) != code:
                _logger.error("%s. %s", _sentence(place, code), remedy(code))
        for place in self._found.keys() - found.keys():
            _logger.info("Slack lets the bot in again: %s", place or "its token works")
        self._found = found
        return REFUSED_AGAIN if found else LET_IN_AGAIN

    def problems(self) -> Mapping[str, str]:
        """Return what only a person can repair. A channel beside the default one is no reason to be out of service: its
        messages go to the default channel."""
        found, default = self._found, self._channels[0]
        if code := found.get(""):
            return {"slack": f"refuses the bot ({code}). {remedy(code)}"}
        if code := found.get(default):
            return {"default channel": f"{default} does not take messages ({code}). {remedy(code)}"}
        return {}

    def _refusals(self) -> dict[str, str]:
        if code := self._refusal(""):
            return {"": code}
        return {channel: code for channel in self._channels if (code := self._refusal(channel))}

    def _refusal(self, channel: str) -> str | None:
        """Return the code with which Slack refuses, None where it does not or cannot say now. Raises OSError."""
        try:
            if channel:
                self._client.conversations_history(channel=channel, limit=1)
            else:
                self._workspace.learn(self._client.auth_test().get("url"))
        except SlackApiError as error:
            code = str(error.response.get("error") or "")
            return code if TROUBLES.get(code) in _REFUSING else None
        return None


def _sentence(channel: str, code: str) -> str:
    return f"Slack does not let the bot into {channel} ({code})" if channel else f"Slack refuses the bot ({code})"
