"""Topics of staging, through Google's generated Pub/Sub client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.api_core import exceptions
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.types import Topic

from bot.gcp.errors import PUBSUB_SOURCE, Source, short_retry, translated
from bot.staging.prefix import LABEL

WRITER = Source(PUBSUB_SOURCE.name, PUBSUB_SOURCE.api, "roles/pubsub.editor")


class PubSubStaging:
    """Topics of one project. ``request_seconds`` bounds a question, ``retry_seconds`` its repetition."""

    def __init__(
        self, publisher: PublisherClient, *, project: str, request_seconds: float = 12.0, retry_seconds: float = 3.0
    ) -> None:
        self._publisher = publisher
        self._project = project
        self._seconds = request_seconds
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def labels(self, name: str) -> Mapping[str, str] | None:
        """Read a topic's labels; None when there is no such topic. Raises SourceError."""
        with translated(WRITER, self._project, f"the topic {name!r}"):
            try:
                return dict(self._publisher.get_topic(topic=self._name(name), **self._bounds).labels)
            except exceptions.NotFound:
                return None

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        """Read every topic with our label. Raises SourceError."""
        with translated(WRITER, self._project, "the list of topics"):
            topics = list(self._publisher.list_topics(project=f"projects/{self._project}", **self._bounds))
        return {each.name.rpartition("/")[2]: dict(each.labels) for each in topics if LABEL in each.labels}

    def create(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a topic. Raises SourceError."""
        with translated(WRITER, self._project, f"creating the topic {name!r}"):
            self._publisher.create_topic(Topic(name=self._name(name), labels=dict(labels)), timeout=self._seconds)

    def delete(self, name: str) -> None:
        """Delete a topic. Raises SourceError."""
        with translated(WRITER, self._project, f"deleting the topic {name!r}"):
            self._publisher.delete_topic(topic=self._name(name), timeout=self._seconds)

    def close(self) -> None:
        """Close the connection."""
        self._publisher.transport.close()  # type: ignore[no-untyped-call]

    def _name(self, topic: str) -> str:
        return f"projects/{self._project}/topics/{topic}"
