"""Who may do what in Slack, decided at the moment of acting: members of the workspace, and whom the file names."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.people import Standing
from bot.remembered import Remembered, UnavailableError, unavailable
from checks.notifications import Permissions as Rules

log = logging.getLogger(__name__)

FRESH = timedelta(minutes=5)
"""A membership is asked for again after this time: who left loses its rights within it."""

USABLE = timedelta(hours=1)
"""While Slack does not answer, an older membership counts for so long; never for repairs."""

TURNED_AWAY = timedelta(seconds=30)
"""For so long it is remembered who is in no group of repairers: a button that strangers press must not use up the
questions that Slack answers (``usergroups.users.list``: some 20 a minute)."""

_PERSON = re.compile(r"[UW][A-Z0-9]+")


class Role(StrEnum):
    """What somebody may do; each includes those before it."""

    VIEWER = "viewer"
    ACTOR = "actor"
    REPAIRER = "repairer"


_DEEDS = {
    Role.VIEWER: "see the state of this pipeline",
    Role.ACTOR: "act on this pipeline or its alerts",
    Role.REPAIRER: "repair this pipeline",
}


class GroupsUnavailableError(UnavailableError):
    """Slack does not say who is in a user group."""


class Groups(Protocol):
    """Where the members of a user group are asked for."""

    def members(self, group: str) -> frozenset[str]:
        """Return the IDs of a group's users. Raises GroupsUnavailableError."""
        ...


class People(Protocol):
    """Where it is asked who somebody is. Every method raises UnavailableError."""

    def team(self) -> str:
        """Return the ID of our own workspace."""
        ...

    def standing(self, user: str, claimed_team: str) -> Standing:
        """Return who somebody is who acts for a team; an empty one is not known."""
        ...


class SlackGroups:
    """User groups, asked from Slack."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def members(self, group: str) -> frozenset[str]:
        try:
            answer = self._client.usergroups_users_list(usergroup=group)
        except (SlackClientError, OSError) as error:
            found = unavailable(error)
            raise GroupsUnavailableError(str(found), passing=found.passing, pause=found.pause) from error
        return frozenset(answer.get("users") or ())


class Permissions:
    """Answers at the click whether somebody may do something.

    Without ``people`` nobody can be looked up, and only who is named may do anything.
    """

    def __init__(
        self, rules: Rules, groups: Groups, clock: Callable[[], datetime], people: People | None = None
    ) -> None:
        self._rules = rules
        self._groups = groups
        self._people = people
        self._members = Remembered[str, frozenset[str]](self._ask_members, clock)
        self._standings = Remembered[tuple[str, str], Standing](self._ask_standing, clock)

    def refusal(self, user: str, role: Role, team: str = "") -> str | None:
        """Return None for who may, else the sentence that says why not and whom to ask.

        ``team`` is the workspace that a request says somebody acts for.
        """
        deed, ask = _DEEDS[role], f"Ask {self._rules.ask}."
        try:
            reason = self._reason(user, role, team)
        except UnavailableError as error:
            log.warning("who somebody is could not be looked up in Slack: %s", error)
            if error.passing:
                return f"Whether you may {deed} could not be looked up just now: Slack does not answer. {ask}"
            return f"You cannot {deed}: Slack refuses to say who you are ({error}). {ask}"
        return None if reason is None else f"{reason.format(deed=deed)} {ask}"

    def _reason(self, user: str, role: Role, team: str) -> str | None:
        allowed = self._allowed(role)
        if _PERSON.fullmatch(user) is None:
            return "Only people may {deed}."
        named = allowed is not None and user in allowed
        if named and self._is_ours(team):
            return "Only people may {deed}." if self._is_gone(user, role, team) else None
        if (reason := self._reason_of_standing(user, role, team)) is not None:
            return reason
        if allowed is None or named or any(self._is_in(group, user, role) for group in allowed if group[0] == "S"):
            return None
        return "You cannot {deed}."

    def _is_ours(self, team: str) -> bool:
        return not team or self._people is None or team == self._people.team()

    def _is_gone(self, user: str, role: Role, team: str) -> bool:
        """Whether somebody who is named has left: where Slack does not say, whoever is named may."""
        try:
            return self._people is not None and self._standing(user, role, team) is Standing.NOBODY
        except UnavailableError as error:
            return str(error) == "user_not_found"

    def _reason_of_standing(self, user: str, role: Role, team: str) -> str | None:
        if self._people is None:
            return None if self._allowed(role) is not None else "Only who is named can {deed}."
        match self._standing(user, role, team):
            case Standing.NOBODY:
                return "Only people may {deed}."
            case Standing.GUEST if not self._rules.guests:
                return "Guests of this workspace cannot {deed}."
            case Standing.OUTSIDER if not self._rules.outsiders:
                return "Only members of this workspace may {deed}."
        return None

    def _standing(self, user: str, role: Role, team: str) -> Standing:
        fresh, usable = (timedelta(0), timedelta(0)) if role is Role.REPAIRER else (FRESH, USABLE)
        return self._standings.get((user, team), fresh=fresh, usable=usable)

    def _ask_members(self, group: str) -> frozenset[str]:
        return self._groups.members(group)

    def _ask_standing(self, who: tuple[str, str]) -> Standing:
        if self._people is None:
            raise UnavailableError("nobody can be asked", passing=False)
        return self._people.standing(*who)

    def _is_in(self, group: str, user: str, role: Role) -> bool:
        if role is not Role.REPAIRER:
            return user in self._members.get(group, fresh=FRESH, usable=USABLE)
        lately = self._members.known(group, TURNED_AWAY)
        if lately is not None and user not in lately:
            return False
        return user in self._members.get(group, fresh=timedelta(0), usable=timedelta(0))

    def _allowed(self, role: Role) -> frozenset[str] | None:
        """Return the users and groups of a role and of those above it; None means every member."""
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
