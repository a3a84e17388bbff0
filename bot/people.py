"""Who somebody is to this workspace: a member, a guest, somebody of another organisation, or no person at all."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.remembered import UnavailableError, unavailable


class Standing(StrEnum):
    MEMBER = "member"
    GUEST = "guest"
    """Was invited into some channels of the workspace."""
    OUTSIDER = "outsider"
    """Of another workspace or organisation, as in a channel that two share."""
    NOBODY = "nobody"
    """A bot, or an account that was deactivated."""


def standing_of(user: Mapping[str, Any], own_team: str, claimed_team: str) -> Standing:
    """Judge what ``users.info`` says of somebody who acts for ``claimed_team``, empty where a request names none.

    In an organisation of several workspaces only ``enterprise_user.teams`` says which somebody belongs to: the team of
    the account is one of them, and need not be ours. Source: https://docs.slack.dev/reference/objects/user-object.
    """
    if user.get("deleted") or user.get("is_bot") or user.get("id") == "USLACKBOT":
        return Standing.NOBODY
    teams = (user.get("enterprise_user") or {}).get("teams")
    if isinstance(teams, list) and teams:
        ours = own_team in teams
    else:
        ours = user.get("team_id") == own_team and claimed_team in ("", own_team) and not user.get("is_stranger")
    if not ours:
        return Standing.OUTSIDER
    return Standing.GUEST if user.get("is_restricted") or user.get("is_ultra_restricted") else Standing.MEMBER


class SlackPeople:
    """People, asked from Slack. Nothing is asked before somebody acts, so that the bot starts without Slack."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._team = ""
        self._lock = threading.Lock()

    def team(self) -> str:
        """Return the workspace that the app is installed in. Raises UnavailableError."""
        with self._lock:
            team = self._team
        if not team:
            try:
                answer = self._client.auth_test()
            except (SlackClientError, OSError) as error:
                raise unavailable(error) from error
            team = str(answer.get("team_id") or "")
            if not team:
                raise UnavailableError("Slack does not say which workspace the app is in")
            with self._lock:
                self._team = team
        return team

    def standing(self, user: str, claimed_team: str) -> Standing:
        """Return who somebody is. Raises UnavailableError."""
        own_team = self.team()
        try:
            answer = self._client.users_info(user=user)
        except (SlackClientError, OSError) as error:
            raise unavailable(error) from error
        return standing_of(answer.get("user") or {}, own_team, claimed_team)
