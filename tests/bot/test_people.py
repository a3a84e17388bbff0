"""Who somebody is, from what Slack says of them and from what a request says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.people import SlackPeople, Standing, standing_of
from bot.playground.slack.server import SlackServer, broken, rate_limited, refused, unreachable
from bot.playground.slack.workspace import TEAM
from bot.remembered import UnavailableError

OURS, THEIRS = "T0OURS", "T0THEIRS"


@pytest.mark.parametrize(
    ("user", "claimed", "standing"),
    [
        pytest.param({"team_id": OURS}, "", Standing.MEMBER, id="of our team"),
        pytest.param({"team_id": OURS}, OURS, Standing.MEMBER, id="who acts for our team"),
        pytest.param({"team_id": OURS}, THEIRS, Standing.OUTSIDER, id="who acts for another team"),
        pytest.param({"team_id": THEIRS}, "", Standing.OUTSIDER, id="of another team"),
        pytest.param({}, "", Standing.OUTSIDER, id="of no team that is known"),
        pytest.param({"team_id": OURS, "is_stranger": True}, "", Standing.OUTSIDER, id="a stranger"),
        pytest.param({"team_id": OURS, "is_restricted": True}, "", Standing.GUEST, id="a guest of some channels"),
        pytest.param({"team_id": OURS, "is_ultra_restricted": True}, "", Standing.GUEST, id="a guest of one channel"),
        pytest.param({"team_id": THEIRS, "is_restricted": True}, "", Standing.OUTSIDER, id="a guest of another team"),
        pytest.param(
            {"team_id": THEIRS, "enterprise_user": {"teams": [THEIRS, OURS]}},
            THEIRS,
            Standing.MEMBER,
            id="of both teams",
        ),
        pytest.param(
            {"team_id": OURS, "enterprise_user": {"teams": [THEIRS]}},
            OURS,
            Standing.OUTSIDER,
            id="whose teams are others",
        ),
        pytest.param(
            {"team_id": OURS, "enterprise_user": {"teams": []}}, "", Standing.MEMBER, id="without other teams"
        ),
        pytest.param(
            {"team_id": THEIRS, "is_restricted": True, "enterprise_user": {"teams": [OURS]}},
            "",
            Standing.GUEST,
            id="a guest of an organisation",
        ),
        pytest.param({"team_id": OURS, "is_bot": True}, "", Standing.NOBODY, id="a bot"),
        pytest.param({"team_id": OURS, "deleted": True}, "", Standing.NOBODY, id="a deactivated account"),
        pytest.param({"team_id": OURS, "id": "USLACKBOT"}, "", Standing.NOBODY, id="Slackbot"),
    ],
)
def test_a_member_is_a_person_of_our_team_who_is_no_guest(
    user: Mapping[str, Any], claimed: str, standing: Standing
) -> None:
    assert standing_of(user, OURS, claimed) is standing


def people(slack: SlackServer) -> SlackPeople:
    return SlackPeople(WebClient(slack.token, base_url=slack.api_url, timeout=1, retry_handlers=[]))


def test_slack_is_asked_for_our_team_once() -> None:
    with SlackServer() as slack:
        asked = people(slack)

        assert [asked.standing("U0ANN", ""), asked.standing("U0BOB", "T0OTHER")] == [Standing.MEMBER, Standing.OUTSIDER]
        assert asked.team() == TEAM
        assert len(slack.called("auth.test")) == 1


@pytest.mark.parametrize("method", ["auth.test", "users.info"])
@pytest.mark.parametrize(
    ("fault", "passing"),
    [
        (refused("ratelimited"), True),
        (rate_limited(7), True),
        (broken(503), True),
        (unreachable(), True),
        (refused("internal_error"), True),
        (refused("fatal_error"), True),
        (refused("missing_scope"), False),
        (refused("token_revoked"), False),
        (refused("user_not_found"), False),
        (refused("an_error_of_tomorrow"), False),
    ],
)
def test_what_may_pass_is_told_from_what_is_definite(method: str, fault: Any, passing: bool) -> None:
    with SlackServer() as slack:
        slack.tell(method, fault)

        with pytest.raises(UnavailableError) as caught:
            people(slack).standing("U0ANN", "")

        assert caught.value.passing is passing


def test_a_429_says_for_how_long_nothing_is_asked() -> None:
    with SlackServer() as slack:
        slack.tell("users.info", rate_limited(7))

        with pytest.raises(UnavailableError) as caught:
            people(slack).standing("U0ANN", "")

        assert caught.value.pause.total_seconds() == 7
