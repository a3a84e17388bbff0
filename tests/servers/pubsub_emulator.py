"""Google's own Pub/Sub emulator, part of the Cloud SDK."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from bot.google_cloud.clients import insecure_channel
from checks.ports.messaging import Subscription
from tests.servers.emulator import EmulatorUnavailable, free_port, running
from tests.servers.pubsub import subscription_message

SECONDS = 30.0


@contextmanager
def pubsub_emulator() -> Iterator[str]:
    """Run the emulator; yield its ``host:port``. Raises EmulatorUnavailable."""
    for program in ("gcloud", "java"):
        if shutil.which(program) is None:
            message = f"the Pub/Sub emulator needs {program}, which is not installed"
            raise EmulatorUnavailable(message)
    address = f"127.0.0.1:{free_port()}"
    command = ["gcloud", "beta", "emulators", "pubsub", "start", f"--host-port={address}", "--quiet"]
    with running(command, f"http://{address}/", {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}):
        yield address


@contextmanager
def clients(address: str) -> Iterator[tuple[SubscriberClient, PublisherClient]]:
    """Yield clients that talk to the emulator."""
    channel = insecure_channel(address)
    try:
        yield (
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
        )
    finally:
        channel.close()


def create(address: str, project: str, topics: Iterable[str], subscriptions: Iterable[Subscription]) -> None:
    """Make topics and subscriptions as they are described."""
    with clients(address) as (subscriber, publisher):
        for topic in topics:
            publisher.create_topic(name=f"projects/{project}/topics/{topic}", timeout=SECONDS)
        for each in subscriptions:
            subscriber.create_subscription(subscription_message(each, f"projects/{project}"), timeout=SECONDS)


def delete_topic(address: str, project: str, topic: str) -> None:
    """Delete a topic; its subscriptions stay."""
    with clients(address) as (_, publisher):
        publisher.delete_topic(topic=f"projects/{project}/topics/{topic}", timeout=SECONDS)
