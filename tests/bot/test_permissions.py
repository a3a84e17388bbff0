from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient

from bot.people import Standing
from bot.permissions import FRESH, TURNED_AWAY, USABLE, GroupsUnavailableError, Permissions, Role, SlackGroups
from bot.playground.slack.server import SlackServer, refused
from bot.remembered import PAUSE, UnavailableError
from checks.notifications import Permissions as Rules

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
OURS, THEIRS = "T0OURS", "T0THEIRS"
SECOND = timedelta(seconds=1)


class Directory:
    """User groups as a dictionary; ``fails`` is raised instead of an answer."""

    def __init__(self, **groups: set[str]) -> None:
        self.groups = groups
        self.asked: list[str] = []
        self.fails: GroupsUnavailableError | None = None

    def members(self, group: str) -> frozenset[str]:
        self.asked.append(group)
        if self.fails is not None:
            raise self.fails
        return frozenset(self.groups.get(group, ()))


class Everybody:
    """People as a dictionary; who does not stand in it is a member. ``fails`` is raised instead of an answer."""

    def __init__(self, **standings: Standing) -> None:
        self.standings = standings
        self.asked: list[str] = []
        self.fails: UnavailableError | None = None

    def team(self) -> str:
        return OURS

    def standing(self, user: str, claimed_team: str) -> Standing:
        self.asked.append(user)
        if self.fails is not None:
            raise self.fails
        return self.standings.get(user, Standing.MEMBER if claimed_team in ("", OURS) else Standing.OUTSIDER)


class Desk:
    """Permissions with a clock that tests turn."""

    def __init__(self, rules: Rules, directory: Directory | None = None, people: Everybody | None = None) -> None:
        self.now = NOW
        self.directory = directory or Directory()
        self.people = people or Everybody()
        self.permissions = Permissions(rules, self.directory, lambda: self.now, self.people)

    def may(self, user: str, role: Role = Role.ACTOR, team: str = "") -> bool:
        return self.permissions.refusal(user, role, team) is None


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
    directory.fails = GroupsUnavailableError("ratelimited")

    desk.now = NOW + USABLE - SECOND
    assert desk.may("U00000ANN")
    desk.now = NOW + USABLE
    assert not desk.may("U00000ANN")


DEFINITE = (
    "no_such_subteam",
    "subteam_not_found",
    "token_revoked",
    "account_inactive",
    "missing_scope",
    "no_such_word",
)


@pytest.mark.parametrize("error", DEFINITE)
@pytest.mark.parametrize("role", [Role.ACTOR, Role.REPAIRER])
def test_a_definite_error_refuses_at_once_and_forgets_the_membership(error: str, role: Role) -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    desk = Desk(Rules(actors=("S00ONCALL",), repairers=("S00ONCALL",)), directory)
    assert desk.may("U00000ANN", role)

    desk.now = NOW + FRESH
    directory.fails = GroupsUnavailableError(error, passing=False)
    assert not desk.may("U00000ANN", role)

    directory.fails = GroupsUnavailableError("ratelimited")
    assert not desk.may("U00000ANN", role)


def test_nobody_repairs_by_a_membership_that_was_not_asked_for_now() -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    desk = Desk(Rules(repairers=("S00ONCALL",)), directory)
    assert desk.may("U00000ANN", Role.REPAIRER)

    directory.groups["S00ONCALL"] = set()
    assert not desk.may("U00000ANN", Role.REPAIRER)


def test_nobody_repairs_while_slack_does_not_answer() -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    desk = Desk(Rules(repairers=("S00ONCALL",)), directory)
    assert desk.may("U00000ANN", Role.REPAIRER)

    directory.fails = GroupsUnavailableError("ratelimited")
    assert not desk.may("U00000ANN", Role.REPAIRER)


def test_a_stranger_who_presses_again_and_again_asks_slack_once_in_a_while() -> None:
    desk = Desk(Rules(repairers=("S00ONCALL",)))
    for _ in range(20):
        assert not desk.may("U00000EVE", Role.REPAIRER)
    assert len(desk.directory.asked) == 1

    desk.now = NOW + TURNED_AWAY
    assert not desk.may("U00000EVE", Role.REPAIRER)
    assert len(desk.directory.asked) == 2


