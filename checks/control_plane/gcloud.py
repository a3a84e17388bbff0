"""The commands of gcloud about one thing of the pipeline's project."""

from __future__ import annotations

from checks.actions import Gcloud
from checks.pipeline import Pipeline


def gcloud(pipeline: Pipeline, resource: str, verb: str, name: str, *flags: str) -> Gcloud:
    """Return a gcloud command about one thing of the project; without a name, about all of them."""
    return Gcloud(resource, verb, name, (*flags, f"--project={pipeline.project}"))
