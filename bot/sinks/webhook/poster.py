"""Posts events to webhooks, one attempt a call, and says what an answer means for the event."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.request import Request

from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.http import HttpAnswer, RedirectError, ask, retry_after
from bot.sinks.webhook.endpoints import Endpoint
from bot.sinks.webhook.events import WebhookWording, formatted

SECONDS = 5.0
"""For a whole call. The lease of a batch of five events is longer than five of them."""

RETRY_AFTER = timedelta(seconds=30)
"""What a 429 without a readable Retry-After means."""

_UNACCEPTABLE = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})


class WebhookPoster:
    """A Poster whose channels are the names of webhooks.

    An event in doubt is sent again: it has the id and the key that it had, and whoever takes it tells it by them.
    """

    wording = WebhookWording()

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        rate_limited: Callable[[str], None] = lambda _: None,
        seconds: float = SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._rate_limited = rate_limited
        self._seconds = seconds

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        endpoint = self._endpoints.get(channel)
        if endpoint is None:
            # It was taken out of the pipeline file while events for it waited.
            raise PostError(Trouble.CHANNEL, "not in the pipeline file", channel=channel)
        try:
            answer = ask(_request(endpoint, body, key), self._seconds)
        except RedirectError as error:
            raise PostError(Trouble.CHANNEL, "redirect", channel=channel) from error
        except OSError as error:
            # What it says may hold the address, which is secret.
            raise PostError(Trouble.UNAVAILABLE, type(error).__name__, channel=channel) from None
        self._must_be_taken(channel, answer)
        return Posted(channel, key, thread_ts)

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        """Events are never edited."""
        del ts, body, key
        raise PostError(Trouble.GONE, "events cannot be edited", channel=channel, call=SinkCall.EDIT)

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        """A webhook cannot be searched."""

    def _must_be_taken(self, channel: str, answer: HttpAnswer) -> None:
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        wait = timedelta(0)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            trouble, wait = Trouble.BUSY, retry_after(answer.headers) or RETRY_AFTER
            self._rate_limited("webhook")
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
            trouble = Trouble.UNAVAILABLE
        else:
            trouble = Trouble.CONTENT if status in _UNACCEPTABLE else Trouble.CHANNEL
        raise PostError(trouble, f"HTTP {status}", retry_after=wait, channel=channel)


def _request(endpoint: Endpoint, body: Mapping[str, Any], key: str) -> Request:
    secret = None if endpoint.key is None else endpoint.key.reveal()
    headers = {"Content-Type": "application/json", "User-Agent": "Reveille", "Idempotency-Key": ascii(key)[1:-1]}
    if secret is not None and endpoint.format != "pagerduty":
        headers["Authorization"] = f"Bearer {secret}"
    payload = formatted(body["event"], endpoint.format, key=key, secret=secret)
    return Request(endpoint.url.reveal(), json.dumps(payload).encode(), headers, method="POST")  # noqa: S310 - checked
