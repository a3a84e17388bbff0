"""What every adapter of Google's generated clients has: a project, bounds in time, connections to close."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.google_cloud.errors import Api, mapped_errors, short_retry


@dataclass(frozen=True, eq=False, kw_only=True)
class GoogleAdapter:
    """Whose fields with a transport are its clients.

    ``request_seconds`` bounds a question, of a list one page, ``retry_seconds`` its repetition.
    """

    project: str
    region: str = ""
    request_seconds: float = 10.0
    retry_seconds: float = 3.0

    @property
    def location(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @cached_property
    def bounds(self) -> Mapping[str, Any]:
        """The arguments of a call, which has neither a time-out nor a retry unless it is given one."""
        return {"timeout": self.request_seconds, "retry": short_retry(self.retry_seconds)}

    def mapped_errors(self, api: Api, subject: str) -> AbstractContextManager[None]:
        """Raise SourceError for whatever Google's libraries raise inside; ``subject`` says what was asked."""
        return mapped_errors(api, self.project, subject)

    def close(self) -> None:
        """Close the connections."""
        for client in list(vars(self).values()):
            if hasattr(client, "transport"):
                client.transport.close()
