from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.playground.slack.server import SlackServer, broken, refused
from bot.render.slack_text import ANY_WORKSPACE
from bot.sinks.slack.access import LET_IN_AGAIN, OUT_OF_REACH, REFUSED_AGAIN, SCOPES, WRITES, SlackAccess, ask
from bot.sinks.slack.transport import SlackClient
from bot.sinks.slack.workspace import Workspace

HOME, OTHER = "C0EXAMPLE1", "C0EXAMPLE2"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(channels=(HOME, OTHER)) as server:
        yield server


def access(slack: SlackServer, *channels: str) -> SlackAccess:
    client = SlackClient(slack.token, base_url=slack.api_url, timeout=1)
    return SlackAccess(client, channels or (HOME, OTHER))


def test_a_bot_that_slack_lets_in_has_no_problem_and_posts_nothing(slack: SlackServer) -> None:
    looking = access(slack)

    assert looking.look() == LET_IN_AGAIN
    assert looking.problems() == {}
    assert slack.messages() == []


def test_links_lead_to_the_workspace_as_soon_as_slack_has_said_which_one(slack: SlackServer) -> None:
    workspace = Workspace()
    before = workspace.address()

    SlackAccess(SlackClient(slack.token, base_url=slack.api_url, timeout=1), (HOME,), workspace).look()

    assert before == ANY_WORKSPACE
    assert workspace.address() == "https://example.slack.com/"


@pytest.mark.parametrize(
    "url",
    [None, "", 7, "http://example.slack.com/", "https://example.slack.com/>|<!here>", "https://example.slack.com"],
)
def test_what_is_no_address_of_a_workspace_is_not_learnt(url: object) -> None:
    workspace = Workspace()
    workspace.learn("https://example.slack.com/")

    workspace.learn(url)

    assert workspace.address() == "https://example.slack.com/"


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed"])
def test_a_token_that_does_not_work_is_a_problem_before_there_is_anything_to_say(slack: SlackServer, code: str) -> None:
    slack.tell("auth.test", refused(code))
    looking = access(slack)

    assert looking.look() == REFUSED_AGAIN
    assert code in looking.problems()["slack"]
    assert "SLACK_BOT_TOKEN" in looking.problems()["slack"]


def test_a_default_channel_without_the_bot_is_a_problem_with_what_to_type(slack: SlackServer) -> None:
    slack.remove_bot(HOME)
    looking = access(slack)
    looking.look()

    assert "/invite @Reveille" in looking.problems()["default channel"]


def test_a_default_channel_that_does_not_exist_is_a_problem(slack: SlackServer) -> None:
    looking = access(slack, "C0NOWHERE1")
    looking.look()

    assert "channel_not_found" in looking.problems()["default channel"]


def test_another_channel_is_named_in_the_log_once_and_no_reason_to_be_out_of_service(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    slack.remove_bot(OTHER)
    looking = access(slack)
    with caplog.at_level(logging.ERROR):
        looking.look()
        looking.look()

    assert looking.problems() == {}
    assert [OTHER in each.getMessage() for each in caplog.records if each.name == "bot.sinks.slack.access"] == [True]


def test_what_was_repaired_is_no_problem_any_more(slack: SlackServer) -> None:
    slack.tell("auth.test", refused("invalid_auth"))
    looking = access(slack)
    looking.look()

    looking.look()

    assert looking.problems() == {}


def test_a_slack_that_does_not_answer_refuses_nothing(slack: SlackServer) -> None:
    slack.down = True
    looking = access(slack)

    assert looking.look() == OUT_OF_REACH
    assert looking.problems() == {}


@pytest.mark.parametrize("code", ["missing_scope", "ratelimited", "an_unknown_code"])
def test_a_refusal_to_show_messages_that_is_none_to_take_them_is_no_problem(slack: SlackServer, code: str) -> None:
    slack.tell("conversations.history", refused(code, times=None))
    looking = access(slack)
    looking.look()

    assert looking.problems() == {}


def test_a_server_error_is_no_refusal(slack: SlackServer) -> None:
    slack.tell("auth.test", broken())
    looking = access(slack)
    looking.look()

    assert looking.problems() == {}


def test_an_app_that_may_not_write_is_a_problem_that_names_the_scope(slack: SlackServer) -> None:
    slack.workspace.scopes -= {"chat:write", "users:read"}
    looking = access(slack)

    assert looking.look() == REFUSED_AGAIN
    assert "chat:write" in looking.problems()["slack"]
    assert "users:read" in looking.problems()["slack"]


@pytest.mark.parametrize("scope", sorted(SCOPES.keys() - {WRITES}))
def test_another_missing_scope_is_named_in_the_log_once_and_no_reason_to_be_out_of_service(
    slack: SlackServer, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    slack.workspace.scopes -= {scope}
    looking = access(slack)
    with caplog.at_level(logging.ERROR):
        pause = looking.look()
        looking.look()

    assert (pause, looking.problems()) == (LET_IN_AGAIN, {})
    assert [scope in each.getMessage() for each in caplog.records if each.name == "bot.sinks.slack.access"] == [True]


def test_an_answer_that_names_no_scopes_lacks_none_and_has_none(caplog: pytest.LogCaptureFixture) -> None:
    with SlackServer(channels=(HOME,), names_scopes=False) as slack:
        looking = access(slack, HOME)
        looking.look()
        looking.look()
        found = ask(SlackClient(slack.token, base_url=slack.api_url, timeout=1), [HOME])

    assert (found.missing, found.problems()) == (None, {})
    assert ["scopes" in each.getMessage() for each in caplog.records if each.name == "bot.sinks.slack.access"] == [True]


@pytest.mark.parametrize("code", ["missing_scope", "ratelimited", "an_unknown_code"])
@pytest.mark.parametrize(("method", "about"), [("auth.test", ""), ("conversations.history", HOME)])
def test_a_code_that_is_no_refusal_is_no_consent(slack: SlackServer, method: str, about: str, code: str) -> None:
    slack.tell(method, refused(code, times=None))

    found = ask(SlackClient(slack.token, base_url=slack.api_url, timeout=1), [HOME])

    assert (found.app, found.channels, found.unsaid) == ("", {}, {about: code})


def test_an_archived_channel_is_a_problem_where_the_app_may_ask_for_it(slack: SlackServer) -> None:
    slack.archive(HOME)
    slack.workspace.scopes |= {"channels:read"}
    looking = access(slack)
    looking.look()

    assert "is_archived" in looking.problems()["default channel"]


def test_what_the_app_may_not_ask_is_not_asked(slack: SlackServer) -> None:
    access(slack).look()

    assert slack.called("conversations.info") == []


def test_an_app_that_may_write_anywhere_need_not_be_in_the_channel(slack: SlackServer) -> None:
    slack.remove_bot(HOME)
    slack.workspace.scopes |= {"chat:write.public"}
    looking = access(slack)
    looking.look()

    assert looking.problems() == {}
