"""The endpoint for Cloud Scheduler: where the CPU is not always allocated, somebody outside has to knock.

A knock comes at least once, so it may come twice; what a job does is guarded by its slot. The token that Cloud
Scheduler sends is Google's word for who called: signature, issuer, audience and account must all be right.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from flask import Blueprint, Response, jsonify, request

from bot.store.model import StoreError
from bot.timetable.schedules import UnknownJobError

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"

KEPT_SECONDS = 3600.0
"""Google's certificates are fetched again after an hour; they change every few days, and old ones stay for a while."""

CLOCK_SKEW_SECONDS = 10
LONGEST_TOKEN = 8192

_logger = logging.getLogger(__name__)


class Runs(Protocol):
    """What the endpoint needs of the schedules."""

    def run(self, job: str) -> str: ...


class RefusedError(Exception):
    """The caller is not the one that may knock; the message is for the log and names no secret."""


class UndecidedError(Exception):
    """Nobody can tell now whether the caller may knock; trying again may help."""


Verify = Callable[[str], None]
"""Judges a token. Raises RefusedError and UndecidedError."""


def tasks_blueprint(schedules: Runs, verify: Verify, settle: Callable[[], object] = lambda: None) -> Blueprint:
    """Return the route ``POST /tasks/<job>``. It answers when the work is done: until then there is a CPU.

    ``settle`` waits until Slack has what the job stored.
    """
    blueprint = Blueprint("tasks", __name__)

    @blueprint.post("/tasks/<job>")
    def task(job: str) -> tuple[Response, int]:
        try:
            verify(_bearer(request.headers.get("Authorization", "")))
        except RefusedError as error:
            _logger.warning("a scheduled task was refused: %s", error)
            return jsonify(error="Unauthorized"), HTTPStatus.UNAUTHORIZED
        except UndecidedError as error:
            _logger.warning("the token of a scheduled task could not be judged: %s", error)
            return jsonify(error="Try again"), HTTPStatus.SERVICE_UNAVAILABLE
        try:
            outcome = schedules.run(job)
            settle()
            return jsonify(job=job, outcome=outcome), HTTPStatus.OK
        except UnknownJobError as error:
            return jsonify(error=str(error)), HTTPStatus.NOT_FOUND
        except StoreError as error:
            # Cloud Scheduler tries again after a 503.
            _logger.warning("the scheduled task %s could not be done: %s", job, error)
            return jsonify(error="The store is down"), HTTPStatus.SERVICE_UNAVAILABLE

    return blueprint


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise RefusedError("it carries no bearer token")
    return token


Fetch = Callable[..., Any]
"""Asks for a URL, as ``google.auth.transport.Request`` does."""


class GoogleTokens:
    """Accepts tokens that Google signed for one account, made out to one audience.

    ``fetch`` gets Google's certificates, by default over the network; they are kept for an hour.
    """

    def __init__(
        self, audience: str, account: str, *, fetch: Fetch | None = None, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._audience = audience
        self._account = account
        self._fetch = fetch
        self._timer = timer
        self._lock = threading.Lock()
        self._kept: tuple[float, Any] | None = None

    def __call__(self, token: str) -> None:
        """Judge a token. Raises RefusedError and UndecidedError."""
        claims = self._claims(token)
        if claims.get("iss") not in ISSUERS:
            raise RefusedError("the token is not one of Google's")
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            raise RefusedError("the token belongs to another account")

    def _claims(self, token: str) -> Mapping[str, Any]:
        from google.auth import exceptions  # noqa: PLC0415 - heavy, and needed only where Cloud Scheduler calls
        from google.oauth2 import id_token  # noqa: PLC0415 - likewise

        certificates: Any = self._certificates
        try:
            claims: Mapping[str, Any] = id_token.verify_token(
                token,
                certificates,
                audience=self._audience,
                certs_url=CERTIFICATES,
                clock_skew_in_seconds=CLOCK_SKEW_SECONDS,
            )
        except exceptions.TransportError as error:
            raise UndecidedError("Google's certificates could not be fetched") from error
        except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError) as error:
            # The error's text can hold the token's content.
            raise RefusedError(f"the token is not valid ({type(error).__name__})") from error
        return claims

    def _certificates(self, url: str, method: str = "GET", **_: Any) -> Any:
        """Fetch, or return what was fetched within the hour; one thread at a time."""
        with self._lock:
            if self._kept is not None and self._timer() - self._kept[0] < KEPT_SECONDS:
                return self._kept[1]
            answer = (self._fetch or _over_the_network())(url, method=method, timeout=10)
            if answer.status == HTTPStatus.OK:
                self._kept = (self._timer(), answer)
            return answer


def _over_the_network() -> Fetch:
    from google.auth.transport.requests import Request  # noqa: PLC0415 - heavy, and needed once an hour

    transport: Fetch = Request()
    return transport
