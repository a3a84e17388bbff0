"""dbt's artifacts, from a folder of this machine or from Cloud Storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request

from google.api_core import exceptions
from google.auth.transport.requests import Request as TokenRequest

from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api, mapped_errors
from bot.http import HttpAnswer, ask
from bot.sources.dbt.artifacts import Artifacts, project_of
from bot.sources.dbt.folder import FILES, FolderArtifacts, no_manifest
from checks.ports.dbt import DBT, DbtArtifacts, DbtProject

API = Api(DBT, "storage.googleapis.com", "roles/storage.objectViewer")

STORAGE = "https://storage.googleapis.com"

LARGEST = 200_000_000
"""Bytes of a file. The manifest of a project with 5,000 models has about 60 MB."""


def connect(access: GoogleAccess) -> DbtArtifacts | None:
    spec = access.pipeline.dbt
    if spec is None:
        return None
    return BucketArtifacts(access, spec.artifacts) if spec.in_bucket else FolderArtifacts(Path(spec.artifacts))


@dataclass(frozen=True, slots=True)
class BucketArtifacts:
    """The port ``DbtArtifacts``: objects of a bucket, below a prefix. ``place`` is ``gs://BUCKET/FOLDER``."""

    access: GoogleAccess
    place: str

    def project(self) -> DbtProject:
        """Read the three files at once. Raises SourceError."""
        with mapped_errors(API, self.access.project, self.place):
            headers = self._headers()
            with ThreadPoolExecutor(len(FILES)) as pool:
                manifest, run_results, sources = pool.map(lambda file: self._object(file, headers), FILES)
        if manifest is None:
            raise no_manifest(self.place)
        return project_of(Artifacts(manifest=manifest, run_results=run_results, sources=sources))

    def _headers(self) -> Mapping[str, str]:
        if self.access.settings.storage_emulator is not None:
            return {}
        credentials: Any = self.access.credentials
        if not credentials.valid:
            credentials.refresh(TokenRequest())
        headers: dict[str, str] = {}
        credentials.apply(headers)
        return headers

    def _object(self, file: str, headers: Mapping[str, str]) -> bytes | None:
        bucket, _, folder = self.place.removeprefix("gs://").partition("/")
        name = "/".join(filter(None, (folder.strip("/"), file)))
        emulator = self.access.settings.storage_emulator
        root = STORAGE if emulator is None else f"http://{emulator}"
        address = f"{root}/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}?alt=media"
        answer = ask(Request(address, headers=dict(headers)), REQUEST_SECONDS, largest=LARGEST)  # noqa: S310 - https, or this machine
        if answer.status == 404 and "bucket does not exist" not in answer.body:  # noqa: PLR2004 - HTTP
            return None
        if answer.status != 200:  # noqa: PLR2004 - likewise
            raise exceptions.from_http_status(answer.status, _said(answer))  # type: ignore[no-untyped-call]
        return answer.body.encode()


def _said(answer: HttpAnswer) -> str:
    """Return what Cloud Storage says of an error."""
    try:
        return str(json.loads(answer.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.body[:200] or f"HTTP {answer.status}"
