"""Google's own Firestore emulator, part of the Cloud SDK."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import BatchWriteRequest, Document, Write

from bot.google_cloud.clients import EMULATOR_METADATA, insecure_channel
from tests.servers.emulator import EmulatorUnavailable, free_port, running

WRITES_AT_ONCE = 400


@contextmanager
def firestore_emulator() -> Iterator[str]:
    """Run the emulator; yield its ``host:port``. Raises EmulatorUnavailable."""
    for program in ("gcloud", "java"):
        if shutil.which(program) is None:
            message = f"the Firestore emulator needs {program}, which is not installed"
            raise EmulatorUnavailable(message)
    address = f"127.0.0.1:{free_port()}"
    command = ["gcloud", "emulators", "firestore", "start", f"--host-port={address}", "--quiet"]
    with running(command, f"http://{address}/", {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}):
        yield address


def write_documents(
    address: str, project: str, documents: Mapping[str, Mapping[str, Any]], database: str = "(default)"
) -> None:
    """Write documents by path, as they are: no prefix is added."""
    root = f"projects/{project}/databases/{database}"
    writes = [
        Write(update=Document(name=f"{root}/documents/{path}", fields=encode_dict(dict(data))))
        for path, data in documents.items()
    ]
    client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(address)))
    try:
        for first in range(0, len(writes), WRITES_AT_ONCE):
            request = BatchWriteRequest(database=root, writes=writes[first : first + WRITES_AT_ONCE])
            answer = client.batch_write(request, timeout=60, metadata=EMULATOR_METADATA)
            failed = [status.message for status in answer.status if status.code]
            if failed:
                message = f"the emulator refused {len(failed)} documents: {failed[0]}"
                raise RuntimeError(message)
    finally:
        client.transport.close()  # type: ignore[no-untyped-call]


def clear_documents(address: str, project: str, database: str = "(default)") -> None:
    """Delete every document of a project's database."""
    url = f"http://{address}/emulator/v1/projects/{project}/databases/{database}/documents"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, method="DELETE"), timeout=60):
        pass
