"""The client for Slack's Web API that everything here shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState

from bot.sinks.slack.transport import SlackClient

REQUEST_SECONDS = 5
"""A call that is under way when the process is told to end is over before it has to be."""
TOO_MANY_REQUESTS = 429


def slack_client(token: str, api_url: str, rate_limited: Callable[[str], None] = lambda _: None) -> SlackClient:
    """Return a client that never tries again by itself: a message that is sent again may stand there twice, so that
    is for the outbox to decide. ``rate_limited`` hears the method of each answer 429."""
    return SlackClient(
        token=token,
        base_url=api_url,
        timeout=REQUEST_SECONDS,
        retry_handlers=[_RateLimitCounter(rate_limited)],
    )


class _RateLimitCounter(RetryHandler):
    """Hears every answer before anybody else does, and asks for no retry."""

    def __init__(self, rate_limited: Callable[[str], None]) -> None:
        super().__init__()
        self._rate_limited = rate_limited

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        del state, error
        if response is not None and response.status_code == TOO_MANY_REQUESTS:
            self._rate_limited(request.url.rpartition("/")[2].partition("?")[0])
        return False

    def __deepcopy__(self, memo: dict[int, Any]) -> _RateLimitCounter:
        """Bolt copies what a request brings along; a counter stays the one that it is."""
        del memo
        return self
