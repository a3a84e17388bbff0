"""Answers that only the one who asked can see."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.render.limits import FALLBACK_TEXT
from bot.render.pages import Block
from bot.sinks.slack.transport import ResponseAddress
from handlers.patience import patiently

log = logging.getLogger(__name__)

SECONDS = 10
"""How long an answer to a response address may take."""

OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateReply:
    """Says something to one user, by the first way that works: the response address of what they did, an
    ephemeral message in the channel, a direct message."""

    client: WebClient
    user: str
    response_url: str | None = None
    channel: str | None = None
    thread: str | None = None
    team: str = ""
    """The workspace that they acted for, as the request says."""
    sleep: Callable[[float], None] = time.sleep
    """Waits so many seconds until a call is made again."""

    @classmethod
    def to(cls, client: WebClient, body: Mapping[str, Any]) -> Self:
        """Read from a payload of Slack whom to answer and how."""
        user = body.get("user") or {}
        channel = body.get("channel") or {}
        message = body.get("message") or {}
        return cls(
            client=client,
            user=str(body.get("user_id") or user.get("id") or ""),
            response_url=body.get("response_url") or None,
            channel=body.get("channel_id") or channel.get("id") or None,
            thread=message.get("thread_ts"),
            team=str(user.get("team_id") or body.get("team_id") or (body.get("team") or {}).get("id") or ""),
        )

    def say(self, text: str, blocks: Sequence[Block] = ()) -> bool:
        """Say it; ``text`` is in Slack's markup. False, and a line in the log that says why, when no way works."""
        text = text[:FALLBACK_TEXT]
        ways = (self._respond, self._ephemeral, self._direct)
        refusals: list[str] = []
        # Blocks that Slack does not take leave the words.
        for shown in (blocks, ()) if blocks else ((),):
            for way in ways:
                refusal = way(text, shown)
                if refusal is None:
                    return True
                refusals.append(refusal)
        log.warning("a private answer reached nobody: %s", ", ".join(dict.fromkeys(filter(None, refusals))))
        return False

    def _respond(self, text: str, blocks: Sequence[Block]) -> str | None:
        """Return why it was not said, None when it was; nothing where there is no such way. So do the others."""
        if self.response_url is None:
            return ""
        try:
            answer = ResponseAddress(self.response_url, timeout=SECONDS).send(
                text=text,
                blocks=[dict(block) for block in blocks] or None,
                response_type="ephemeral",
                replace_original=False,
            )
        except (SlackClientError, OSError, ValueError) as error:
            return type(error).__name__
        # A used-up address answers 404, and a wrong one 200 with the error in its body.
        return f"HTTP {answer.status_code}" if answer.status_code != OK else _refusal(answer.body)

    def _ephemeral(self, text: str, blocks: Sequence[Block]) -> str | None:
        channel = self.channel
        if channel is None:
            return ""
        return self._sent(
            lambda: self.client.chat_postEphemeral(
                channel=channel, user=self.user, text=text, blocks=list(blocks) or None, thread_ts=self.thread
            )
        )

    def _direct(self, text: str, blocks: Sequence[Block]) -> str | None:
        # The last way. That somebody reads a private answer twice is better than that nobody reads it.
        return self._sent(
            lambda: self.client.chat_postMessage(channel=self.user, text=text, blocks=list(blocks) or None),
            repeatable=True,
        )

    def _sent(self, call: Any, *, repeatable: bool = False) -> str | None:
        try:
            patiently(call, repeatable=repeatable, sleep=self.sleep)
        except SlackApiError as error:
            return str(error.response.get("error") or type(error).__name__)
        except (SlackClientError, OSError) as error:
            return type(error).__name__
        return None


def _refusal(body: str | None) -> str | None:
    try:
        answer = json.loads(body or "")
    except ValueError:
        return None
    return str(answer.get("error")) if isinstance(answer, dict) and answer.get("ok") is False else None
