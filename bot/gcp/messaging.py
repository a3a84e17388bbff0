"""Pub/Sub through Google's generated clients: who gets the messages of which topic.

The generated clients are used rather than the one above them because that one reads the emulator's address from
the environment behind our back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.types import ListSubscriptionsRequest, ListTopicsRequest
from google.pubsub_v1.types import Subscription as PubSubSubscription

from bot.gcp.errors import PUBSUB_SOURCE, short_retry, translated
from bot.gcp.paging import every
from checks.platform import Subscription

PAGE_SIZE = 1000
"""The most that Pub/Sub gives at once."""

_EVENTARC = re.compile(
    r"eventarc-(?P<region>[a-z]+-(?:north|south|east|west|central)+\d+|[a-z]+\d*)-(?P<trigger>.+)-sub-\d+"
)
"""How Eventarc names the subscription of a trigger: with the trigger's region, ``us-west2`` or ``global``."""

_PROJECT = re.compile(r"projects/(?P<project>[^/]+)/")


class GoogleMessaging:
    """Reads topics and subscriptions of one project.

    ``request_seconds`` bounds one page, ``retry_seconds`` its repetition.
    """

    def __init__(
        self,
        subscriber: SubscriberClient,
        publisher: PublisherClient,
        *,
        project: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._subscriber = subscriber
        self._publisher = publisher
        self._project = project
        self._page_size = page_size
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def subscriptions(self) -> Sequence[Subscription]:
        """Fetch every subscription of the project, ordered by name. Raises SourceError."""
        request = ListSubscriptionsRequest(project=f"projects/{self._project}", page_size=self._page_size)
        with translated(PUBSUB_SOURCE, self._project, "the list of subscriptions"):
            found = [
                subscription_of(each) for each in every(self._subscriber.list_subscriptions(request, **self._bounds))
            ]
        return sorted(found, key=lambda each: each.name)

    def topics(self) -> Sequence[str]:
        """Fetch the short name of every topic of the project, ordered. Raises SourceError."""
        request = ListTopicsRequest(project=f"projects/{self._project}", page_size=self._page_size)
        with translated(PUBSUB_SOURCE, self._project, "the list of topics"):
            return sorted(_short(each.name) for each in every(self._publisher.list_topics(request, **self._bounds)))

    def close(self) -> None:
        """Close the connections."""
        self._subscriber.transport.close()  # type: ignore[no-untyped-call]
        self._publisher.transport.close()  # type: ignore[no-untyped-call]


def subscription_of(subscription: PubSubSubscription) -> Subscription:
    """Reduce a subscription to what the checks judge."""
    name = _short(subscription.name)
    push = subscription.push_config
    eventarc = _EVENTARC.fullmatch(name)
    return Subscription(
        name=name,
        topic=_short(subscription.topic),
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


def _short(name: str) -> str:
    """Return the last part of a resource's name; ``_deleted-topic_`` has only one."""
    return name.rpartition("/")[2]
