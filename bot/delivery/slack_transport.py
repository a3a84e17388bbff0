"""One call to Slack's Web API: an answer that is whole, in time, from where it was asked, and an object in JSON.

The SDK waits for each piece of an answer anew, follows redirects with the token in its hand, and takes whatever JSON
comes: what stands between us and Slack, a proxy or a portal, could hold the outbox for hours, get the token, or be
taken for Slack's refusal. Here each of these is no answer, an OSError as a lost connection is.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

LARGEST_ANSWER = 32_000_000
"""Bytes. The longest is a page of 200 messages with their blocks, about 3 MB."""

_TOO_MANY, _SERVER_ERROR = 429, 500


class NoAnswerError(ConnectionError):
    """What came is no answer of Slack's: whether it did what it was asked for is not known."""


class SlackClient(WebClient):
    """A WebClient whose ``timeout`` is that of a whole answer. Each call raises SlackClientError or OSError."""

    def _perform_urllib_http_request(self, *, url: str, args: dict[str, dict[str, Any]]) -> dict[str, Any]:
        answer = super()._perform_urllib_http_request(url=url, args=args)
        if _is_object(answer["body"]):
            return answer
        # These say by their status alone that it is to be tried again, whoever says it.
        if answer["status"] == _TOO_MANY or answer["status"] >= _SERVER_ERROR:
            return {**answer, "body": "{}"}
        raise NoAnswerError(f"HTTP {answer['status']} without JSON")

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002 - the SDK's
        return _asked(self, req)


class ResponseAddress(WebhookClient):
    """Where one request may be answered. Each call raises SlackClientError, OSError, and
    ValueError where that is no address."""

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        answer = _asked(self, req)
        return WebhookResponse(
            url=url, status_code=answer["status"], body=answer["body"], headers=dict(answer["headers"])
        )


def _asked(client: WebClient | WebhookClient, request: Request) -> dict[str, Any]:
    """Ask, and close the connection whatever comes of the answer: one that breaks off would keep it open.

    Raises OSError, NoAnswerError for whatever is no answer.
    """
    if request.type not in ("http", "https"):
        raise NoAnswerError("no address of the web")
    proxies = [] if client.proxy is None else [ProxyHandler({"http": client.proxy, "https": client.proxy})]
    opener = build_opener(*proxies, _Timely(), _TimelyAndSafe(client.ssl), _Staying())
    try:
        try:
            answered = opener.open(request, timeout=client.timeout)
        except HTTPError as refusal:
            answered = refusal  # an answer as well
        with answered as answer:
            body = answer.read(LARGEST_ANSWER + 1)
            if len(body) > LARGEST_ANSWER:
                raise NoAnswerError("the answer is too long")
            if answer.length:  # bytes that were announced and did not come
                raise NoAnswerError("the answer breaks off")
            charset = answer.headers.get_content_charset() or "utf-8"
            return {"status": answer.status, "headers": answer.headers, "body": body.decode(charset)}
    except (HTTPException, ValueError, LookupError) as error:
        raise NoAnswerError(type(error).__name__) from error


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


class _Staying(HTTPRedirectHandler):
    """Follows nowhere: another address is not Slack, and would get the token."""

    def redirect_request(self, *arguments: Any) -> None:
        _, answer, code, *_ = arguments
        answer.close()
        raise NoAnswerError(f"HTTP {code} leads elsewhere")


class _WholeAnswer(io.RawIOBase):
    """Reads from a socket until the time of the whole answer is over, however steadily it drips."""

    def __init__(self, connection: socket.socket, answer: Any) -> None:
        self._connection = connection
        self._answer = answer
        seconds = connection.gettimeout()
        self._until = None if seconds is None else time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._until is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer takes too long")
            self._connection.settimeout(left)
        read: int | None = self._answer.readinto(buffer)
        return read

    def close(self) -> None:
        self._answer.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_WholeAnswer(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Response


class _SafeConnection(HTTPSConnection):
    response_class = _Response


class _Timely(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_Connection, req)


class _TimelyAndSafe(HTTPSHandler):
    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(context=context)
        self._chosen = context

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_SafeConnection, req, context=self._chosen)
