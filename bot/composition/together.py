"""What several pipelines have together in one process, and what they must not share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.delivery.traffic import Defaults
from bot.redaction.shown import Secret
from bot.serving.serving_settings import ServingSettings
from bot.settings import SettingsError
from bot.timetable.heartbeat import UrlHeartbeat
from checks.notifications import Notifications, Webhook
from checks.pipeline import Pipeline

NAME = "{pipeline}"
"""What stands in the address of the heartbeat for the name of the pipeline whose digest is there."""


class Described(Protocol):
    """A pipeline with where its messages go, and how the process is set up."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def notifications(self) -> Notifications: ...

    @property
    def serving(self) -> ServingSettings: ...


def must_differ(names: Iterable[str]) -> None:
    """Raise SettingsError where two pipelines of one process have the same name: their alerts would be mixed up."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SettingsError(f"The pipeline {name} is named twice: one process serves each pipeline once.")
        seen.add(name)


def defaults_of(described: Sequence[Described]) -> Defaults:
    """Return which default channel stands for each channel and each webhook; of one that several pipelines write to,
    that of the first."""
    channels: dict[str, str] = {}
    for each in described:
        names = (webhook.name for webhook in each.notifications.webhooks)
        for place in (*channels_of(each.notifications), *names):
            channels.setdefault(place, each.notifications.routes.default)
    return Defaults(described[0].notifications.routes.default, channels)


def shared_channels(described: Sequence[Described]) -> frozenset[str]:
    """Return the channels that more than one pipeline may write to."""
    writers = Counter(channel for each in described for channel in channels_of(each.notifications))
    return frozenset(channel for channel, count in writers.items() if count > 1)


def channels_of(notifications: Notifications) -> frozenset[str]:
    """Return the channels that a pipeline may write to."""
    routes, escalation = notifications.routes, notifications.alerts.escalation
    further = {escalation.channel} if escalation is not None and escalation.channel is not None else set()
    return frozenset((routes.default, *routes.severities.values(), *routes.phases.values(), *further))


def webhooks_of(described: Iterable[Described]) -> tuple[Webhook, ...]:
    """Return the webhooks of all pipelines, each once. Raises SettingsError for two that differ under one name."""
    found: dict[str, tuple[str, Webhook]] = {}
    for each in described:
        for webhook in each.notifications.webhooks:
            owner, known = found.setdefault(webhook.name, (each.pipeline.name, webhook))
            if _leads(known) != _leads(webhook):
                raise SettingsError(
                    f"The pipelines {owner} and {each.pipeline.name} both have a webhook {webhook.name}, and it leads "
                    "to different places: give one of them another name."
                )
    return tuple(webhook for _, webhook in found.values())


def _leads(webhook: Webhook) -> tuple[object, ...]:
    return webhook.sink, webhook.format, webhook.url_variable, webhook.key_variable


def must_beat_apart(described: Sequence[Described]) -> None:
    """Raise SettingsError where several pipelines would tell one watcher of their digests: one that is there would
    hide another that is not."""
    url = described[0].serving.heartbeat_url
    if url is not None and len(described) > 1 and NAME not in url.reveal():
        raise SettingsError(
            f"REVEILLE_HEARTBEAT_URL is one address for {len(described)} pipelines, so the digest of one would hide "
            f"that another is missing: put {NAME} into it, where each one's name goes."
        )


def heartbeat_of(described: Described) -> UrlHeartbeat | None:
    """Return what tells the watcher of a pipeline's digest, None where nobody watches."""
    url = described.serving.heartbeat_url
    if url is None:
        return None
    return UrlHeartbeat(Secret(url.reveal().replace(NAME, described.pipeline.name)))
