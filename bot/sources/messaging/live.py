"""Pub/Sub through Google's generated clients: who gets the messages of which topic.

The generated clients are used rather than the one above them because that one reads the emulator's address from
the environment behind our back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.types import ListSubscriptionsRequest, ListTopicsRequest
from google.pubsub_v1.types import Subscription as PubSubSubscription

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, short_name
from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.messaging import PUBSUB, Subscription

API = Api(PUBSUB, "pubsub.googleapis.com", "roles/pubsub.viewer")

PAGE_SIZE = 1000
"""The most that Pub/Sub gives at once."""

_EVENTARC = re.compile(
    r"eventarc-(?P<region>[a-z]+-(?:north|south|east|west|central)+\d+|[a-z]+\d*)-(?P<trigger>.+)-sub-\d+"
)
"""How Eventarc names the subscription of a trigger: with the trigger's region, ``us-west2`` or ``global``."""

_PROJECT = re.compile(r"projects/(?P<project>[^/]+)/")


def connect(access: GoogleAccess) -> GoogleMessaging:
    emulator = access.settings.pubsub_emulator
    return GoogleMessaging(
        access.client(SubscriberClient, emulator),
        access.client(PublisherClient, emulator),
        project=access.project,
        request_seconds=REQUEST_SECONDS,
    )


@dataclass(frozen=True, eq=False)
class GoogleMessaging(GoogleAdapter):
    """Reads topics and subscriptions of one project."""

    subscriber: SubscriberClient
    publisher: PublisherClient
    page_size: int = field(default=PAGE_SIZE, kw_only=True)

    def subscriptions(self) -> Sequence[Subscription]:
        request = ListSubscriptionsRequest(project=f"projects/{self.project}", page_size=self.page_size)
        with self.mapped_errors(API, "the list of subscriptions"):
            found = [
                subscription_of(each) for each in every(self.subscriber.list_subscriptions(request, **self.bounds))
            ]
        return sorted(found, key=lambda each: each.name)

    def topics(self) -> Sequence[str]:
        request = ListTopicsRequest(project=f"projects/{self.project}", page_size=self.page_size)
        with self.mapped_errors(API, "the list of topics"):
            return sorted(short_name(each.name) for each in every(self.publisher.list_topics(request, **self.bounds)))


def subscription_of(subscription: PubSubSubscription) -> Subscription:
    """Reduce a subscription to what the checks judge."""
    name = short_name(subscription.name)
    push = subscription.push_config
    eventarc = _EVENTARC.fullmatch(name)
    return Subscription(
        name=name,
        topic=short_name(subscription.topic),
        endpoint=push.push_endpoint,
        account=push.oidc_token.service_account_email,
        audience=push.oidc_token.audience,
        trigger=eventarc["trigger"] if eventarc is not None else "",
        trigger_region=eventarc["region"] if eventarc is not None else "",
        # An emulator states no state.
        active=subscription.state != PubSubSubscription.State.RESOURCE_ERROR,
        topic_project=_other_project(subscription),
        detached=subscription.detached,
        filter=subscription.filter,
        labels=dict(subscription.labels),
    )


def _other_project(subscription: PubSubSubscription) -> str:
    """Return the project of the topic where it is not the subscription's own; a deleted topic has none."""
    own, topic = (_PROJECT.match(each) for each in (subscription.name, subscription.topic))
    return topic["project"] if topic is not None and own is not None and topic["project"] != own["project"] else ""
