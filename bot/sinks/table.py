"""The table of sinks: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.delivery.poster import Poster
from bot.settings import SettingsError
from bot.sinks.slack.poster import SlackPoster
from bot.sinks.slack.refusals import RefusedBlocks
from bot.sinks.slack.transport import SlackClient
from bot.sinks.webhook.endpoints import endpoints_of
from bot.sinks.webhook.poster import WebhookPoster
from bot.store.model import SLACK, WEBHOOK
from checks.notifications import Notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkContext:
    """What sinks are built from. ``rate_limited`` hears of each answer 429 that no client counts by itself."""

    notifications: Notifications
    environment: Mapping[str, str]
    client: SlackClient
    rate_limited: Callable[[str], None]
    thread: Callable[[str], str] = lambda _: ""
    """Returns the address of the message of a delivery by its key, empty for one that is not sent."""
    refused: RefusedBlocks | None = None
    """Knows what blocks the workspace does not take; None where that is to be forgotten with the process."""


@dataclass(frozen=True, slots=True)
class Sink:
    """``takes`` says what it takes. ``build`` returns what posts, None where nothing is set up; raises
    SettingsError."""

    name: str
    takes: str
    build: Callable[[SinkContext], Poster | None]


def _slack(around: SinkContext) -> Poster:
    return SlackPoster(around.client, around.thread, around.refused)


def _webhook(around: SinkContext) -> Poster | None:
    endpoints = endpoints_of(around.notifications.webhooks, around.environment)
    return WebhookPoster(endpoints, around.rate_limited) if endpoints else None


SINKS = (
    Sink(SLACK, "messages: digests, alerts and what their threads hear", _slack),
    Sink(WEBHOOK, "one event a transition of an alert", _webhook),
)


def must_be_there(notifications: Notifications) -> None:
    """Raise SettingsError where the pipeline file names a sink for events that there is not."""
    there = [sink.name for sink in SINKS if sink.name != SLACK]
    for each in notifications.webhooks:
        if each.sink not in there:
            raise SettingsError(
                f"The webhook {each.name} names the sink '{each.sink}', which there is not: take {', '.join(there)}."
            )