def test_after_no_answer_nothing_is_asked_for_a_moment() -> None:
    directory = Directory()
    directory.fails = GroupsUnavailableError("ratelimited", pause=timedelta(seconds=30))
    desk = Desk(Rules(actors=("S00ONCALL",)), directory)
    for seconds in (0, 1, 29):
        desk.now = NOW + seconds * SECOND
        assert not desk.may("U00000ANN")
    assert len(directory.asked) == 1

    desk.now = NOW + 30 * SECOND
    assert not desk.may("U00000ANN")
    assert len(directory.asked) == 2


NAMED = Rules(actors=("U00000ANN",), repairers=("U00000ANN",))
GROUPED = Rules(actors=("S00ONCALL",), repairers=("S00ONCALL",))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ACTOR])
@pytest.mark.parametrize("standing", [Standing.GUEST, Standing.OUTSIDER, Standing.NOBODY])
@pytest.mark.parametrize("rules", [Rules(), GROUPED], ids=["nobody is named", "a group is named"])
def test_only_members_of_the_workspace_may(role: Role, standing: Standing, rules: Rules) -> None:
    directory = Directory(S00ONCALL={"U00000ANN"})
    rules = rules if role is Role.ACTOR or rules is not GROUPED else Rules(viewers=("S00ONCALL",))

    assert not Desk(rules, directory, Everybody(U00000ANN=standing)).may("U00000ANN", role)
    assert Desk(rules, directory).may("U00000ANN", role)


@pytest.mark.parametrize(
    ("rules", "standing", "allowed"),
    [
        (Rules(guests=True), Standing.GUEST, True),
        (Rules(guests=True), Standing.OUTSIDER, False),
        (Rules(outsiders=True), Standing.OUTSIDER, True),
        (Rules(outsiders=True), Standing.GUEST, False),
        (Rules(guests=True, outsiders=True), Standing.NOBODY, False),
        (NAMED, Standing.GUEST, True),
    ],
)
def test_the_file_may_say_otherwise(rules: Rules, standing: Standing, allowed: bool) -> None:
    assert Desk(rules, people=Everybody(U00000ANN=standing)).may("U00000ANN") is allowed


@pytest.mark.parametrize("role", [Role.ACTOR, Role.REPAIRER])
def test_an_id_that_is_named_is_that_of_our_own_workspace(role: Role) -> None:
    assert Desk(NAMED).may("U00000ANN", role, OURS)
    assert not Desk(NAMED).may("U00000ANN", role, THEIRS)


@pytest.mark.parametrize("user", ["", "B0BOT", "S00ONCALL", "U", "U0 ANN", "nobody"])
@pytest.mark.parametrize("role", list(Role))
def test_what_is_no_person_may_nothing(user: str, role: Role) -> None:
    assert not Desk(Rules(repairers=("S00ONCALL",))).may(user, role)


def test_where_nobody_can_be_looked_up_only_who_is_named_may() -> None:
    permissions = Permissions(Rules(repairers=("U00000ANN",)), Directory(), lambda: NOW)

    assert permissions.refusal("U00000ANN", Role.REPAIRER) is None
    assert permissions.refusal("U00000BOB", Role.ACTOR) is not None


def test_a_person_is_remembered_for_a_while_and_counts_while_slack_does_not_answer() -> None:
    desk = Desk(Rules())
    assert desk.may("U00000ANN")
    desk.now = NOW + FRESH - SECOND
    assert desk.may("U00000ANN")
    assert len(desk.people.asked) == 1

    desk.people.fails = UnavailableError("service_unavailable")
    desk.now = NOW + USABLE - SECOND
    assert desk.may("U00000ANN")
    desk.now = NOW + USABLE + PAUSE
    assert not desk.may("U00000ANN")


def test_a_person_whom_slack_does_not_know_is_refused_at_once() -> None:
    desk = Desk(Rules())
    assert desk.may("U00000ANN")
    desk.now = NOW + FRESH
    desk.people.fails = UnavailableError("missing_scope", passing=False)

    refusal = desk.permissions.refusal("U00000ANN", Role.ACTOR)

    assert refusal is not None
    assert "missing_scope" in refusal


def test_who_is_named_by_id_needs_no_look_up() -> None:
    directory = Directory()
    directory.fails = GroupsUnavailableError("ratelimited")

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
