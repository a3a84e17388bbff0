"""The product's client of BigQuery, for a server of this machine."""

from __future__ import annotations

from google.cloud import bigquery

from bot.google_cloud.clients import GoogleAccess
from bot.settings import DEFAULT_BYTES_CAP, Settings
from bot.sources.warehouse.live import bigquery_client
from tests import fakes


def emulator_client(
    address: str, project: str, *, connections: int = 4, bytes_cap: int = DEFAULT_BYTES_CAP
) -> bigquery.Client:
    """Return a client of a server at ``host:port``."""
    settings = Settings(bigquery_emulator=address, bytes_cap=bytes_cap)
    return bigquery_client(GoogleAccess(pipeline=fakes.pipeline(project=project), settings=settings), connections)
