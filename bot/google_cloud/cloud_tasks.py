"""Cloud Tasks by its REST interface: a task calls the service at an instant, with a token as Cloud Scheduler sends it.

The session is that of Google's own library, which is here for BigQuery; a client of Cloud Tasks would be one more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import requests
from google.api_core import exceptions
from google.auth.transport.requests import AuthorizedSession

from bot.google_cloud.clients import anonymous
from bot.google_cloud.credentials import default_credentials
from bot.google_cloud.errors import Api, mapped_errors, source_error
from checks.source import Problem, Source, SourceError

CLOUD_TASKS: Source[Any] = Source("Cloud Tasks", lambda limits: limits.control_plane, "")

API = Api(CLOUD_TASKS, "cloudtasks.googleapis.com", "roles/cloudtasks.enqueuer")

SECONDS = 5.0
"""What a call may take: a wake-up that comes late is none."""

DISPATCH_SECONDS = 900
"""What a round may take before the task is tried again."""

RUNNING = "RUNNING"


class CloudTasksQueue:
    """A queue, ``projects/PROJECT/locations/LOCATION/queues/QUEUE``, and what its tasks call.

    ``endpoint`` is a server of this machine instead of Google's. Raises SettingsError without credentials for Google's.
    """

    def __init__(
        self,
        queue: str,
        *,
        url: str,
        audience: str,
        account: str,
        endpoint: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        credentials = default_credentials() if endpoint is None else anonymous()
        self._session: AuthorizedSession = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        # A server of this machine is never behind a proxy.
        self._session.trust_env = endpoint is None
        host = f"https://{API.address}" if endpoint is None else f"http://{endpoint}"
        self._queue = queue
        self._address = f"{host}/v2/{queue}"
        self._project = queue.split("/")[1]
        self._call: dict[str, Any] = {
            "url": url,
            "httpMethod": "POST",
            "oidcToken": {"serviceAccountEmail": account, "audience": audience},
        }
        self._bounds: dict[str, Any] = {"timeout": seconds, "max_allowed_time": seconds}

    def wake_at(self, at: datetime) -> None:
        """Make the task of an instant; one that is there, or was there lately, counts as made. Raises SourceError."""
        task: dict[str, Any] = {
            "name": f"{self._queue}/tasks/{name_of(at)}",
            "scheduleTime": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "dispatchDeadline": f"{DISPATCH_SECONDS}s",
            "httpRequest": self._call,
        }
        with mapped_errors(API, self._project, "a task"):
            answer = self._session.post(f"{self._address}/tasks", json={"task": task}, **self._bounds)
        if answer.status_code != HTTPStatus.CONFLICT:
            self._must_be_well(answer, "a task")

    def must_run(self) -> None:
        """Ask for the queue. Raises SourceError where it does not answer, or does not send its tasks."""
        with mapped_errors(API, self._project, "the queue"):
            answer = self._session.get(self._address, **self._bounds)
        self._must_be_well(answer, "the queue")
        state = answer.json().get("state", RUNNING)
        if state != RUNNING:
            name, place = self._queue.split("/")[5], self._queue.split("/")[3]
            raise SourceError(
                CLOUD_TASKS,
                Problem.UNAVAILABLE,
                f"the queue is {state} and sends no task",
                advice=f"Run 'gcloud tasks queues resume {name} --location={place} --project={self._project}'.",
            )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()  # type: ignore[no-untyped-call]

    def _must_be_well(self, answer: requests.Response, subject: str) -> None:
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            error: exceptions.GoogleAPICallError = exceptions.from_http_response(answer)  # type: ignore[no-untyped-call]
            raise source_error(error, API, self._project, subject)


def name_of(at: datetime) -> str:
    """Return the name of the task of an instant, the same for whoever asks. Names that begin alike are slow to find, so
    that a hash comes first (https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create)."""
    seconds = str(int(at.timestamp()))
    return f"{sha256(seconds.encode()).hexdigest()[:10]}-round-{seconds}"
