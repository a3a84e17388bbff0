"""The ports on Google Cloud, put together: real services, or emulators where the settings name them."""

from __future__ import annotations

from dataclasses import dataclass

from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import CloudBuildClient
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.subscriber import SubscriberClient

from bot.gcp.bigquery import BigQueryWarehouse, BoundedAdapter, job_defaults
from bot.gcp.builds import GoogleBuilds
from bot.gcp.clients import client_of
from bot.gcp.control_plane import GoogleControlPlane
from bot.gcp.credentials import default_credentials
from bot.gcp.firestore import FirestoreDocuments
from bot.gcp.messaging import GoogleMessaging
from bot.gcp.requests import GoogleRequests
from bot.gcp.scheduler import GoogleScheduler
from bot.repository.connect import audit_of, repository_of
from bot.repository.github import GitHubRepository
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
    messaging: GoogleMessaging | None = None
    scheduler: GoogleScheduler | None = None
    builds: GoogleBuilds | None = None
    requests: GoogleRequests | None = None

    def close(self) -> None:
        """Close every connection; questions under way fail."""
        self.documents.close()
        self.warehouse.close()
        self.control_plane.close()
        for port in (self.messaging, self.scheduler, self.builds, self.requests):
            if port is not None:
                port.close()
        if isinstance(self.repository, GitHubRepository):
            self.repository.close()


def google_ports(pipeline: Pipeline, settings: Settings) -> GooglePorts:
    """Build every client of a pipeline, once; nothing is asked yet.

    What no section of the pipeline file asks about is not connected. Credentials are looked up only when a source
    is Google's own. Raises SettingsError when there are none.
    """
    needed = None in _endpoints(pipeline, settings)
    credentials = default_credentials() if needed else AnonymousCredentials()  # type: ignore[no-untyped-call]
    project = settings.project or pipeline.project
    return GooglePorts(
        documents=_documents(settings, credentials, project),
        warehouse=_warehouse(settings, credentials, project, pipeline.limits.bigquery),
        control_plane=_control_plane(settings, credentials, project, pipeline.region),
        messaging=_messaging(settings, credentials, project) if pipeline.messaging is not None else None,
        scheduler=_scheduler(settings, credentials, project, pipeline.region)
        if pipeline.scheduler is not None
        else None,
        builds=_builds(settings, credentials, project, pipeline.region) if pipeline.deployment is not None else None,
        requests=_requests(settings, credentials, project, pipeline.region)
        if pipeline.invocations is not None
        else None,
        repository=repository_of(pipeline, settings),
        audit=audit_of(settings),
    )


def _endpoints(pipeline: Pipeline, settings: Settings) -> tuple[str | None, ...]:
    """Return where each source is that the pipeline needs; None is Google's own."""
    return (
        settings.firestore_emulator,
        settings.bigquery_emulator,
        settings.run_endpoint,
        settings.resource_manager_endpoint,
        *([settings.pubsub_emulator] if pipeline.messaging is not None else []),
        *([settings.scheduler_endpoint] if pipeline.scheduler is not None else []),
        *([settings.build_endpoint] if pipeline.deployment is not None else []),
        *([settings.monitoring_endpoint] if pipeline.invocations is not None else []),
    )


def _documents(settings: Settings, credentials: Credentials, project: str) -> FirestoreDocuments:
    emulator = settings.firestore_emulator
    return FirestoreDocuments(
        client_of(FirestoreClient, emulator, credentials),
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
    return GoogleControlPlane(
        client_of(ServicesClient, settings.run_endpoint, credentials),
        client_of(RevisionsClient, settings.run_endpoint, credentials),
        client_of(ProjectsClient, settings.resource_manager_endpoint, credentials),
        project=project,
        region=region,
        request_seconds=REQUEST_SECONDS,
    )


def _messaging(settings: Settings, credentials: Credentials, project: str) -> GoogleMessaging:
    subscriber = client_of(SubscriberClient, settings.pubsub_emulator, credentials)
    publisher = client_of(PublisherClient, settings.pubsub_emulator, credentials)
    return GoogleMessaging(subscriber, publisher, project=project, request_seconds=REQUEST_SECONDS)


def _scheduler(settings: Settings, credentials: Credentials, project: str, region: str) -> GoogleScheduler:
    client = client_of(CloudSchedulerClient, settings.scheduler_endpoint, credentials)
    return GoogleScheduler(client, project=project, region=region, request_seconds=REQUEST_SECONDS)


def _builds(settings: Settings, credentials: Credentials, project: str, region: str) -> GoogleBuilds:
    client = client_of(CloudBuildClient, settings.build_endpoint, credentials)
    return GoogleBuilds(client, project=project, region=region, request_seconds=REQUEST_SECONDS)


def _requests(settings: Settings, credentials: Credentials, project: str, region: str) -> GoogleRequests:
    client = client_of(MetricServiceClient, settings.monitoring_endpoint, credentials)
    return GoogleRequests(client, project=project, region=region, request_seconds=REQUEST_SECONDS)


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
