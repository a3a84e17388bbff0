"""The manifest of the Slack app: what the handlers answer, and what the product asks of Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from bot.sinks.slack.access import SCOPES
from checks.pipeline import Pipeline
from handlers.commands import COMMANDS, HELP, commands_of
from handlers.shortcuts import RECHECK

HEADER = """\
# The Slack app. https://api.slack.com/apps > Create New App > From a manifest.
# Written by 'reveille slack manifest'; docs/slack.md says what each scope is for.
"""

PATH = "/slack/events"
"""Where a process that serves takes Slack's requests."""

EVENTS = ("app_home_opened", "app_mention", "message.im")
"""The events that are listened to: the home tab is drawn when it is opened, the others are answered."""

PLACEHOLDER = "https://example.com"


def manifest_text(address: str | None, *, one_command: bool = False, pipelines: Sequence[Pipeline] = ()) -> str:
    """Return the manifest as a file."""
    document = manifest(address, one_command=one_command, pipelines=pipelines)
    return HEADER + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120).rstrip()


def manifest(address: str | None, *, one_command: bool = False, pipelines: Sequence[Pipeline] = ()) -> dict[str, Any]:
    """Return the manifest for a bot that Slack reaches at an ``https://`` address; None for one in Socket Mode.

    ``one_command`` leaves out all commands but ``/reveille``, which takes the others as its first word; ``pipelines``,
    where they are named, leave out those that have nothing to say of any of them.
    """
    url = f"{(address or PLACEHOLDER).rstrip('/')}{PATH}"
    commands = [
        {
            "command": name,
            "url": url,
            "description": "What you can ask" if name == HELP else f"{does[0].upper()}{does[1:]}",
            **({"usage_hint": usage} if usage else {}),
            "should_escape": False,
        }
        for name, usage, does in (commands_of(pipelines) if pipelines else COMMANDS)
        if name == HELP or not one_command
    ]
    return {
        "display_information": {
            "name": "Reveille",
            "description": "Says each morning whether the last run really worked, and why not",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Reveille", "always_online": True},
            "shortcuts": [
                {
                    "name": "Re-check",
                    "type": "message",
                    "callback_id": RECHECK,
                    "description": "Check the alert of this thread again",
                }
            ],
            "slash_commands": commands,
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"request_url": url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }
