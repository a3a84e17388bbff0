"""What a pipeline file says of Cloud Run: the services and the jobs that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from checks.values import Identifier, Model


class ServiceSpec(Model):
    """A Cloud Run service."""

    name: str
    """The name of the Cloud Run service."""
    phase: Identifier | None = None
    """The phase that it belongs to."""
    writes: tuple[str, ...] = ()
    """The tables (``dataset.table``) and collections that it writes: when one of them lacks something, its last deploy
    is suspected first."""
    reads: tuple[str, ...] = ()
    """The tables and collections that it works from."""
    callers: tuple[str, ...] | None = None
    """Members that must be able to invoke it; left out, the pipeline's invoker; an empty list, nobody."""
    optional: bool = False
    """It may be missing or closed without a failure."""
    minimum_instances: int | None = Field(default=None, ge=0, le=1_000)
    """Instances that must be kept warm."""
    environment: tuple[str, ...] = ()
    """Variables that must be present and not empty."""
    secrets: Mapping[str, str] = {}
    """Where a lost variable comes from: the name of a secret in Secret Manager, as ``name`` or ``name:version``."""
    source: tuple[str, ...] = ()
    """The folders of the repository that it is built from."""
    trigger: str | None = None
    """Its build trigger; left out, by the pattern of ``deployment``."""


class RunJobSpec(Model):
    """A Cloud Run job: what is executed, ends, and is executed again."""

    name: str
    """The name of the Cloud Run job."""
    phase: Identifier | None = None
    """The phase that it belongs to; a failure of its latest execution is P1 then, otherwise P2."""
    writes: tuple[str, ...] = ()
    """The tables (``dataset.table``) and collections that it writes."""
    reads: tuple[str, ...] = ()
    """The tables and collections that it works from."""
    minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60)
    """How long an execution may take; left out, as long as the job's own time-out and retries let it."""


def service_name(function: str) -> str:
    """Return how Cloud Run names the service of a function."""
    return function.lower().replace("_", "-")
