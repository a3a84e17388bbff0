from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient

from bot.permissions import FRESH, USABLE, GroupsUnavailableError, Permissions, Role, SlackGroups
from checks.notifications import Permissions as Rules
from tests.servers.slack import SlackServer, refused

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Directory:
    """User groups as a dictionary; ``down`` makes it not answer."""

    def __init__(self, **groups: set[str]) -> None:
        self.groups = groups
        self.asked: list[str] = []
        self.down = False

    def members(self, group: str) -> frozenset[str]:
        self.asked.append(group)
        if self.down:
            raise GroupsUnavailableError("down")
        return frozenset(self.groups.get(group, ()))


class Desk:
    """Permissions with a clock that tests turn."""

    def __init__(self, rules: Rules, directory: Directory | None = None) -> None:
        self.now = NOW
        self.directory = directory or Directory()
        self.permissions = Permissions(rules, self.directory, lambda: self.now)

    def may(self, user: str, role: Role = Role.ACTOR) -> bool:
        return self.permissions.refusal(user, role) is None


@pytest.mark.parametrize(
    ("rules", "role", "allowed"),
    [
        pytest.param(Rules(), Role.VIEWER, True, id="everyone sees where nobody is named"),
        pytest.param(Rules(), Role.ACTOR, True, id="everyone acts where nobody is named"),
        pytest.param(Rules(), Role.REPAIRER, False, id="nobody repairs where nobody is named"),
        pytest.param(Rules(viewers=("U0000OTHER",)), Role.VIEWER, False, id="a stranger does not see"),
        pytest.param(Rules(viewers=("U0000OTHER",)), Role.ACTOR, False, id="nor act on what they may not see"),
        pytest.param(Rules(viewers=("U00000ANN",)), Role.ACTOR, True, id="a viewer acts where no actor is named"),
        pytest.param(Rules(actors=("U0000OTHER",)), Role.ACTOR, False, id="a stranger does not act"),
        pytest.param(Rules(viewers=("U0000OTHER",), actors=("U00000ANN",)), Role.VIEWER, True, id="who acts sees"),
        pytest.param(Rules(actors=("U0000OTHER",), repairers=("U00000ANN",)), Role.ACTOR, True, id="who repairs acts"),
        pytest.param(Rules(actors=("U00000ANN",)), Role.REPAIRER, False, id="who acts does not repair"),
    ],
)
def test_each_role_includes_those_below_it(rules: Rules, role: Role, allowed: bool) -> None:
    assert Desk(rules).may("U00000ANN", role) is allowed


def test_members_of_a_group_may() -> None:
    desk = Desk(Rules(actors=("S00ONCALL",)), Directory(S00ONCALL={"U00000ANN"}))

    assert desk.may("U00000ANN")
    assert not desk.may("U00000BOB")


def test_a_refusal_says_whom_to_ask() -> None:
    refusal = Desk(Rules(actors=("U0000OTHER",), ask="the data team")).permissions.refusal("U00000ANN", Role.ACTOR)

    assert refusal is not None
    assert refusal.endswith("Ask the data team.")


def test_groups_are_remembered_and_refreshed() -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    desk = Desk(Rules(actors=("S00ONCALL",)), directory)
    assert desk.may("U00000ANN")
    directory.groups["S00ONCALL"] = set()

    desk.now = NOW + FRESH - SECOND
    assert desk.may("U00000ANN")
    assert len(directory.asked) == 1

    desk.now = NOW + FRESH
    assert not desk.may("U00000ANN")


def test_an_older_membership_counts_while_slack_is_down_and_no_longer() -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    desk = Desk(Rules(actors=("S00ONCALL",)), directory)
    assert desk.may("U00000ANN")
    directory.down = True

    desk.now = NOW + USABLE - SECOND
    assert desk.may("U00000ANN")
    desk.now = NOW + USABLE
    assert not desk.may("U00000ANN")


def test_who_is_named_by_id_needs_no_look_up() -> None:
    directory = Directory()
    directory.down = True

    assert Desk(Rules(actors=("S00ONCALL", "U00000ANN")), directory).may("U00000ANN")
    assert directory.asked == []


def test_slack_is_asked_for_the_members_of_a_group() -> None:
    with SlackServer() as slack:
        slack.workspace.groups["S00ONCALL"] = ["U00000ANN"]

        assert SlackGroups(WebClient(slack.token, base_url=slack.api_url)).members("S00ONCALL") == {"U00000ANN"}


@pytest.mark.parametrize("down", [True, False], ids=["slack is down", "slack refuses"])
def test_a_group_that_slack_does_not_tell_is_unavailable(down: bool) -> None:
    with SlackServer() as slack:
        slack.down = down
        slack.tell("usergroups.users.list", refused("missing_scope"))

        with pytest.raises(GroupsUnavailableError):
            SlackGroups(WebClient(slack.token, base_url=slack.api_url)).members("S00ONCALL")
