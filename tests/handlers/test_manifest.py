"""The app's manifest lists what the handlers use, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from checks.pipeline import Pipeline
from handlers.commands import NEEDED
from handlers.manifest import EVENTS, manifest
from tests.handlers.rig import running
from tests.pipelines.nba_world import NBA

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "slack-manifest.yaml").read_text(encoding="utf-8"))

SCOPES_OF = {
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_replies": {"channels:history", "groups:history"},
    "files_getUploadURLExternal": {"files:write"},
    "files_completeUploadExternal": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "conversations_info": set(),  # only where the app happens to have the scope
    "auth_test": set(),
    "views_open": set(),
    "views_update": set(),
    "views_publish": set(),
}
"""What Slack's reference demands for each method of the client that we call."""

SCOPES_OF_EVENTS = {"app_home_opened": set(), "app_mention": {"app_mentions:read"}, "message.im": {"im:history"}}
"""And for each event."""


def called_methods() -> set[str]:
    """The methods of Slack that the product calls, wherever it does."""
    families = re.compile(r"\.((?:chat|conversations|usergroups|users|views|auth|files|reactions|pins)_[A-Za-z_]+)\(")
    sources = [*(ROOT / "handlers").glob("*.py"), *(ROOT / "bot").rglob("*.py")]
    return {name for source in sources for name in families.findall(source.read_text(encoding="utf-8"))}


def registered(kind: str) -> Iterator[str]:
    """The literal names under which the handlers register listeners of a kind."""
    for source in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="app"), attr=attribute), args=[ast.Constant(name)]):
                    if attribute == kind:
                        yield str(name)


def test_the_file_is_what_the_command_writes() -> None:
    assert manifest("https://example.com") == MANIFEST


def test_one_command_is_enough() -> None:
    small = manifest(None, one_command=True)

    assert [each["command"] for each in small["features"]["slash_commands"]] == ["/reveille"]
    assert small["settings"]["socket_mode_enabled"]


def test_a_command_that_has_nothing_to_say_of_a_pipeline_is_left_out() -> None:
    plain = NBA.model_copy(update={"phases": (), "transitions": (), "staging": None})

    def names(*pipelines: Pipeline) -> set[str]:
        return {each["command"] for each in manifest(None, pipelines=pipelines)["features"]["slash_commands"]}

    everything = {each["command"] for each in MANIFEST["features"]["slash_commands"]}
    assert everything - names(plain) == {"/orchestrators", "/predictions", "/staging"}
    assert names(NBA, plain) == names(NBA) > names(plain)
    assert set(NEEDED) < everything


def test_every_command_and_shortcut_of_the_manifest_is_answered() -> None:
    with running() as rig:
        for each in MANIFEST["features"]["slash_commands"]:
            assert rig.done(each["command"]).status == 200
        rig.services.client.chat_postMessage(channel="C0EXAMPLE1", text="anything")
        for each in MANIFEST["features"]["shortcuts"]:
            message = rig.slack.messages()[-1]
            assert rig.send(rig.slack.requests.shortcut(message, each["callback_id"])).status == 200
        rig.wait()


def test_a_command_that_the_manifest_has_not_is_not_answered() -> None:
    with running() as rig:
        assert rig.command("/another").status == 404


def test_the_events_are_those_that_are_listened_to() -> None:
    named = {each.partition(".")[0] for each in MANIFEST["settings"]["event_subscriptions"]["bot_events"]}

    assert named == set(registered("event"))


def test_the_scopes_are_those_of_the_methods_that_are_called() -> None:
    events = {scope for event in EVENTS for scope in SCOPES_OF_EVENTS[event]}
    needed = {scope for method in called_methods() for scope in SCOPES_OF[method]} | {"commands"} | events

    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert MANIFEST["oauth_config"]["scopes"]["bot"] == sorted(needed)


def test_home_messages_and_interactivity_are_switched_on() -> None:
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"]
    assert MANIFEST["features"]["app_home"]["messages_tab_enabled"]
    assert not MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]


def test_every_address_is_the_one_that_the_server_has() -> None:
    settings = MANIFEST["settings"]
    addresses = {
        *(each["url"] for each in MANIFEST["features"]["slash_commands"]),
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    }

    assert addresses == {"https://example.com/slack/events"}
