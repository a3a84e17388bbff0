"""The part of a pipeline file about staging: what is copied, what may be deployed beside production."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from checks.values import DatasetName, Model


class Seed(Model):
    """A table that staging gets one date of."""

    table: str
    """The table, as ``dataset.table``; it stands under ``tables``, too."""
    date: str | None = None
    """The column that says which date a row belongs to, a DATE or a TIMESTAMP; left out, the table's partition."""


class StagedService(Model):
    """A service that may be deployed a second time, against staging."""

    name: str
    """The name of the Cloud Run service of production."""
    topics: Mapping[str, str] = {}
    """The variables that name topics, each with the production topic that it names; the copy gets prefixed ones."""
    variables: Mapping[str, str] = {}
    """Other variables of the copy, by name; never a secret."""


class Staging(Model):
    """A second set of datasets, services, topics and collections, told apart by a prefix."""

    prefix: str = "test_"
    """What stands before every name, unless the command says otherwise."""
    datasets: tuple[DatasetName, ...] = ()
    """The datasets that get a staging copy, and that ``prove`` watches; left out, all of them."""
    expiry_days: int = Field(default=7, ge=1, le=60)
    """Days after which BigQuery deletes a table of staging by itself."""
    row_limit: int = Field(default=50_000, ge=1, le=10_000_000)
    """The most rows of one date that are copied from a table."""
    seed: tuple[Seed, ...] = ()
    """The tables that are copied, one date at a time."""
    services: tuple[StagedService, ...] = ()
    """The services that may be deployed to staging."""
    collections: tuple[str, ...] = ()
    """Firestore collections of production that ``prove`` watches."""
    dataset_variable: str = Field(default="DATASET_PREFIX", pattern=r"^[A-Z][A-Z0-9_]*$")
    """The variable by which the services learn the prefix of datasets."""
    collection_variable: str = Field(default="COLLECTION_PREFIX", pattern=r"^[A-Z][A-Z0-9_]*$")
    """The variable by which they learn the prefix of collections."""
