"""The platform of repairs on Google Cloud, or on servers of this machine where the settings name them."""

from __future__ import annotations

from google.auth.credentials import AnonymousCredentials
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient

from bot.gcp.clients import client_of
from bot.gcp.connect import REQUEST_SECONDS
from bot.gcp.credentials import default_credentials
from bot.gcp.repairs_platform import GoogleRepairPlatform
from bot.settings import Settings
from checks.pipeline import Pipeline


def google_repair_platform(pipeline: Pipeline, settings: Settings) -> GoogleRepairPlatform:
    """Build the clients; nothing is asked yet. Raises SettingsError without credentials."""
    needed = settings.run_endpoint is None or (pipeline.scheduler is not None and settings.scheduler_endpoint is None)
    credentials = default_credentials() if needed else AnonymousCredentials()  # type: ignore[no-untyped-call]
    return GoogleRepairPlatform(
        client_of(ServicesClient, settings.run_endpoint, credentials),
        client_of(CloudSchedulerClient, settings.scheduler_endpoint, credentials),
        project=settings.project or pipeline.project,
        region=pipeline.region,
        request_seconds=REQUEST_SECONDS,
    )
