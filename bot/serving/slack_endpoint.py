"""Slack's door, ``POST /slack/events``: the signature first, on the bytes as they came.

Nothing parses, keeps or logs a body before Slack's signature on it is checked. Behind the check stands Bolt, which is
not reachable otherwise and so need not check again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from slack_bolt import App, BoltRequest, BoltResponse

from bot.redaction.shown import Secret
from bot.serving.courtesy import Courtesy
from bot.serving.payloads import UnreadablePayloadError, read_payload
from bot.serving.refusals import Refusals, Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_logger = logging.getLogger(__name__)

PATH = "/slack/events"

LARGEST_BODY = 800_000
"""Bytes. The longest that Slack sends is a view of 250 kB, each byte of it escaped in a form as three."""

SIGNED_SECONDS = 300
"""A signature is as old as this at most, and as far in the future: Slack's own advice against replays."""

_TIMESTAMP = re.compile(r"\d{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)

_STATUS = {
    Refused.METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Refused.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Refused.UNREADABLE: HTTPStatus.BAD_REQUEST,
}
"""What a refusal is answered with; 401 where nothing else stands."""


def unsigned(timestamp: str, signature: str, body: bytes, secret: bytes, now: float) -> Refused | None:
    """Return why a request is not Slack's, None when it is. The body is only ever hashed."""
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return Refused.UNSIGNED
    if abs(now - int(timestamp)) > SIGNED_SECONDS:
        return Refused.STALE
    computed = hmac.new(secret, b"v0:%b:%b" % (timestamp.encode(), body), hashlib.sha256)
    return None if hmac.compare_digest(f"v0={computed.hexdigest()}", signature) else Refused.FORGED


def given_to_listener(
    app: App, payload: Mapping[str, Any], headers: Mapping[str, str | Sequence[str]] | None = None
) -> BoltResponse:
    """Give a request to its listener, whose signature was checked, now or when it was kept."""
    # As a mapping Bolt takes a body only from a socket.
    return app.dispatch(BoltRequest(body=dict(payload), headers=dict(headers or {}), mode="socket_mode"))


class SlackEndpoint:
    """A WSGI application for Slack's requests alone."""

    def __init__(
        self,
        app: App,
        secret: Secret,
        refusals: Refusals,
        courtesy: Courtesy,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._secret = secret.reveal().encode()
        self._refusals = refusals
        self._courtesy = courtesy
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(LARGEST_BODY + 1)
        refused = self._refusal(environ, body)
        if refused is not None:
            return self._refuse(refused, start_response)
        with self._courtesy.answering():
            try:
                payload = read_payload(body, environ.get("CONTENT_TYPE", ""))
                answer = given_to_listener(self._app, payload, _headers(environ))
            except UnreadablePayloadError:
                return self._refuse(Refused.UNREADABLE, start_response)
            except Exception:
                # A listener's errors are answered by Bolt. What is left breaks on the payload before one is found; it
                # is signed, so somebody's click may be lost, and that is worth its traceback.
                _logger.exception("a signed request could not be read")
                return self._refuse(Refused.UNREADABLE, start_response)
            return _answered(answer, start_response)

    def _refusal(self, environ: WSGIEnvironment, body: bytes) -> Refused | None:
        if environ["REQUEST_METHOD"] != "POST":
            return Refused.METHOD
        if len(body) > LARGEST_BODY:
            return Refused.TOO_LARGE
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        return unsigned(timestamp, environ.get("HTTP_X_SLACK_SIGNATURE", ""), body, self._secret, self._clock())

    def _refuse(self, reason: Refused, start_response: StartResponse) -> Iterable[bytes]:
        self._refusals(reason)
        status = _STATUS.get(reason, HTTPStatus.UNAUTHORIZED)
        allowed = [("Allow", "POST")] if reason is Refused.METHOD else []
        start_response(f"{status.value} {status.phrase}", [*allowed, ("Content-Length", "0")])
        return (b"",)


def _headers(environ: WSGIEnvironment) -> dict[str, str | Sequence[str]]:
    """Return the headers that mean something to a listener. No header is signed, so no other one gets further."""
    names = {"x-slack-retry-num": "HTTP_X_SLACK_RETRY_NUM", "x-slack-retry-reason": "HTTP_X_SLACK_RETRY_REASON"}
    return {name: environ[key] for name, key in names.items() if key in environ}


def _answered(answer: BoltResponse, start_response: StartResponse) -> Iterable[bytes]:
    body = answer.body.encode("utf-8", "replace")
    headers = [(name, value) for name, values in answer.headers.items() for value in values]
    start_response(
        f"{answer.status} {HTTPStatus(answer.status).phrase}", [*headers, ("Content-Length", str(len(body)))]
    )
    return (body,)
