"""BigQuery's ``jobs.query`` over HTTP/1.1 with keep-alive: recorded answers, each after the same delay.

One event loop holds every connection and the answers are encoded beforehand, so that the server takes
as little as possible of the processor that is being measured.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, cast

from checks.ports.warehouse import Query, Row
from tests.bench.seen import Seen

Question = tuple[str, tuple[tuple[str, str, Any], ...]]
"""A statement and its parameters: name, type, value."""

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(type_name: str, value: Any) -> Any:
    """Return a parameter's value in one form, whether it comes from a query or from its JSON."""
    match type_name:
        case "TIMESTAMP":
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        case "INT64":
            return int(value)
        case "FLOAT64":
            return float(value)
        case "ARRAY<STRING>":
            return tuple(value)
        case _:
            return str(value).lower() if type_name == "BOOL" else str(value)


def question_of(query: Query) -> Question:
    """Return the key of a query as the product states it."""
    parameters = ((name, each.type, _plain(each.type, each.value)) for name, each in query.parameters.items())
    return query.text(), tuple(sorted(parameters))


def question_in(body: Mapping[str, Any]) -> Question:
    """Return the key of a query as the client sends it."""
    parameters = []
    for each in body.get("queryParameters", ()):
        type_name = each["parameterType"]["type"]
        if type_name == "ARRAY":
            type_name = f"ARRAY<{each['parameterType']['arrayType']['type']}>"
            value: Any = [item["value"] for item in each["parameterValue"]["arrayValues"]]
        else:
            value = each["parameterValue"]["value"]
        parameters.append((each["name"], type_name, _plain(type_name, value)))
    return body["query"], tuple(sorted(parameters))


def _cell(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(round((value - EPOCH).total_seconds() * 1_000_000))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [{"v": _cell(each)} for each in value]
    return str(value)


_TYPES = ((bool, "BOOLEAN"), (int, "INTEGER"), (float, "FLOAT"), (datetime, "TIMESTAMP"), (date, "DATE"))


def _type_name(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "STRING")


def _field(name: str, values: Sequence[Any]) -> Mapping[str, str]:
    value = next((each for each in values if each is not None), None)
    if isinstance(value, list | tuple):
        return {"name": name, "type": _type_name(next(iter(value), None)), "mode": "REPEATED"}
    return {"name": name, "type": _type_name(value), "mode": "NULLABLE"}


def answer(rows: Sequence[Row]) -> bytes:
    """Encode rows as the body of a finished ``jobs.query``."""
    names = tuple(rows[0]) if rows else ("nothing",)
    return json.dumps(
        {
            "kind": "bigquery#queryResponse",
            "schema": {"fields": [_field(name, [row.get(name) for row in rows]) for name in names]},
            "jobReference": {"projectId": "example", "jobId": "job", "location": "US"},
            "totalRows": str(len(rows)),
            "rows": [{"f": [{"v": _cell(row[name])} for name in names]} for row in rows],
            "totalBytesProcessed": "0",
            "jobComplete": True,
            "cacheHit": False,
        }
    ).encode()


def _refusal(reason: str, message: str) -> bytes:
    return json.dumps({"error": {"message": message, "errors": [{"reason": reason, "message": message}]}}).encode()


class BigQueryServer:
    """Serves on loopback until the loop ends; ``delay`` is in seconds."""

    def __init__(self, answers: Mapping[Question, Sequence[Row]], delay: float, seen: Seen) -> None:
        self._answers = {question: answer(rows) for question, rows in answers.items()}
        self._seen = seen
        self.delay = delay

    async def start(self) -> str:
        """Listen; return the address."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=256)
        host, port = server.sockets[0].getsockname()
        return f"{host}:{port}"

    def respond(self, method: str, path: str, body: bytes) -> bytes:
        """Return the whole response to a request."""
        if method != "POST" or not path.endswith("/queries"):
            self._seen.add("BigQuery", f"{method} {path.rsplit('/', 1)[-1]}")
            return _response(HTTPStatus.NOT_FOUND, _refusal("notFound", f"{method} {path} is not served here"))
        question = question_in(json.loads(body))
        self._seen.add("BigQuery", "jobs.query", repr(question))
        if question not in self._answers:
            return _response(HTTPStatus.BAD_REQUEST, _refusal("invalidQuery", "this query was not recorded"))
        return _response(HTTPStatus.OK, self._answers[question])


def _response(status: HTTPStatus, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json; charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One connection: a client sends its next request only when it has the answer to the last."""

    def __init__(self, server: BigQueryServer) -> None:
        self._server = server
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = bytes(self._received).partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        expected = int(length[1]) if length is not None else 0
        if not blank or len(rest) < expected:
            return
        self._received.clear()
        method, path, _ = head.decode("latin-1").split(" ", 2)
        response = self._server.respond(method, path.partition("?")[0], rest)
        asyncio.get_running_loop().call_later(self._server.delay, self._send, response)

    def _send(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)
