"""Pub/Sub whose topics can also be created and deleted."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from tests.servers.pubsub import LIST_TOPICS, PubSubServer
from tests.servers.scripted_grpc import handler

GET_TOPIC, CREATE_TOPIC, DELETE_TOPIC = "GetTopic", "CreateTopic", "DeleteTopic"


class WritablePubSubServer(PubSubServer):
    """As the server that only lists, with the calls for one topic; topics carry labels."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.topic_labels: dict[str, dict[str, str]] = {}
        super().__init__(*arguments, **options)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        publisher = {
            LIST_TOPICS: handler(self._list_labelled, types.ListTopicsRequest, types.ListTopicsResponse),
            GET_TOPIC: handler(self._get_topic, types.GetTopicRequest, types.Topic),
            CREATE_TOPIC: handler(self._create_topic, types.Topic, types.Topic),
            DELETE_TOPIC: grpc.unary_unary_rpc_method_handler(
                self._delete_topic,
                request_deserializer=types.DeleteTopicRequest.deserialize,
                response_serializer=Empty.SerializeToString,
            ),
        }
        # The first that knows a method answers it.
        return (grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", publisher), *super()._handlers())

    def _list_labelled(self, request: types.ListTopicsRequest, context: grpc.ServicerContext) -> Any:
        answer = self._list_topics(request, context)
        for topic in answer.topics:
            topic.labels = self.topic_labels.get(topic.name.rpartition("/")[2], {})
        return answer

    def _get_topic(self, request: types.GetTopicRequest, context: grpc.ServicerContext) -> Any:
        name = request.topic.rpartition("/")[2]

        def topic() -> types.Topic | None:
            labels = self.topic_labels.get(name, {})
            return types.Topic(name=request.topic, labels=labels) if name in self.topics else None

        return self._answer(GET_TOPIC, name, context, topic)

    def _create_topic(self, request: types.Topic, context: grpc.ServicerContext) -> Any:
        name = request.name.rpartition("/")[2]

        def create() -> types.Topic:
            if name in self.topics:
                context.abort(
                    grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name})."
                )
            self.topics.append(name)
            self.topic_labels[name] = dict(request.labels)
            return request

        return self._answer(CREATE_TOPIC, name, context, create)

    def _delete_topic(self, request: types.DeleteTopicRequest, context: grpc.ServicerContext) -> Any:
        name = request.topic.rpartition("/")[2]

        def delete() -> Empty | None:
            if name not in self.topics:
                return None
            self.topics.remove(name)
            self.topic_labels.pop(name, None)
            return Empty()

        return self._answer(DELETE_TOPIC, name, context, delete)
