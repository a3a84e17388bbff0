"""Slack's Web API as the outbox needs it: one attempt a call, and errors translated into what to do about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.web import SlackResponse

from bot.delivery.poster import Posted, PostError, Trouble

EVENT_TYPE = "reveille"

CLOCKS_DIFFER = timedelta(minutes=10)
"""Slack's clock gives the time stamps: look so much further back than our own clock says."""

PAGE = 200
PAGES_AT_MOST = 25
"""Five thousand messages since a delivery was made: no channel for alerts is that busy."""

RETRY_AFTER = timedelta(seconds=30)
"""What a 429 without a readable Retry-After means."""

SERVER_ERROR, TOO_MANY = 500, 429

# Source: the errors of chat.postMessage, chat.update and conversations.history in Slack's reference.
_TROUBLES: Mapping[Trouble, frozenset[str]] = {
    Trouble.BUSY: frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"}),
    # A token that does not work fails every message alike, and works again once somebody has mended it.
    Trouble.UNAVAILABLE: frozenset(
        {
            "access_denied",
            "account_inactive",
            "fatal_error",
            "internal_error",
            "invalid_auth",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "request_timeout",
            "service_unavailable",
            "team_added_to_org",
            "token_expired",
            "token_revoked",
        }
    ),
    Trouble.PLACE: frozenset(
        {
            "cannot_post_to_channel",
            "channel_is_archived",
            "channel_not_found",
            "is_archived",
            "is_inactive",
            "not_in_channel",
            "restricted_action",
            "restricted_action_read_only_channel",
        }
    ),
    Trouble.GONE: frozenset(
        {
            "cannot_reply_to_message",
            "cant_update_message",
            "edit_window_closed",
            "message_not_found",
            "restricted_action_thread_locked",
            "thread_not_found",
        }
    ),
    Trouble.CONTENT: frozenset(
        {
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "only_one_table_allowed",
        }
    ),
}

_RETRYING = (ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler)


class SlackPoster:
    """A Poster on the SDK. It works on a copy of the client that never retries: a retried post can post twice."""

    def __init__(self, client: WebClient) -> None:
        self._client = WebClient(
            client.token,
            base_url=client.base_url,
            timeout=client.timeout,
            ssl=client.ssl,
            proxy=client.proxy,
            logger=client._logger,  # noqa: SLF001 - the SDK shows it nowhere else
            retry_handlers=[each for each in client.retry_handlers if not isinstance(each, _RETRYING)],
        )

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        with _translated():
            answer = self._client.chat_postMessage(
                channel=channel,
                text=body.get("text", ""),
                blocks=body.get("blocks"),
                thread_ts=thread_ts,
                metadata=_metadata(key),
                unfurl_links=False,
                unfurl_media=False,
            )
            return Posted(answer["channel"], answer["ts"], answer["message"].get("thread_ts"))

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        with _translated():
            # A text without blocks takes those of before away: what is shown is always the whole body.
            answer = self._client.chat_update(
                channel=channel, ts=ts, text=body.get("text", ""), blocks=body.get("blocks"), metadata=_metadata(key)
            )
            return Posted(answer["channel"], answer["ts"])

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
        with _translated():
            try:
                return self._search(channel, key, oldest, thread_ts)
            except SlackApiError as error:
                if thread_ts is None or _code(error.response) != "thread_not_found":
                    raise
            # The parent is gone, and an answer to it stands in the channel.
            return self._search(channel, key, oldest, None)

    def _search(self, channel: str, key: str, oldest: str, thread_ts: str | None) -> Posted | None:
        cursor = None
        for _ in range(PAGES_AT_MOST):
            page = self._page(channel, oldest, thread_ts, cursor)
            for message in page["messages"]:
                if _key(message) == key:
                    return Posted(channel, message["ts"], _parent(message))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
        raise PostError(Trouble.UNAVAILABLE, f"too many messages in {channel} to look through")

    def _page(self, channel: str, oldest: str, thread_ts: str | None, cursor: str | None) -> SlackResponse:
        if thread_ts is None:
            return self._client.conversations_history(
                channel=channel, oldest=oldest, cursor=cursor, limit=PAGE, include_all_metadata=True
            )
        return self._client.conversations_replies(
            channel=channel, ts=thread_ts, oldest=oldest, cursor=cursor, limit=PAGE, include_all_metadata=True
        )


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key if metadata.get("event_type") == EVENT_TYPE else None


def _parent(message: Mapping[str, Any]) -> str | None:
    """Return the parent of an answer; Slack gives a parent its own time stamp once it has answers."""
    thread: str | None = message.get("thread_ts")
    return None if thread == message["ts"] else thread


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise _refusal(error.response) from error
    except (OSError, HTTPException, ValueError) as error:
        # No answer, half of one, or one that is no text: whether it was done is not known.
        raise PostError(Trouble.UNAVAILABLE, type(error).__name__) from error


def _refusal(response: SlackResponse) -> PostError:
    code = _code(response)
    if response.status_code == TOO_MANY or code in _TROUBLES[Trouble.BUSY]:
        return PostError(Trouble.BUSY, code, retry_after=_retry_after(response.headers))
    if response.status_code >= SERVER_ERROR:
        return PostError(Trouble.UNAVAILABLE, f"HTTP {response.status_code}")
    for trouble, codes in _TROUBLES.items():
        if code in codes:
            return PostError(trouble, code)
    return PostError(Trouble.REFUSED, code)


def _code(response: SlackResponse) -> str:
    return str(response.get("error") or f"HTTP {response.status_code}")[:200]


def _retry_after(headers: Mapping[str, str | Sequence[str]]) -> timedelta:
    value = headers.get("Retry-After") or headers.get("retry-after") or ""
    text = value if isinstance(value, str) else next(iter(value), "")
    return timedelta(seconds=int(text)) if text.isdecimal() else RETRY_AFTER
