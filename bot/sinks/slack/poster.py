"""Slack's Web API as the outbox needs it: one attempt a call, and errors turned into what to do about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.web import SlackResponse

from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.http import NoAnswerError, retry_after
from bot.render.blocks import natives, without_native
from bot.sinks.slack.errors import SERVER_ERROR, trouble_of
from bot.sinks.slack.format import SlackWording
from bot.sinks.slack.pictures import show
from bot.sinks.slack.refusals import RefusedBlocks
from bot.sinks.slack.transport import SlackClient
from bot.store.model import BROADCAST

EVENT_TYPE = "reveille"

CLOCKS_DIFFER = timedelta(minutes=10)
"""Slack's clock gives the time stamps: look so much further back than our own clock says."""

PAGE = 200
PAGES_AT_MOST = 25
"""Five thousand messages since a delivery was made: no channel for alerts is that busy."""

RETRY_AFTER = timedelta(seconds=30)
"""What a 429 without a readable Retry-After means."""

REFUSING_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments"})
"""Codes with which a block is refused that the workspace does not have."""

Part = TypeVar("Part")

_RETRYING = (ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler)


class SlackPoster:
    """A Poster on the SDK. It works on a copy of the client that never retries: a retried post can post twice."""

    def __init__(
        self,
        client: WebClient,
        thread: Callable[[str], str] = lambda _: "",
        refused: RefusedBlocks | None = None,
    ) -> None:
        """``thread`` returns the address of the message of a delivery by its key, ``refused`` knows what blocks the
        workspace does not take."""
        self.wording = SlackWording(thread)
        self._refused = refused or RefusedBlocks(None, lambda: client.base_url, lambda: datetime.now(UTC))
        self._client = SlackClient(
            client.token,
            base_url=client.base_url,
            timeout=client.timeout,
            ssl=client.ssl,
            proxy=client.proxy,
            logger=client._logger,  # noqa: SLF001 - the SDK shows it nowhere else
            retry_handlers=[each for each in client.retry_handlers if not isinstance(each, _RETRYING)],
        )

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        posted = self._shown(body, lambda shown: self._post(channel, shown, key, thread_ts))
        if pictures := body.get("pictures"):
            types = natives(body.get("blocks") or ())
            show(
                self._client,
                posted.channel,
                posted.thread_ts or posted.ts,
                pictures,
                types - self._refused.among(types),
            )
        return posted

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        return self._shown(body, lambda shown: self._update(channel, ts, shown, key))

    def _shown(self, body: Mapping[str, Any], send: Callable[[Mapping[str, Any]], Posted]) -> Posted:
        """Send a body; where Slack refuses a block that not every workspace has, with plain ones, which is remembered.

        What was refused was not done, so that nothing is sent twice.
        """
        blocks = body.get("blocks") or ()
        types = natives(blocks)
        if not types:
            return send(body)
        known = self._refused.among(types)
        try:
            return send({**body, "blocks": without_native(blocks, known)})
        except PostError as error:
            if known == types or error.detail not in REFUSING_BLOCKS:
                raise
        posted = send({**body, "blocks": without_native(blocks)})
        self._refused.remember(types - known)
        return posted

    def _post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        with _mapped_errors(channel, SinkCall.POST):
            answer = self._client.chat_postMessage(
                channel=channel,
                text=body.get("text", ""),
                blocks=body.get("blocks"),
                thread_ts=thread_ts,
                reply_broadcast=True if thread_ts is not None and body.get(BROADCAST) else None,
                metadata=keyed(key),
                unfurl_links=False,
                unfurl_media=False,
            )
            return _posted(answer, _part(answer, "message", dict).get("thread_ts"))

    def _update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        with _mapped_errors(channel, SinkCall.EDIT):
            # A text without blocks takes those of before away: what is shown is always the whole body.
            answer = self._client.chat_update(
                channel=channel, ts=ts, text=body.get("text", ""), blocks=body.get("blocks"), metadata=keyed(key)
            )
            return _posted(answer)

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
        with _mapped_errors(channel, SinkCall.FIND):
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
            for message in _part(page, "messages", list):
                if _key(message) == key:
                    return Posted(channel, message["ts"], _parent(message))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
        raise PostError(Trouble.REFUSED, "too many messages to look through", channel=channel, call=SinkCall.FIND)

    def _page(self, channel: str, oldest: str, thread_ts: str | None, cursor: str | None) -> SlackResponse:
        if thread_ts is None:
            return self._client.conversations_history(
                channel=channel, oldest=oldest, cursor=cursor, limit=PAGE, include_all_metadata=True
            )
        return self._client.conversations_replies(
            channel=channel, ts=thread_ts, oldest=oldest, cursor=cursor, limit=PAGE, include_all_metadata=True
        )


def _posted(answer: SlackResponse, thread_ts: str | None = None) -> Posted:
    return Posted(_part(answer, "channel", str), _part(answer, "ts", str), thread_ts)


def _part(answer: SlackResponse, name: str, kind: type[Part]) -> Part:
    """Return what a success cannot be without. Raises NoAnswerError: then it says nothing of what was done."""
    part = answer.get(name)
    if not isinstance(part, kind):
        raise NoAnswerError(f"without {name}")
    return part


def keyed(key: str) -> dict[str, Any]:
    """Return the metadata of a message that is to be found again by its key."""
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
def _mapped_errors(channel: str, call: SinkCall) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        code, status = _code(error.response), error.response.status_code
        trouble = trouble_of(code, status)
        wait = _wait(error.response) if trouble is Trouble.BUSY else timedelta(0)
        detail = f"HTTP {status}" if status >= SERVER_ERROR else code
        raise PostError(trouble, detail, retry_after=wait, channel=channel, call=call) from error
    except OSError as error:
        # No answer, half of one, or one that is not Slack's: whether it was done is not known.
        detail = str(error) if isinstance(error, NoAnswerError) else type(error).__name__
        raise PostError(Trouble.UNAVAILABLE, detail, channel=channel, call=call) from error


def _code(response: SlackResponse) -> str:
    return str(response.get("error") or f"HTTP {response.status_code}")[:200]


def _wait(response: SlackResponse) -> timedelta:
    asked = retry_after(response.headers)
    return RETRY_AFTER if asked is None else asked
