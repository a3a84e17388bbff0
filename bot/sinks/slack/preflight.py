"""Everything that the bot needs of Slack, asked once and before anything happens: a line for each, with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sinks.slack.access import SCOPES, Access, ask
from bot.sinks.slack.errors import TROUBLES, remedy
from checks.notifications import Notifications

TEST_TEXT = "A test of Reveille: nothing is wrong. This channel takes its messages."


@dataclass(frozen=True, slots=True)
class Granted:
    """What Slack says to one thing that the bot needs; ``refused`` is for a person to repair."""

    about: str
    text: str
    refused: bool = False


def channels_of(notifications: Notifications) -> Mapping[str, str]:
    """Return what each channel is for, the default one first."""
    routes = notifications.routes
    named = [
        (routes.default, "the default channel"),
        *((channel, f"alerts of {severity.name}") for severity, channel in routes.severities.items()),
        *((channel, f"alerts of {phase}") for phase, channel in routes.phases.items()),
    ]
    return _together(named)


def groups_of(notifications: Notifications) -> Mapping[str, str]:
    """Return what each user group may do, or when it is called."""
    rules = notifications.permissions
    named = [
        *((each, role) for role in ("viewers", "actors", "repairers") for each in getattr(rules, role)),
        *((each, f"mentioned for {severity.name}") for severity, each in notifications.mentions.items()),
    ]
    return _together((each, use) for each, use in named if each.startswith("S"))


def preflight(client: WebClient, notifications: Notifications) -> Iterator[Granted]:
    """Ask about the token, its scopes, each channel and each user group. Raises OSError where Slack does not answer."""
    channels = channels_of(notifications)
    found = ask(client, tuple(channels))
    yield _token(found)
    if found.app and not found.missing:
        return
    yield from _scopes(found)
    if found.app:
        return
    for channel, use in channels.items():
        code = found.channels.get(channel, "")
        text = f"({use}) takes messages" if not code else f"({use}) does not take messages: {code}. {remedy(code)}"
        yield Granted(f"channel {channel}", text, bool(code))
    for group, use in groups_of(notifications).items():
        yield _group(client, group, use)


def post_test(client: WebClient, channel: str) -> Granted:
    """Post one test message. Raises OSError where Slack does not answer."""
    try:
        client.chat_postMessage(channel=channel, text=TEST_TEXT)
    except SlackApiError as error:
        code = _code(error)
        return Granted(f"channel {channel}", f"refuses the test message: {code}. {remedy(code)}", refused=True)
    return Granted(f"channel {channel}", "has the test message")


def opens_socket(client: WebClient) -> Granted:
    """Ask for a connection of Socket Mode with the app-level token. Raises OSError where Slack does not answer."""
    try:
        client.apps_connections_open(app_token=client.token or "")
    except SlackApiError as error:
        text = (
            f"SLACK_APP_TOKEN is refused: {_code(error)}. Create an app-level token with connections:write under "
            "*Basic Information*, and turn Socket Mode on."
        )
        return Granted("way in", text, refused=True)
    return Granted("way in", "Socket Mode: Slack takes the app-level token")


def _token(found: Access) -> Granted:
    if found.app and not found.missing:
        return Granted("token", f"Slack refuses it: {found.app}. {remedy(found.app)}", refused=True)
    return Granted("token", f"belongs to {found.name}" if found.name else "is accepted")


def _scopes(found: Access) -> Iterable[Granted]:
    if not found.missing:
        yield Granted("scopes", f"all {len(SCOPES)} are granted")
    for each in found.missing:
        yield Granted(f"scope {each}", f"is missing: {SCOPES[each]}. {remedy('missing_scope')}", refused=True)


def _group(client: WebClient, group: str, use: str) -> Granted:
    about = f"user group {group}"
    try:
        members = client.usergroups_users_list(usergroup=group).get("users") or ()
    except SlackApiError as error:
        code = _code(error)
        text = remedy(code) if code in TROUBLES else "Check its ID in the pipeline file."
        return Granted(about, f"({use}) cannot be read: {code}. {text}", refused=True)
    if not members:
        return Granted(about, f"({use}) has no members, so it lets nobody in", refused=True)
    return Granted(about, f"({use}) has {len(members)} {'member' if len(members) == 1 else 'members'}")


def _together(named: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for name, use in named:
        found.setdefault(name, []).append(use)
    return {name: ", ".join(dict.fromkeys(uses)) for name, uses in found.items()}


def _code(error: SlackApiError) -> str:
    return str(error.response.get("error") or "an error without a code")
