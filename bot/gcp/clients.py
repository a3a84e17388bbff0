"""Google's clients: with credentials for Google's own services, without any for servers of this machine."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import grpc
from google.auth.credentials import Credentials

C = TypeVar("C")


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
