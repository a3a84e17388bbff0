"""Pub/Sub's lists over gRPC, on Google's published messages: where the emulator cannot be slow or refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.pubsub_v1 import types

from checks.ports.messaging import Subscription
from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_SUBSCRIPTIONS, LIST_TOPICS = "ListSubscriptions", "ListTopics"


class PubSubServer(ScriptedGrpcServer):
    """Serves subscriptions and topics of one project; calls are counted by project."""

    def __init__(
        self,
        subscriptions: Iterable[Subscription] = (),
        topics: Iterable[str] = (),
        *,
        delay: float = 0.0,
        page_size: int = 1000,
    ) -> None:
        self.subscriptions = list(subscriptions)
        self.topics = list(topics)
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        subscriber = {
            LIST_SUBSCRIPTIONS: handler(
                self._list_subscriptions, types.ListSubscriptionsRequest, types.ListSubscriptionsResponse
            )
        }
        publisher = {LIST_TOPICS: handler(self._list_topics, types.ListTopicsRequest, types.ListTopicsResponse)}
        return (
            grpc.method_handlers_generic_handler("google.pubsub.v1.Subscriber", subscriber),
            grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher),
        )

    def _list_subscriptions(self, request: types.ListSubscriptionsRequest, context: grpc.ServicerContext) -> Any:
        def page() -> types.ListSubscriptionsResponse:
            found, token = self._page(self.subscriptions, request.page_size, request.page_token)
            messages = [subscription_message(each, request.project) for each in found]
            return types.ListSubscriptionsResponse(subscriptions=messages, next_page_token=token)

        return self._answer(LIST_SUBSCRIPTIONS, request.project.rpartition("/")[2], context, page)

    def _list_topics(self, request: types.ListTopicsRequest, context: grpc.ServicerContext) -> Any:
        def page() -> types.ListTopicsResponse:
            found, token = self._page(self.topics, request.page_size, request.page_token)
            topics = [types.Topic(name=f"{request.project}/topics/{each}") for each in found]
            return types.ListTopicsResponse(topics=topics, next_page_token=token)

        return self._answer(LIST_TOPICS, request.project.rpartition("/")[2], context, page)


def subscription_message(subscription: Subscription, project: str) -> types.Subscription:
    """Return a subscription as the API states it; ``project`` is ``projects/PROJECT``."""
    token = types.PushConfig.OidcToken(service_account_email=subscription.account, audience=subscription.audience)
    push = types.PushConfig(push_endpoint=subscription.endpoint, oidc_token=token if subscription.account else None)
    states = types.Subscription.State
    owner = f"projects/{subscription.topic_project}" if subscription.topic_project else project
    deleted = subscription.topic == "_deleted-topic_"
    return types.Subscription(
        name=f"{project}/subscriptions/{subscription.name}",
        topic=subscription.topic if deleted else f"{owner}/topics/{subscription.topic}",
        detached=subscription.detached,
        filter=subscription.filter,
        push_config=push if subscription.endpoint else None,
        state=states.ACTIVE if subscription.active else states.RESOURCE_ERROR,
        labels=dict(subscription.labels),
    )
