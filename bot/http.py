"""One request of the web: an answer that is whole, in time, and from where it was asked.

The standard library waits for each address and each piece of an answer again, and follows redirects with whatever
secret the request carries: a proxy or a portal in between could hold the outbox for hours, or get the secret.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

LARGEST_ANSWER = 32_000_000
"""Bytes. The longest is a page of 200 messages of Slack with their blocks, about 3 MB."""


LONGEST_RETRY_AFTER = timedelta(hours=1)
"""Servers ask for seconds or minutes; whatever asks for more is asked again after this."""


class NoAnswerError(ConnectionError):
    """What came is no answer: whether what was asked for was done is not known."""


class RedirectError(NoAnswerError):
    """The answer leads to another address, which is not followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A whole answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: str


def ask(
    request: Request,
    seconds: float,
    *,
    context: ssl.SSLContext | None = None,
    proxy: str | None = None,
    largest: int = LARGEST_ANSWER,
) -> HttpAnswer:
    """Ask, and close the connection whatever comes of the answer: one that breaks off would keep it open.

    ``seconds`` bound all of it from the first address that is tried to the last byte of the answer, ``largest`` its
    bytes. Raises OSError, NoAnswerError for whatever is no answer.
    """
    if request.type not in ("http", "https"):
        raise NoAnswerError("no address of the web")
    proxies = [] if proxy is None else [ProxyHandler({"http": proxy, "https": proxy})]
    until = time.monotonic() + seconds
    opener = build_opener(*proxies, _Timely(until), _TimelyAndSafe(until, context), _Staying())
    try:
        try:
            answered = opener.open(request, timeout=seconds)
        except HTTPError as refusal:
            answered = refusal  # an answer as well
        with answered as answer:
            body = answer.read(largest + 1)
            if len(body) > largest:
                raise NoAnswerError("the answer is too long")
            if answer.length:  # bytes that were announced and did not come
                raise NoAnswerError("the answer breaks off")
            charset = answer.headers.get_content_charset() or "utf-8"
            return HttpAnswer(status=answer.status, headers=answer.headers, body=body.decode(charset))
    except (HTTPException, ValueError, LookupError) as error:
        raise NoAnswerError(type(error).__name__) from error


def retry_after(headers: Mapping[str, str | Sequence[str]]) -> timedelta | None:
    """Return for how long an answer asks to be left alone; None when it does not say so in seconds."""
    value = headers.get("Retry-After") or headers.get("retry-after") or ""
    text = value if isinstance(value, str) else next(iter(value), "")
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)


class _Staying(HTTPRedirectHandler):
    """Follows nowhere: another address is not the one that was meant, and would get the secret."""

    def redirect_request(self, *arguments: Any) -> None:
        _, answer, code, *_ = arguments
        answer.close()
        raise RedirectError(f"HTTP {code} leads elsewhere")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("it takes too long")
    return left


class _WholeAnswer(io.RawIOBase):
    """Reads from a socket until the time of the whole answer is over, however steadily it drips."""

    def __init__(self, connection: socket.socket, answer: Any, until: float) -> None:
        self._connection = connection
        self._answer = answer
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(_left(self._until))
        read: int | None = self._answer.readinto(buffer)
        return read

    def close(self) -> None:
        self._answer.close()
        super().close()


def _response(until: float, sock: socket.socket, *arguments: Any, **named: Any) -> HTTPResponse:
    response = HTTPResponse(sock, *arguments, **named)
    response.fp = io.BufferedReader(_WholeAnswer(sock, response.fp.detach(), until))
    return response


def _connected(until: float, address: tuple[str, int], *_: Any) -> socket.socket:
    """Return a connection to the first address of a name that answers; all of them together have until then."""
    refused = OSError("it has no address")
    for family, kind, protocol, _name, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(_left(until))
            connection.connect(place)
            connection.settimeout(_left(until))  # which bounds a handshake as a whole
        except OSError as error:
            connection.close()
            refused = error
        else:
            return connection
    raise refused


class _Connection(HTTPConnection):
    def __init__(self, host: str, *, until: float, **named: Any) -> None:
        super().__init__(host, **named)
        _bounded(self, until)


class _SafeConnection(HTTPSConnection):
    def __init__(self, host: str, *, until: float, **named: Any) -> None:
        super().__init__(host, **named)
        _bounded(self, until)


def _bounded(connection: HTTPConnection, until: float) -> None:
    connection._create_connection = partial(_connected, until)  # type: ignore[attr-defined]  # noqa: SLF001 - made to be replaced
    connection.response_class = partial(_response, until)  # type: ignore[assignment]  # it is only called


class _Timely(HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_Connection, until=self._until), req)


class _TimelyAndSafe(HTTPSHandler):
    def __init__(self, until: float, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self._until = until
        self._chosen = context

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_SafeConnection, until=self._until, context=self._chosen), req)
