"""Requests as Slack sends them to an app: slash commands, clicks, events and submitted views, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from bot.playground.slack.workspace import TEAM, PostedMessage, SlackWorkspace

PERSON = "U0PERSON"

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

ACKNOWLEDGED_WITHIN = 3.0
"""Seconds after which Slack shows its own error to the person."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the app answered."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request ready to be sent, once or, as a replay, again."""

    body: bytes
    headers: Mapping[str, str]

    def send(self, url: str, timeout: float = ACKNOWLEDGED_WITHIN) -> Acknowledgement:
        """Send it to an app; raises TimeoutError when it does not acknowledge in time."""
        request = urllib.request.Request(url, data=self.body, headers=dict(self.headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Acknowledgement(answer.status, answer.read().decode())
        except HTTPError as error:
            with error:
                return Acknowledgement(error.code, error.read().decode())


class SignedRequests:
    """Builds requests; ``address`` is the server that takes what is sent to a response_url."""

    def __init__(
        self,
        signing_secret: str,
        address: str,
        workspace: SlackWorkspace,
        timer: Callable[[], datetime] | None = None,
    ) -> None:
        self._secret, self._address, self._workspace = signing_secret, address, workspace
        self._timer = timer or workspace.clock

    def command(self, name: str, text: str = "", *, user: str = PERSON, channel: str = "C0EXAMPLE1") -> SignedRequest:
        """A slash command, ``name`` with its slash."""
        return self.signed(FORM, urlencode({**self._origin(user, channel), "command": name, "text": text}))

    def click(self, message: PostedMessage, action_id: str, value: str = "", *, user: str = PERSON) -> SignedRequest:
        """A click on a button of a message that was posted."""
        return self.act(message, _button(action_id, value), user=user)

    def act(self, message: PostedMessage, action: Mapping[str, Any], *, user: str = PERSON) -> SignedRequest:
        """What somebody did with an element of a message that was posted."""
        shown = {"ts": message.ts, "text": message.text, "blocks": message.blocks, "type": "message"}
        if message.thread_ts is not None:
            shown["thread_ts"] = message.thread_ts
        origin = self._origin(user, message.channel, message.thread_ts)
        return self._interaction(
            "block_actions",
            user,
            actions=[{**action, "action_ts": message.ts}],
            channel={"id": message.channel, "name": "alerts"},
            container={"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            message=shown,
            trigger_id=origin["trigger_id"],
            response_url=origin["response_url"],
        )

    def click_in_view(
        self, view: Mapping[str, Any], action_id: str, value: str = "", *, user: str = PERSON
    ) -> SignedRequest:
        """A click on a button of a modal: no channel, no message, no response address."""
        return self.act_in_view(view, _button(action_id, value), user=user)

    def act_in_view(self, view: Mapping[str, Any], action: Mapping[str, Any], *, user: str = PERSON) -> SignedRequest:
        """What somebody did with an element of a modal or of the home tab."""
        return self._interaction(
            "block_actions",
            user,
            actions=[{**action, "action_ts": "1770000000.000100"}],
            container={"type": "view", "view_id": view["id"]},
            view=dict(view),
            trigger_id=self._origin(user, "")["trigger_id"],
        )

    def shortcut(self, message: PostedMessage, callback_id: str, *, user: str = PERSON) -> SignedRequest:
        """A message shortcut."""
        shown = {
            "ts": message.ts,
            "text": message.text,
            "blocks": message.blocks,
            "thread_ts": message.thread_ts or message.ts,
        }
        origin = self._origin(user, message.channel)
        return self._interaction(
            "message_action",
            user,
            callback_id=callback_id,
            channel={"id": message.channel, "name": "alerts"},
            message={**shown, "type": "message", "metadata": message.metadata},
            message_ts=message.ts,
            trigger_id=origin["trigger_id"],
            response_url=origin["response_url"],
        )

    def submission(self, view: Mapping[str, Any], values: Mapping[str, Any], *, user: str = PERSON) -> SignedRequest:
        """A modal that was sent; ``values`` as in ``view.state.values``."""
        return self._interaction("view_submission", user, view={**view, "state": {"values": values}})

    def suggestion(
        self, view: Mapping[str, Any], action_id: str, block_id: str, value: str, *, user: str = PERSON
    ) -> SignedRequest:
        """What somebody typed into a select whose options the app knows."""
        return self._interaction(
            "block_suggestion", user, action_id=action_id, block_id=block_id, value=value, view=dict(view)
        )

    def event(self, kind: str, *, event_id: str | None = None, **event: Any) -> SignedRequest:
        """An event of the Events API, for example ``app_home_opened`` with ``user=…, tab="home"``."""
        body = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0EXAMPLE",
            "event_id": event_id or f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._workspace.clock().timestamp()),
            "event": {"type": kind, **event},
        }
        return self.signed(JSON, json.dumps(body))

    def signed(self, kind: str, body: str, *, age: float = 0.0) -> SignedRequest:
        """Sign any body; ``age`` in seconds makes the signature old."""
        moment = str(int(self._timer().timestamp() - age))
        digest = hmac.new(self._secret.encode(), f"v0:{moment}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": moment, "X-Slack-Signature": f"v0={digest}"}
        return SignedRequest(body.encode(), headers)

    def _interaction(self, kind: str, user: str, **parts: Any) -> SignedRequest:
        who = {"id": user, "username": "person", "team_id": self._team_of(user)}
        payload = {"type": kind, "user": who, "team": {"id": TEAM}, "api_app_id": "A0EXAMPLE", **parts}
        payload.setdefault("trigger_id", self._workspace.issue_trigger(user))
        return self.signed(FORM, urlencode({"payload": json.dumps(payload)}))

    def _team_of(self, user: str) -> str:
        return str(self._workspace.users.get(user, {}).get("team_id", TEAM))

    def _origin(self, user: str, channel: str, thread_ts: str | None = None) -> dict[str, str]:
        return {
            "team_id": self._team_of(user),
            "user_id": user,
            "user_name": "person",
            "channel_id": channel,
            "channel_name": "alerts",
            "api_app_id": "A0EXAMPLE",
            "trigger_id": self._workspace.issue_trigger(user),
            "response_url": f"{self._address}/response/{self._workspace.issue_response(channel, user, thread_ts)}",
        }


def _button(action_id: str, value: str) -> Mapping[str, Any]:
    return {"type": "button", "action_id": action_id, "block_id": "actions", "value": value}
