"""Whether Slack lets the bot in, asked before there is anything to say: a token that was revoked in summer must not be
found out by the first alert of autumn. Nothing is posted for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.delivery.troubles import Trouble
from bot.sinks.slack.errors import TROUBLES, remedy
from bot.sinks.slack.workspace import Workspace

REFUSED_AGAIN = timedelta(minutes=1)
"""Whoever has repaired what was wrong sees so soon."""
LET_IN_AGAIN = timedelta(minutes=30)
OUT_OF_REACH = timedelta(minutes=1)

WRITES = "chat:write"
SCOPES: Mapping[str, str] = {
    WRITES: "nothing can be posted",
    "users:read": "nobody may press a button",
    "commands": "slash commands do not arrive",
    "channels:history": "a message may come twice in a public channel",
    "groups:history": "a message may come twice in a private channel",
    "files:write": "reports of incidents come without their file, digests without their pictures",
    "usergroups:read": "user groups of the pipeline file let nobody in",
    "app_mentions:read": "mentions are not answered",
    "im:history": "direct messages are not answered",
}
"""The scopes of the app's manifest, and what does not work without each. Only without the first nothing works."""

UNNAMED = "Slack does not name those of this token"

_POSTS_ANYWHERE = "chat:write.public"
_READ_CHANNELS = frozenset({"channels:read", "groups:read"})
"""Neither is asked for; an app that has one can be told that a channel is archived, which its history does not say."""

