"""Who may do what in Slack: users by ID and by user group, looked up when they click and remembered briefly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from checks.notifications import Permissions as Rules

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=5)
"""A membership is asked for again after this time: who left a group loses its rights within it."""

USABLE = timedelta(hours=1)
"""While Slack does not answer, an older membership counts for so long."""


class Role(StrEnum):
    """What somebody may do; each includes those before it."""

    VIEWER = "viewer"
    ACTOR = "actor"
    REPAIRER = "repairer"


_DEEDS = {
    Role.VIEWER: "see the state of this pipeline",
    Role.ACTOR: "act on its alerts",
    Role.REPAIRER: "run its repairs",
}


class GroupsUnavailableError(Exception):
    """Slack does not say who is in a user group; the message says why."""


class Groups(Protocol):
    """Where the members of a user group are asked for."""

    def members(self, group: str) -> frozenset[str]:
        """Return the IDs of a group's users. Raises GroupsUnavailableError."""
        ...


class SlackGroups:
    """User groups, asked from Slack."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def members(self, group: str) -> frozenset[str]:
        try:
            answer = self._client.usergroups_users_list(usergroup=group)
        except (SlackClientError, OSError) as error:
            raise GroupsUnavailableError(str(error)) from error
        return frozenset(answer.get("users") or ())


@dataclass(frozen=True, slots=True)
class _Known:
    members: frozenset[str]
    at: datetime


class Permissions:
    """Answers at the click whether somebody may do something."""

    def __init__(self, rules: Rules, groups: Groups, clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._groups = groups
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def refusal(self, user: str, role: Role) -> str | None:
        """Return None for who may, else the sentence that says why not and whom to ask."""
        allowed = self._allowed(role)
        if allowed is None or user in allowed:
            return None
        ask = f"Ask {self._rules.ask}."
        try:
            if any(user in self._members(member) for member in allowed if member.startswith("S")):
                return None
        except GroupsUnavailableError:
            log.warning("a user group could not be looked up", exc_info=True)
            return f"Whether you may {_DEEDS[role]} could not be looked up just now: Slack does not answer. {ask}"
        return f"You may not {_DEEDS[role]}. {ask}"

    def _allowed(self, role: Role) -> frozenset[str] | None:
        """Return the users and groups of a role and of those above it; None means everyone."""
        viewers, actors, repairers = self._rules.viewers, self._rules.actors, self._rules.repairers
        match role:
            case Role.VIEWER if not viewers:
                return None
            case Role.VIEWER:
                return frozenset((*viewers, *actors, *repairers))
            case Role.ACTOR if not actors:
                # Nobody acts on what they may not see.
                return self._allowed(Role.VIEWER)
            case Role.ACTOR:
                return frozenset((*actors, *repairers))
            case Role.REPAIRER:
                return frozenset(repairers)

    def _members(self, group: str) -> frozenset[str]:
        with self._lock:
            known, now = self._known.get(group), self._clock()
            if known is not None and now - known.at < FRESH:
                return known.members
            try:
                members = self._groups.members(group)
            except GroupsUnavailableError:
                if known is not None and now - known.at < USABLE:
                    return known.members
                raise
            self._known[group] = _Known(members, now)
            return members
