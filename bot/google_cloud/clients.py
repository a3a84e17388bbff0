"""Google's clients: with credentials for Google's own services, without any for servers of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import grpc
from google.auth.credentials import AnonymousCredentials, Credentials

from bot.google_cloud.credentials import default_credentials
from bot.settings import Settings
from checks.pipeline import Pipeline

C = TypeVar("C")

REQUEST_SECONDS = 12.0
"""A request that takes longer hangs: checks have 30 s by default, and a retry must fit in as well."""

EMULATOR_METADATA = (("authorization", "Bearer owner"),)
"""Lets a request to the Firestore emulator pass whatever security rules it was given."""


@dataclass(frozen=True, kw_only=True)
class GoogleAccess:
    """What every client of a pipeline is made with. Credentials are looked up when a client of Google's own is made."""

    pipeline: Pipeline
    settings: Settings

    @property
    def project(self) -> str:
        return self.settings.project or self.pipeline.project

    @property
    def place(self) -> dict[str, Any]:
        """The arguments of an adapter whose source is of one region."""
        return {"project": self.project, "region": self.pipeline.region, "request_seconds": REQUEST_SECONDS}

    @cached_property
    def credentials(self) -> Credentials:
        """The credentials, shared by every client. Raises SettingsError when there are none."""
        return default_credentials()

    def client(self, kind: type[C], endpoint: str | None) -> C:
        """Return a client; ``endpoint`` is ``host:port`` of an emulator, None for Google's own service.

        Raises SettingsError without credentials for Google's own.
        """
        return client_of(kind, endpoint, anonymous() if endpoint is not None else self.credentials)


def anonymous() -> Credentials:
    """Return the credentials for a server of this machine: none."""
    return AnonymousCredentials()  # type: ignore[no-untyped-call]


def client_of(kind: type[C], endpoint: str | None, credentials: Credentials) -> C:
    """Return a client; ``endpoint`` is ``host:port`` of an emulator, None for Google's own service."""
    generated: Any = kind  # the generated clients share their methods, and no base that says so
    if endpoint is None:
        made = generated(credentials=credentials)
    else:
        made = generated(transport=generated.get_transport_class("grpc")(channel=insecure_channel(endpoint)))
    return cast("C", made)


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
