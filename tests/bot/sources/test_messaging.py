"""Pub/Sub's subscriptions and topics, from Google's emulator and from a server that can be slow and refuse."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PushConfig
from google.pubsub_v1.types import Subscription as PubSubSubscription

from bot.google_cloud.clients import insecure_channel
from bot.sources.messaging.live import GoogleMessaging, subscription_of
from checks.ports.messaging import Subscription
from checks.source import Problem, SourceError
from tests.servers.pubsub import LIST_SUBSCRIPTIONS, LIST_TOPICS, PubSubServer
from tests.servers.pubsub_emulator import create, delete_topic
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, Failure

PUSH = Subscription(
    name="eventarc-us-west2-orders-to-worker-sub-001",
    topic="orders",
    endpoint="https://worker-abcdefghij-wl.a.run.app?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Forders",
    account="invoker@example.com",
    audience="https://worker-abcdefghij-wl.a.run.app",
    trigger="orders-to-worker",
    trigger_region="us-west2",
    labels={"team": "data"},
)
BARE = Subscription(name="bare-push", topic="orders", endpoint="https://example.com/push")
PULL = Subscription(name="Pull.with-odd_chars~+%", topic="orders")


@contextmanager
def messaging(
    address: str, project: str = "example-project", *, request_seconds: float = 5.0, page_size: int = 1000
) -> Iterator[GoogleMessaging]:
    adapter = GoogleMessaging(
        SubscriberClient(transport=SubscriberGrpcTransport(channel=insecure_channel(address))),
        PublisherClient(transport=PublisherGrpcTransport(channel=insecure_channel(address))),
        project=project,
        request_seconds=request_seconds,
        retry_seconds=0.3,
        page_size=page_size,
    )
    try:
        yield adapter
    finally:
        adapter.close()


@pytest.mark.parametrize(
    "changes",
    [{"detached": True}, {"topic_project": "another-project"}, {"filter": 'attributes.kind = "a"'}],
    ids=["detached", "another project's topic", "a filter"],
)
def test_what_decides_whether_it_gets_messages_is_read(changes: dict[str, Any]) -> None:
    stated = replace(PULL, **changes)

    with PubSubServer([stated]) as server, messaging(server.address) as adapter:
        assert adapter.subscriptions() == [stated]


@pytest.mark.xdist_group("emulators")
class TestAgainstGooglesEmulator:
    @pytest.fixture
    def project(self) -> str:
        """A project of its own, since the emulator is one for the whole run."""
        return f"messaging-{uuid.uuid4().hex[:12]}"

    def test_every_kind_of_subscription_is_read_ordered_by_name(self, pubsub_address: str, project: str) -> None:
        create(pubsub_address, project, ["orders"], [PUSH, PULL, BARE])

        with messaging(pubsub_address, project) as adapter:
            assert adapter.subscriptions() == [PULL, BARE, PUSH]

    def test_more_than_a_page_is_read_whole(self, pubsub_address: str, project: str) -> None:
        wanted = [Subscription(name=f"pull-{number:02}", topic="orders") for number in range(25)]
        create(pubsub_address, project, ["orders", "alpha", "beta"], wanted)

        with messaging(pubsub_address, project, page_size=4) as adapter:
            assert adapter.subscriptions() == wanted
            assert adapter.topics() == ["alpha", "beta", "orders"]

    def test_a_topic_that_was_deleted_leaves_its_subscription_behind(self, pubsub_address: str, project: str) -> None:
        create(pubsub_address, project, ["orders"], [BARE])
        delete_topic(pubsub_address, project, "orders")

        with messaging(pubsub_address, project) as adapter:
            assert [each.topic for each in adapter.subscriptions()] == ["_deleted-topic_"]
            assert adapter.topics() == []

    def test_a_project_without_anything_has_nothing(self, pubsub_address: str, project: str) -> None:
        with messaging(pubsub_address, project) as adapter:
            assert adapter.subscriptions() == []
            assert adapter.topics() == []


def test_the_server_of_the_tests_agrees_with_the_emulator() -> None:
    with PubSubServer([PUSH, PULL, BARE], ["orders"]) as server, messaging(server.address) as adapter:
        assert adapter.subscriptions() == [PULL, BARE, PUSH]
        assert adapter.topics() == ["orders"]


def test_each_page_is_asked_for_once() -> None:
    wanted = [Subscription(name=f"pull-{number:03}", topic="orders") for number in range(250)]
    with PubSubServer(wanted, page_size=100) as server, messaging(server.address) as adapter:
        assert adapter.subscriptions() == wanted
        assert server.calls == {(LIST_SUBSCRIPTIONS, "example-project"): 3}


@pytest.mark.parametrize(
    ("name", "trigger", "region"),
    [
        ("eventarc-us-west2-orders-123456-sub-001", "orders-123456", "us-west2"),
        ("eventarc-northamerica-northeast1-orders-sub-9", "orders", "northamerica-northeast1"),
        ("eventarc-europe-southwest1-a-sub-b-sub-12", "a-sub-b", "europe-southwest1"),
        ("eventarc-global-phase3-to-phase4-sub-1", "phase3-to-phase4", "global"),
        ("eventarc-nam5-orders-sub-1", "orders", "nam5"),
        ("eventarc-us-west2-orders", "", ""),
        ("eventarc-us-west2-orders-sub-x", "", ""),
        ("my-eventarc-us-west2-orders-sub-1", "", ""),
        ("orders-sub-1", "", ""),
    ],
)
def test_the_trigger_of_eventarc_is_read_from_the_name(name: str, trigger: str, region: str) -> None:
    subscription = subscription_of(PubSubSubscription(name=f"projects/p/subscriptions/{name}"))

    assert (subscription.trigger, subscription.trigger_region) == (trigger, region)


def test_a_state_of_error_is_not_active_and_no_state_is() -> None:
    states = PubSubSubscription.State

    assert not subscription_of(PubSubSubscription(state=states.RESOURCE_ERROR)).active
    assert subscription_of(PubSubSubscription(state=states.ACTIVE)).active
    assert subscription_of(PubSubSubscription(push_config=PushConfig())).active


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"), Problem.DENIED),
        (Failure(grpc.StatusCode.UNAUTHENTICATED, "who?"), Problem.UNAUTHENTICATED),
        (Failure(grpc.StatusCode.UNAVAILABLE, "later"), Problem.UNAVAILABLE),
        (Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "slower"), Problem.THROTTLED),
        (NOT_ENABLED, Problem.NOT_ENABLED),
    ],
)
def test_a_refusal_is_named(failure: Failure, problem: Problem) -> None:
    with PubSubServer() as server, messaging(server.address) as adapter:
        for method in (LIST_SUBSCRIPTIONS, LIST_TOPICS):
            server.fail(method, EVERYTHING, failure)
        asked: tuple[Callable[[], Any], ...] = (adapter.subscriptions, adapter.topics)

        for ask in asked:
            with pytest.raises(SourceError) as raised:
                ask()

            assert (raised.value.source, raised.value.problem) == ("Pub/Sub", problem)


def test_an_api_that_is_not_enabled_is_named_with_the_command_that_enables_it() -> None:
    with PubSubServer() as server, messaging(server.address) as adapter:
        server.fail(LIST_SUBSCRIPTIONS, EVERYTHING, NOT_ENABLED)
        with pytest.raises(SourceError) as raised:
            adapter.subscriptions()

    assert "gcloud services enable pubsub.googleapis.com --project=example-project" in raised.value.advice


def test_one_moment_of_trouble_is_not_noticed() -> None:
    with PubSubServer([BARE]) as server, messaging(server.address) as adapter:
        server.fail(LIST_SUBSCRIPTIONS, EVERYTHING, Failure(grpc.StatusCode.UNAVAILABLE, "later", times=1))

        assert adapter.subscriptions() == [BARE]


def test_a_source_that_hangs_is_given_up() -> None:
    with PubSubServer() as server, messaging(server.address, request_seconds=0.2) as adapter:
        server.hang(LIST_TOPICS, EVERYTHING)
        with pytest.raises(SourceError) as raised:
            adapter.topics()

    assert raised.value.problem is Problem.TIMED_OUT
