"""Staging's ports on Google Cloud, put together: real services, or emulators where the settings name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.pubsub_v1.services.publisher import PublisherClient

from bot.gcp.clients import client_of
from bot.gcp.connect import EMULATOR_METADATA, REQUEST_SECONDS, bigquery_client
from bot.gcp.credentials import default_credentials
from bot.gcp.staging_collections import FirestoreStaging
from bot.gcp.staging_services import CloudRunStaging
from bot.gcp.staging_tables import BigQueryStaging
from bot.gcp.staging_topics import PubSubStaging
from bot.settings import Settings
from bot.staging.ground import StagingGround, prefix_of, staging_of
from bot.staging.ports import StagingPorts
from bot.staging.steps import AT_ONCE
from checks.pipeline import Pipeline


@contextmanager
def google_staging(pipeline: Pipeline, settings: Settings, prefix: str | None = None) -> Iterator[StagingGround]:
    """Put the staging ground of a pipeline together, and close its connections at the end.

    ``prefix`` None means the one of the pipeline file. Whatever prefixes the settings hold are ignored: production is
    read as it is. Raises StagingError for a prefix that could match production, SettingsError without credentials.
    """
    accepted = prefix_of(pipeline, prefix)
    project = settings.project or pipeline.project
    endpoints = (
        settings.bigquery_emulator,
        settings.firestore_emulator,
        settings.run_endpoint,
        settings.pubsub_emulator,
    )
    credentials = default_credentials() if None in endpoints else AnonymousCredentials()  # type: ignore[no-untyped-call]
    with ExitStack() as connections:
        tables = _tables(settings, credentials, project)
        connections.callback(tables.close)
        services = _services(settings, credentials, project, pipeline.region)
        connections.callback(services.close)
        topics = _topics(settings, credentials, project)
        connections.callback(topics.close)
        collections = _collections(settings, credentials, project)
        connections.callback(collections.close)
        yield StagingGround(
            pipeline=pipeline,
            staging=staging_of(pipeline),
            prefix=accepted,
            project=project,
            ports=StagingPorts(tables=tables, services=services, topics=topics, collections=collections),
        )


def _tables(settings: Settings, credentials: Credentials, project: str) -> BigQueryStaging:
    emulator = settings.bigquery_emulator
    client = bigquery_client(
        project,
        credentials=credentials if emulator is None else None,
        endpoint=None if emulator is None else f"http://{emulator}",
        location=settings.bigquery_location,
        connections=AT_ONCE,
        bytes_cap=settings.bytes_cap,
    )
    return BigQueryStaging(client, project=project, request_seconds=REQUEST_SECONDS)


def _services(settings: Settings, credentials: Credentials, project: str, region: str) -> CloudRunStaging:
    services = client_of(ServicesClient, settings.run_endpoint, credentials)
    revisions = client_of(RevisionsClient, settings.run_endpoint, credentials)
    return CloudRunStaging(services, revisions, project=project, region=region, request_seconds=REQUEST_SECONDS)


def _topics(settings: Settings, credentials: Credentials, project: str) -> PubSubStaging:
    publisher = client_of(PublisherClient, settings.pubsub_emulator, credentials)
    return PubSubStaging(publisher, project=project, request_seconds=REQUEST_SECONDS)


def _collections(settings: Settings, credentials: Credentials, project: str) -> FirestoreStaging:
    emulator = settings.firestore_emulator
    return FirestoreStaging(
        client_of(FirestoreClient, emulator, credentials),
        project=project,
        database=settings.firestore_database,
        metadata=() if emulator is None else EMULATOR_METADATA,
    )