_REFUSING = frozenset({Trouble.APP, Trouble.CHANNEL})
_MISSING, _ARCHIVED = "missing_scope", "is_archived"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What Slack answered. ``app`` is the code with which it refuses the bot, ``channels`` those of channels;
    ``missing`` are scopes that the app was not given, None where Slack does not name those it was given. ``unsaid`` are
    codes with which Slack says neither yes nor no: of the token under "", of channels by their IDs. ``url`` is the
    address of the workspace."""

    default: str
    app: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    missing: Sequence[str] | None = ()
    unsaid: Mapping[str, str] = field(default_factory=dict)
    url: object = None
    name: str = ""
    """Who the bot is, and in which workspace."""

    def problems(self) -> Mapping[str, str]:
        """Return what only a person can repair. A channel beside the default one is no reason to be out of service: its
        messages go to the default channel."""
        if self.app == _MISSING:
            names = ", ".join(self.missing or ())
            return {"slack": f"has not given the bot the scopes that it needs ({names}). {remedy(_MISSING)}"}
        if self.app:
            return {"slack": f"refuses the bot ({self.app}). {remedy(self.app)}"}
        if code := self.channels.get(self.default):
            return {"default channel": f"{self.default} does not take messages ({code}). {remedy(code)}"}
        return {}

    def complaints(self) -> Mapping[str, str]:
        """Return a sentence about everything that was refused, each by what it is about."""
        if self.app and self.app != _MISSING:
            return {"its token": f"Slack refuses the bot ({self.app}). {remedy(self.app)}"}
        scopes = {
            each: f"The Slack app lacks the scope {each}: {SCOPES[each]}. {remedy(_MISSING)}"
            for each in self.missing or ()
        }
        channels = {
            each: f"Slack does not let the bot into {each} ({code}). {remedy(code)}"
            for each, code in self.channels.items()
        }
        return scopes | channels

    def doubts(self) -> Mapping[str, str]:
        """Return a sentence about everything of which Slack did not say how it is, each by what it is about."""
        scopes = {"scopes": f"The scopes of the Slack app could not be checked: {UNNAMED}."}
        unsaid = {
            each or "token": f"Slack does not say whether it lets the bot in{f'to {each}' if each else ''} ({code})."
            for each, code in self.unsaid.items()
        }
        return (scopes if self.missing is None else {}) | unsaid


def ask(client: WebClient, channels: Sequence[str]) -> Access:
    """Ask Slack who the bot is, and for a message of each channel: what it refuses to show, it refuses to take.

    ``channels`` begin with the default one. Raises OSError where Slack does not answer.
    """
    default = channels[0]
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        code = code_of(error)
        return Access(default=default, app=code) if _refuses(code) else Access(default=default, unsaid={"": code})
    granted, url, name = _granted(answer), answer.get("url"), _name(answer)
    missing = None if granted is None else tuple(each for each in SCOPES if each not in granted)
    if missing and WRITES in missing:
        return Access(default=default, app=_MISSING, missing=missing, url=url, name=name)
    known = granted or frozenset()
    codes = {each: code for each in dict.fromkeys(channels) if (code := _channel_error(client, each, known))}
    return Access(
        default=default,
        channels={each: code for each, code in codes.items() if _refuses(code)},
        missing=missing,
        unsaid={each: code for each, code in codes.items() if not _refuses(code)},
        url=url,
        name=name,
    )


def _name(answer: SlackResponse) -> str:
    bot, workspace = answer.get("user"), answer.get("team")
    return f"{bot} in the workspace {workspace}" if bot and workspace else ""


def _granted(answer: SlackResponse) -> frozenset[str] | None:
    """Return the scopes of the token; None where the answer does not name them, as that of a proxy may not."""
    for name, value in answer.headers.items():
        if name.lower() == "x-oauth-scopes":
            text = value if isinstance(value, str) else ",".join(value)
            return frozenset(each.strip() for each in text.split(","))
    return None


def _channel_error(client: WebClient, channel: str, granted: frozenset[str]) -> str:
    """Return the code with which Slack does not show a channel; empty where it does, or where that is no matter."""
    try:
        client.conversations_history(channel=channel, limit=1)
        if granted & _READ_CHANNELS and _is_archived(client.conversations_info(channel=channel)):
            return _ARCHIVED
    except SlackApiError as error:
        code = code_of(error)
        return "" if code == "not_in_channel" and _POSTS_ANYWHERE in granted else code
    return ""


def _is_archived(answer: SlackResponse) -> bool:
    return bool((answer.get("channel") or {}).get("is_archived"))


def code_of(error: SlackApiError) -> str:
    """Return the code of an error; an answer without one is none, either."""
    return str(error.response.get("error") or "an error without a code")


def _refuses(code: str) -> bool:
    """Whether a code is a refusal, and not something that may pass or that says nothing of posting."""
    return TROUBLES.get(code) in _REFUSING


class SlackAccess:
    """Asks now and then. A change is logged once. ``workspace`` learns its address."""

    def __init__(self, client: WebClient, channels: Sequence[str], workspace: Workspace | None = None) -> None:
        self._client = client
        self._workspace = workspace or Workspace()
        self._channels = channels
        self._found = Access(default=channels[0])

    def run(self, stopping: threading.Event) -> None:
        """Look, now and then, until told to stop."""
        while not stopping.wait(self.look().total_seconds()):
            pass

    def look(self) -> timedelta:
        """Look once; return after which time to look again. A Slack that does not answer refuses nothing."""
        try:
            found = ask(self._client, self._channels)
        except OSError as error:
            _logger.warning("Slack cannot be asked whether it lets the bot in: %s", type(error).__name__)
            return OUT_OF_REACH
        self._workspace.learn(found.url)
        before, now = self._found.complaints(), found.complaints()
        for place, sentence in now.items():
            if before.get(place) != sentence:
                _logger.error("%s", sentence)
        for place, sentence in found.doubts().items():
            if self._found.doubts().get(place) != sentence:
                _logger.warning("%s", sentence)
        for place in before.keys() - now.keys():
            _logger.info("Slack lets the bot in again: %s", place)
        self._found = found
        return REFUSED_AGAIN if found.app or found.channels else LET_IN_AGAIN

    def problems(self) -> Mapping[str, str]:
        """Return what only a person can repair, as it was found last."""
        return self._found.problems()
