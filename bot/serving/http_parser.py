"""What counts as a request: waitress's parser, made strict.

Slack, Google and every proxy send plain requests. Whatever two servers in a row could read in two ways, and whatever
makes a parser work longer than it is long, is refused before it is parsed.
"""

from __future__ import annotations

import re

from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]
from waitress.receiver import ChunkedReceiver  # type: ignore[import-untyped]
from waitress.utilities import BadRequest  # type: ignore[import-untyped]

LARGEST_HEAD = 16_384
"""Bytes of request line and headers; Slack sends one thousand, and proxies add another."""

MOST_HEADERS = 100

LONGEST_CHUNK_LINE = 256
"""Bytes of the line before a chunk; waitress itself would collect as many as the longest body has."""

LONGEST_TRAILER = 1024

_REQUEST_LINE = re.compile(rb"[A-Z]{1,16} /[!-~]* HTTP/1\.[01]")
_HOST = re.compile(rb"^host:", re.IGNORECASE | re.MULTILINE)


class StrictParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads one request. Never raises; what is wrong becomes an answer of the family 4xx."""

    path = ""
    """Waitress names it when a client goes before its answer, also the client whose request was none."""

    def received(self, data: bytes) -> int:
        """Read on; return how many bytes belong to this request."""
        try:
            consumed = int(super().received(data))
        except Exception as error:  # noqa: BLE001 - a parser that breaks would take its traceback to the log
            return self._refuse(f"{type(error).__name__}", len(data))
        if not self.completed and _endless(self.body_rcv):
            return self._refuse("a chunk has no end", len(data))
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read request line and headers. Raises ParsingError and ValueError, also for what waitress would guess."""
        line, _, headers = header_plus.partition(b"\r\n")
        if not _REQUEST_LINE.fullmatch(line):
            raise ParsingError("the request line is none of HTTP/1.1")
        if headers.count(b"\r\n") > MOST_HEADERS:
            raise ParsingError("too many headers")
        if len(_HOST.findall(headers)) > 1:
            raise ParsingError("several hosts")
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            # In HTTP/1.0 there are no chunks, and beside a length they are how one request is hidden in another.
            raise ParsingError("two lengths")

    def _refuse(self, why: str, consumed: int) -> int:
        self.error = BadRequest(why)
        self.completed = True
        return consumed


def _endless(receiver: object) -> bool:
    return isinstance(receiver, ChunkedReceiver) and (
        len(receiver.control_line) > LONGEST_CHUNK_LINE or len(receiver.trailer) > LONGEST_TRAILER
    )
