"""The commands of gcloud on the services of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.actions import Gcloud
from checks.pipeline import Pipeline


def command(pipeline: Pipeline, verb: str, service: str = "", *flags: str) -> Gcloud:
    """Return a gcloud command on one service; without a name, on all of them."""
    where = (f"--region={pipeline.region}", f"--project={pipeline.project}")
    return Gcloud("run services", verb, service, (*where, *flags))


def versioned(secret: str) -> str:
    """Return a secret with its version, ``latest`` where none is said."""
    name, _, version = secret.partition(":")
    return f"{name}:{version or 'latest'}"


def from_secrets(
    pipeline: Pipeline, service: str, secrets: Mapping[str, str], empty: Iterable[str]
) -> tuple[Gcloud, ...]:
    """Return the commands that bind variables of a service to their secrets.

    ``empty`` are those among them that have a literal: gcloud refuses to turn one, even an empty one, into a reference.
    """
    literals = ",".join(sorted(empty))
    references = ",".join(f"{name}={versioned(secret)}" for name, secret in secrets.items())
    first = (command(pipeline, "update", service, f"--remove-env-vars={literals}"),) if literals else ()
    return (*first, command(pipeline, "update", service, f"--update-secrets={references}"))
