"""Staging's ports on Google Cloud, put together: real services, or emulators where the settings name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcTransport
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.services.services.transports import ServicesGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from bot.gcp.connect import EMULATOR_METADATA, REQUEST_SECONDS, bigquery_client, insecure_channel
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
    if settings.run_endpoint is None:
        services, revisions = ServicesClient(credentials=credentials), RevisionsClient(credentials=credentials)
    else:
        channel = insecure_channel(settings.run_endpoint)
        services = ServicesClient(transport=ServicesGrpcTransport(channel=channel))
        revisions = RevisionsClient(transport=RevisionsGrpcTransport(channel=channel))
    return CloudRunStaging(services, revisions, project=project, region=region, request_seconds=REQUEST_SECONDS)


def _topics(settings: Settings, credentials: Credentials, project: str) -> PubSubStaging:
    if settings.pubsub_emulator is None:
        publisher = PublisherClient(credentials=credentials)
    else:
        publisher = PublisherClient(
            transport=PublisherGrpcTransport(channel=insecure_channel(settings.pubsub_emulator))
        )
    return PubSubStaging(publisher, project=project, request_seconds=REQUEST_SECONDS)


def _collections(settings: Settings, credentials: Credentials, project: str) -> FirestoreStaging:
    emulator = settings.firestore_emulator
    if emulator is None:
        client = FirestoreClient(credentials=credentials)
    else:
        client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(emulator)))
    return FirestoreStaging(
        client,
        project=project,
        database=settings.firestore_database,
        metadata=() if emulator is None else EMULATOR_METADATA,
    )
