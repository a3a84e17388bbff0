"""One call to Slack's Web API: an answer that is whole, in time, from where it was asked, and an object in JSON.

The SDK takes whatever JSON comes, so that a portal could be taken for Slack's refusal. Here that is no answer, an
OSError as a lost connection is.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from bot.http import NoAnswerError, ask

_TOO_MANY, _SERVER_ERROR = 429, 500


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
    answer = ask(request, client.timeout, context=client.ssl, proxy=client.proxy)
    return {"status": answer.status, "headers": answer.headers, "body": answer.body}


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
