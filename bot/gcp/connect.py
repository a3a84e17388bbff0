"""The ports on Google Cloud, put together: real services, or emulators where the settings name them."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcTransport
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.services.services.transports import ServicesGrpcTransport

from bot.gcp.bigquery import BigQueryWarehouse, BoundedAdapter, job_defaults
from bot.gcp.control_plane import GoogleControlPlane
from bot.gcp.credentials import default_credentials
from bot.gcp.firestore import FirestoreDocuments
from bot.settings import Settings
from checks.pipeline import Pipeline
from checks.ports import Ports

REQUEST_SECONDS = 12.0
"""A request that takes longer hangs: checks have 30 s by default, and a retry must fit in as well."""

WAIT_SECONDS = 8.0
"""What a query that is still running after ``REQUEST_SECONDS`` gets on top."""

EMULATOR_METADATA = (("authorization", "Bearer owner"),)
"""Lets a request to the Firestore emulator pass whatever security rules it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePorts(Ports):
    """Ports on Google Cloud; ``close`` ends their connections."""

    documents: FirestoreDocuments
    warehouse: BigQueryWarehouse
    control_plane: GoogleControlPlane

    def close(self) -> None:
        """Close every connection; questions under way fail."""
        self.documents.close()
        self.warehouse.close()
        self.control_plane.close()


def google_ports(pipeline: Pipeline, settings: Settings) -> GooglePorts:
    """Build every client of a pipeline, once; nothing is asked yet.

    Credentials are looked up only when a source is Google's own. Raises SettingsError when there are none.
    """
    credentials = default_credentials() if settings.needs_credentials else AnonymousCredentials()  # type: ignore[no-untyped-call]
    project = settings.project or pipeline.project
    return GooglePorts(
        documents=_documents(settings, credentials, project),
        warehouse=_warehouse(settings, credentials, project, pipeline.limits.bigquery),
        control_plane=_control_plane(settings, credentials, project, pipeline.region),
    )


def _documents(settings: Settings, credentials: Credentials, project: str) -> FirestoreDocuments:
    emulator = settings.firestore_emulator
    if emulator is None:
        client = FirestoreClient(credentials=credentials)
    else:
        client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(emulator)))
    return FirestoreDocuments(
        client,
        project=project,
        database=settings.firestore_database,
        collection_prefix=settings.collection_prefix,
        metadata=() if emulator is None else EMULATOR_METADATA,
        request_seconds=REQUEST_SECONDS,
    )


def _warehouse(settings: Settings, credentials: Credentials, project: str, connections: int) -> BigQueryWarehouse:
    emulator = settings.bigquery_emulator
    return BigQueryWarehouse(
        bigquery_client(
            project,
            credentials=credentials if emulator is None else None,
            endpoint=None if emulator is None else f"http://{emulator}",
            location=settings.bigquery_location,
            connections=connections,
            bytes_cap=settings.bytes_cap,
        ),
        project=project,
        dataset_prefix=settings.dataset_prefix,
        request_seconds=REQUEST_SECONDS,
        wait_seconds=WAIT_SECONDS,
    )


def _control_plane(settings: Settings, credentials: Credentials, project: str, region: str) -> GoogleControlPlane:
    if settings.run_endpoint is None:
        services = ServicesClient(credentials=credentials)
    else:
        services = ServicesClient(transport=ServicesGrpcTransport(channel=insecure_channel(settings.run_endpoint)))
    if settings.resource_manager_endpoint is None:
        projects = ProjectsClient(credentials=credentials)
    else:
        channel = insecure_channel(settings.resource_manager_endpoint)
        projects = ProjectsClient(transport=ProjectsGrpcTransport(channel=channel))
    return GoogleControlPlane(services, projects, project=project, region=region, request_seconds=REQUEST_SECONDS)


def bigquery_client(
    project: str,
    *,
    credentials: Credentials | None,
    endpoint: str | None,
    location: str | None,
    connections: int,
    bytes_cap: int,
) -> bigquery.Client:
    """Return a client whose connections, bytes and times are bounded; without credentials it is anonymous."""
    session = AuthorizedSession(credentials or AnonymousCredentials())  # type: ignore[no-untyped-call]
    # An emulator is never behind a proxy.
    session.trust_env = credentials is not None
    session.mount("http://", BoundedAdapter(connections, REQUEST_SECONDS))
    session.mount("https://", BoundedAdapter(connections, REQUEST_SECONDS))
    return bigquery.Client(
        project=project,
        credentials=session.credentials,
        _http=session,
        location=location,
        client_options={"api_endpoint": endpoint} if endpoint is not None else None,
        default_query_job_config=job_defaults(bytes_cap, REQUEST_SECONDS + WAIT_SECONDS),
    )


def insecure_channel(address: str) -> grpc.Channel:
    """Return a channel without encryption, past any proxy, that takes messages of any size like Google's own."""
    return grpc.insecure_channel(
        address,
        options=(
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.enable_http_proxy", 0),
        ),
    )
