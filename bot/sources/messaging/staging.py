"""Topics of staging, through Google's generated Pub/Sub client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.api_core import exceptions
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.types import Topic

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api
from bot.sources.messaging.live import API
from bot.staging.prefix import LABEL

WRITER = Api(API.source, API.address, "roles/pubsub.editor")


def connect(access: GoogleAccess) -> PubSubStaging:
    publisher = access.client(PublisherClient, access.settings.pubsub_emulator)
    return PubSubStaging(publisher, project=access.project, request_seconds=REQUEST_SECONDS)


@dataclass(frozen=True, eq=False)
class PubSubStaging(GoogleAdapter):
    """Topics of one project."""

    publisher: PublisherClient

    def labels(self, name: str) -> Mapping[str, str] | None:
        """Read a topic's labels; None when there is no such topic. Raises SourceError."""
        with self.mapped_errors(WRITER, f"the topic {name!r}"):
            try:
                return dict(self.publisher.get_topic(topic=self._name(name), **self.bounds).labels)
            except exceptions.NotFound:
                return None

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        with self.mapped_errors(WRITER, "the list of topics"):
            topics = list(self.publisher.list_topics(project=f"projects/{self.project}", **self.bounds))
        return {each.name.rpartition("/")[2]: dict(each.labels) for each in topics if LABEL in each.labels}

    def create(self, name: str, labels: Mapping[str, str]) -> None:
        with self.mapped_errors(WRITER, f"creating the topic {name!r}"):
            self.publisher.create_topic(Topic(name=self._name(name), labels=dict(labels)), timeout=self.request_seconds)

    def delete(self, name: str) -> None:
        with self.mapped_errors(WRITER, f"deleting the topic {name!r}"):
            self.publisher.delete_topic(topic=self._name(name), timeout=self.request_seconds)

    def _name(self, topic: str) -> str:
        return f"projects/{self.project}/topics/{topic}"
