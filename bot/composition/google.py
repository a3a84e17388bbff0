"""Everything on Google Cloud, or on emulators where the settings name them: ports, repairs, staging."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from bot.definition.sources import SOURCES
from bot.settings import Settings, SettingsError
from bot.staging.environment import StagingEnvironment, prefix_of, staging_of
from bot.staging.ports import StagingPorts
from bot.staging.steps import AT_ONCE
from checks.pipeline import Pipeline
from checks.source import Ports

if TYPE_CHECKING:
    from bot.google_cloud.clients import GoogleAccess
    from bot.sources.services.repairs import GoogleRepairPlatform


def _access(pipeline: Pipeline, settings: Settings) -> GoogleAccess:
    """Raises SettingsError where no project is named."""
    if not pipeline.project and not settings.project:
        raise SettingsError(
            f"The pipeline {pipeline.name} names no Google Cloud project: add 'project: NAME' to its file, set "
            "GOOGLE_CLOUD_PROJECT, or judge data of this machine with 'reveille validate --data FILE'."
        )
    from bot.google_cloud.clients import GoogleAccess  # noqa: PLC0415 - Google's clients take a second to import

    return GoogleAccess(pipeline=pipeline, settings=settings)


def google_ports(pipeline: Pipeline, settings: Settings) -> Ports:
    """Build the adapter of every source that a pipeline needs, once; nothing is asked yet.

    Credentials are looked up only when a source is Google's own. Raises SettingsError when there are none.
    """
    access = _access(pipeline, settings)
    ports = {line.source: line.live(access) for line in SOURCES if line.needed(pipeline)}
    return Ports({source: port for source, port in ports.items() if port is not None})


def google_repair_platform(pipeline: Pipeline, settings: Settings) -> GoogleRepairPlatform:
    """Build what repairs read and write; nothing is asked yet. Raises SettingsError without credentials."""
    from bot.sources.services.repairs import connect  # noqa: PLC0415 - Google's clients take a second to import

    return connect(_access(pipeline, settings))


@contextmanager
def google_staging(pipeline: Pipeline, settings: Settings, prefix: str | None = None) -> Iterator[StagingEnvironment]:
    """Put the staging environment of a pipeline together, and close its connections at the end.

    ``prefix`` None means the one of the pipeline file. Whatever prefixes the settings hold are ignored: production is
    read as it is. Raises StagingError for a prefix that could match production, SettingsError without credentials.
    """
    from bot.sources.documents import staging as documents  # noqa: PLC0415 - Google's clients take a second
    from bot.sources.messaging import staging as messaging  # noqa: PLC0415 - likewise
    from bot.sources.services import staging as services  # noqa: PLC0415 - likewise
    from bot.sources.warehouse import staging as warehouse  # noqa: PLC0415 - likewise

    accepted = prefix_of(pipeline, prefix)
    access = _access(pipeline, settings)
    with ExitStack() as connections:
        ports = StagingPorts(
            tables=connections.enter_context(closing(warehouse.connect(access, AT_ONCE))),
            services=connections.enter_context(closing(services.connect(access))),
            topics=connections.enter_context(closing(messaging.connect(access))),
            collections=connections.enter_context(closing(documents.connect(access))),
        )
        yield StagingEnvironment(
            pipeline=pipeline, staging=staging_of(pipeline), prefix=accepted, project=access.project, ports=ports
        )
