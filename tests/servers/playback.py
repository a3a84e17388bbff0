"""A scenario behind real protocols: loaded into the emulators and served over gRPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bot.scenarios.world import World
from checks.pipeline import Pipeline
from tests.servers.bigquery_emulator import create_tables
from tests.servers.cloud_run_writes import WritableCloudRunServer
from tests.servers.firestore_emulator import clear_documents, write_documents
from tests.servers.platform import platform_servers


class NotPlayable(ValueError):  # noqa: N818 - reads as what it says
    """The emulators cannot play a scenario; the message says why."""


def must_be_playable(world: World) -> None:
    """Raise NotPlayable for a world with sources that fail, because an emulator cannot be told to."""
    if world.faults:
        message = (
            "The scenario has sources that fail, and an emulator cannot be told to: run 'reveille replay' instead."
        )
        raise NotPlayable(message)


@contextmanager
def played(
    pipeline: Pipeline, world: World, *, firestore_address: str, bigquery_address: str
) -> Iterator[Mapping[str, str]]:
    """Load a world into running emulators and serve the rest of it.

    Yields the environment in which the product finds it; the documents are deleted afterwards. Raises NotPlayable.
    """
    must_be_playable(world)
    columns = {name: table.columns for name, table in pipeline.tables.items()}
    create_tables(bigquery_address, pipeline.project, columns, world.tables)
    clear_documents(firestore_address, pipeline.project)
    write_documents(firestore_address, pipeline.project, world.documents)
    try:
        with (
            WritableCloudRunServer(
                world.services,
                world.policies,
                world.project_policy,
                revisions=world.revisions,
                run_jobs=world.run_jobs,
            ) as control_plane,
            platform_servers(pipeline, world) as platform,
        ):
            yield {
                "FIRESTORE_EMULATOR_HOST": firestore_address,
                "BIGQUERY_EMULATOR_HOST": f"http://{bigquery_address}",
                "REVEILLE_RUN_ENDPOINT": control_plane.address,
                "REVEILLE_RESOURCE_MANAGER_ENDPOINT": control_plane.address,
                **platform.environment,
                "GOOGLE_CLOUD_PROJECT": pipeline.project,
            }
    finally:
        clear_documents(firestore_address, pipeline.project)
