"""Everything that the bot needs of Slack, asked once and before anything happens: a line for each, with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery.troubles import Trouble
from bot.render.preflight import Need
from bot.sinks.slack.access import SCOPES, UNNAMED, Access, ask, code_of
from bot.sinks.slack.errors import TROUBLES, remedy, trouble_of
from checks.notifications import Notifications

TEST_TEXT = "A test of Reveille: nothing is wrong. This channel takes its messages."
_AGAIN = "Ask again in a while."


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


def preflight(client: WebClient, notifications: Notifications) -> Iterator[Need]:
    """Ask about the token, its scopes, each channel and each user group. Raises OSError where Slack does not answer."""
    channels = channels_of(notifications)
    found = ask(client, tuple(channels))
    yield _token(found)
    if "" in found.unsaid or (found.app and not found.missing):
        return
    yield from _scopes(found)
    if found.app:
        return
    for channel, use in channels.items():
        yield _channel(found, channel, use)
    for group, use in groups_of(notifications).items():
        yield _group(client, group, use)


def post_test(client: WebClient, channel: str) -> Need:
    """Post one test message. Raises OSError where Slack does not answer."""
    try:
        client.chat_postMessage(channel=channel, text=TEST_TEXT)
    except SlackApiError as error:
        about, refused = f"channel {channel}", f"refuses the test message: {code_of(error)}. {remedy(code_of(error))}"
        return _passing(about, error) or Need(about, refused, "wrong")
    return Need(f"channel {channel}", "has the test message", "well")


def opens_socket(client: WebClient) -> Need:
    """Ask for a connection of Socket Mode with the app-level token. Raises OSError where Slack does not answer."""
    try:
        client.apps_connections_open(app_token=client.token or "")
    except SlackApiError as error:
        text = (
            f"SLACK_APP_TOKEN is refused: {code_of(error)}. Create an app-level token with connections:write under "
            "*Basic Information*, and turn Socket Mode on."
        )
        return _passing("way in", error) or Need("way in", text, "wrong")
    return Need("way in", "Socket Mode: Slack takes the app-level token", "well")


def _token(found: Access) -> Need:
    if code := found.unsaid.get(""):
        return Need("token", f"Slack does not say whether it takes it: {code}. {_AGAIN}", "unanswered")
    if found.app and not found.missing:
        return Need("token", f"Slack refuses it: {found.app}. {remedy(found.app)}", "wrong")
    return Need("token", f"belongs to {found.name}" if found.name else "is accepted", "well")


def _scopes(found: Access) -> Iterable[Need]:
    if found.missing is None:
        compare = f"Compare the {len(SCOPES)} that docs/slack.md lists with the app's page *OAuth & Permissions*."
        yield Need("scopes", f"could not be checked: {UNNAMED}. {compare}", "unanswered")
    elif not found.missing:
        yield Need("scopes", f"all {len(SCOPES)} are granted", "well")
    for each in found.missing or ():
        yield Need(f"scope {each}", f"is missing: {SCOPES[each]}. {remedy('missing_scope')}", "wrong")


def _channel(found: Access, channel: str, use: str) -> Need:
    about = f"channel {channel}"
    if code := found.channels.get(channel):
        return Need(about, f"({use}) does not take messages: {code}. {remedy(code)}", "wrong")
    if code := found.unsaid.get(channel):
        text = f"({use}) could not be checked: {code}. `reveille slack check --post` posts a test message."
        return Need(about, text, "unanswered")
    return Need(about, f"({use}) takes messages", "well")


def _group(client: WebClient, group: str, use: str) -> Need:
    about = f"user group {group}"
    try:
        members = client.usergroups_users_list(usergroup=group).get("users") or ()
    except SlackApiError as error:
        code = code_of(error)
        text = remedy(code) if code in TROUBLES else "Check its ID in the pipeline file."
        return _passing(about, error) or Need(about, f"({use}) cannot be read: {code}. {text}", "wrong")
    if not members:
        return Need(about, f"({use}) has no members, so it lets nobody in", "wrong")
    return Need(about, f"({use}) has {len(members)} {'member' if len(members) == 1 else 'members'}", "well")


def _passing(about: str, error: SlackApiError) -> Need | None:
    """Return what is said of an error that may pass, and is no refusal; None for any other."""
    if trouble_of(code_of(error), error.response.status_code) not in (Trouble.BUSY, Trouble.UNAVAILABLE):
        return None
    return Need(about, f"could not be checked: {code_of(error)}. {_AGAIN}", "unanswered")


def _together(named: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for name, use in named:
        found.setdefault(name, []).append(use)
    return {name: ", ".join(dict.fromkeys(uses)) for name, uses in found.items()}
