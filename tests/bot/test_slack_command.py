"""``reveille slack``: what keeps the bot from working in Slack, found before the first morning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import bot
from bot.playground.slack.server import SlackServer, refused
from tests.bot.in_process import run
from tests.servers.slack_socket import SocketSlack

NBA = Path(bot.__file__).parent / "pipelines" / "nba.yaml"
HOME, GRAVE, GROUP = "C0EXAMPLE1", "C0EXAMPLE2", "S0EXAMPLE1"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(channels=(HOME, GRAVE)) as server:
        server.workspace.groups[GROUP] = ["U0EXAMPLE1", "U0EXAMPLE2"]
        yield server


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A pipeline file with two channels and a user group."""
    text = NBA.read_text(encoding="utf-8")
    text = text.replace(f"default: {HOME}\n", f"default: {HOME}\n    severities: {{P0: {GRAVE}}}\n")
    text = text.replace("    ask: the owners of the pipeline", f"    ask: the owners\n    repairers: [{GROUP}]")
    file = tmp_path / "pipeline.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def asked(pipeline: Path, slack: SlackServer, *more: str, **variables: str) -> tuple[int, str]:
    environment = {"SLACK_BOT_TOKEN": slack.token, "SLACK_API_URL": slack.api_url, **variables}
    ended = run(("slack", "check", "--pipeline", str(pipeline), *more), pipeline.parent, environment)
    return ended.returncode, ended.stdout + ended.stderr


def refusals(said: str) -> list[str]:
    return [line.split(":")[0].removeprefix("✗ ") for line in said.splitlines() if line.startswith("✗")]


def test_a_slack_that_lets_the_bot_in_is_said_line_by_line_and_nothing_is_posted(
    pipeline: Path, slack: SlackServer
) -> None:
    code, said = asked(pipeline, slack, SLACK_SIGNING_SECRET="0" * 32)

    assert (code, refusals(said)) == (0, [])
    assert all(each in said for each in ("bot in the workspace Example", HOME, GRAVE, GROUP, "2 members"))
    assert slack.messages() == []


def test_a_test_message_is_posted_to_each_channel_on_request(pipeline: Path, slack: SlackServer) -> None:
    code, _ = asked(pipeline, slack, "--post")

    assert (code, len(slack.messages(HOME)), len(slack.messages(GRAVE))) == (0, 1, 1)


def test_every_refusal_is_found_at_once(pipeline: Path, slack: SlackServer) -> None:
    slack.remove_bot(GRAVE)
    slack.workspace.scopes = slack.workspace.scopes - {"users:read"}
    slack.workspace.groups.clear()

    code, said = asked(pipeline, slack)

    assert (code, refusals(said)) == (1, ["scope users", f"channel {GRAVE}", f"user group {GROUP}"])


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_token_that_slack_refuses_is_the_only_thing_said(pipeline: Path, slack: SlackServer, error: str) -> None:
    slack.tell("auth.test", refused(error))

    code, said = asked(pipeline, slack)

    assert code == 1
    assert refusals(said)[0] == "token"
    assert slack.token not in said


@pytest.mark.parametrize("method", ["auth.test", "conversations.history", "usergroups.users.list", "chat.postMessage"])
def test_what_slack_does_not_say_is_no_consent(pipeline: Path, slack: SlackServer, method: str) -> None:
    slack.tell(method, refused("fatal_error", times=None))

    code, said = asked(pipeline, slack, "--post")

    assert (code, refusals(said), "? " in said) == (2, [], True)


def test_scopes_that_slack_does_not_name_are_not_called_granted(pipeline: Path) -> None:
    with SlackServer(channels=(HOME, GRAVE), names_scopes=False) as slack:
        slack.workspace.groups[GROUP] = ["U0EXAMPLE1"]
        code, said = asked(pipeline, slack)

    assert (code, "? scopes: could not be checked" in said, "granted" in said) == (2, True, False)


def test_an_empty_user_group_lets_nobody_in(pipeline: Path, slack: SlackServer) -> None:
    slack.workspace.groups[GROUP] = []

    code, said = asked(pipeline, slack)

    assert (code, refusals(said)) == (1, [f"user group {GROUP}"])


def test_a_test_message_that_is_refused_is_a_refusal(pipeline: Path, slack: SlackServer) -> None:
    slack.tell("chat.postMessage", refused("restricted_action"))

    code, said = asked(pipeline, slack, "--post")

    assert (code, refusals(said)) == (1, [f"channel {HOME}"])


def test_an_app_level_token_is_tried(pipeline: Path, slack: SlackServer) -> None:
    code, said = asked(pipeline, slack, SLACK_APP_TOKEN="xapp-example-token-of-nobody")

    assert (code, refusals(said)) == (1, ["way in"])


def test_an_app_level_token_that_works_is_said() -> None:
    with SocketSlack() as slack:
        code, said = asked(NBA, slack, SLACK_APP_TOKEN=slack.app_token)

    assert (code, refusals(said)) == (0, [])


def test_two_ways_in_are_one_too_many(pipeline: Path, slack: SlackServer) -> None:
    secrets = {"SLACK_APP_TOKEN": "xapp-example-token-of-nobody", "SLACK_SIGNING_SECRET": "0" * 32}

    code, said = asked(pipeline, slack, **secrets)

    assert (code, refusals(said)) == (1, ["way in"])


def test_a_slack_that_does_not_answer_ends_with_another_code(pipeline: Path, slack: SlackServer) -> None:
    slack.down = True

    code, said = asked(pipeline, slack)

    assert (code, "Traceback" in said) == (2, False)


def test_a_token_that_is_not_set_is_a_mistake_of_configuration(pipeline: Path, slack: SlackServer) -> None:
    code, said = asked(pipeline, slack, SLACK_BOT_TOKEN="")

    assert (code, "SLACK_BOT_TOKEN" in said) == (3, True)


def written(*arguments: str) -> tuple[int, str, str]:
    ended = run(("slack", "manifest", *arguments), Path(), {})
    return ended.returncode, ended.stdout, ended.stderr


def test_a_manifest_has_the_address_in_all_its_places() -> None:
    code, text, _ = written("--url", "https://bot.example.com/")

    assert code == 0
    assert {line.split()[-1] for line in text.splitlines() if "url:" in line} == {
        "https://bot.example.com/slack/events"
    }
    assert not yaml.safe_load(text)["settings"]["socket_mode_enabled"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no way in"),
        pytest.param(("--socket-mode", "--url", "https://bot.example.com"), id="both"),
        pytest.param(("--url", "http://bot.example.com"), id="not encrypted"),
        pytest.param(("--url", "https://bot.example.com?x=1"), id="with a query"),
        pytest.param(("--url", "bot.example.com"), id="no address"),
    ],
)
def test_a_manifest_that_slack_could_not_use_is_not_written(arguments: tuple[str, ...]) -> None:
    code, text, said = written(*arguments)

    assert (code, text, said.count("\n")) == (3, "", 1)
