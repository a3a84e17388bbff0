"""Files in a thread of Slack, by the three steps of its present flow: ask for an address, send the bytes
there, say where the file is shown. The scope is ``files:write``.

Slack posts a message of its own for it, which carries no key of ours: nothing finds it again, so it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.http import NoAnswerError, ask

SECONDS = 10
"""How long the bytes may take: a report has some ten thousand."""

OK = 200

WORDS_AT_MOST = 1_000
"""Characters of an alternative text (https://docs.slack.dev/reference/methods/files.getUploadURLExternal)."""


@dataclass(frozen=True, slots=True)
class SlackFile:
    """What is to be shown: its bytes, what stands over it, and what a screen reader says instead."""

    name: str
    title: str
    data: bytes
    words: str | None = None


def share_text(client: WebClient, channel: str, thread_ts: str, name: str, content: str) -> None:
    """Show a text as a file in a thread; as ``share``."""
    share(client, channel, thread_ts, [SlackFile(name, name, content.encode())])


def share(client: WebClient, channel: str, thread_ts: str, files: Sequence[SlackFile]) -> None:
    """Show files in a thread, in one message. Raises SlackClientError and OSError; what was refused was not shown."""
    sent: list[dict[str, str | None]] = [{"id": _sent(client, each), "title": each.title} for each in files]
    client.files_completeUploadExternal(files=sent, channel_id=channel, thread_ts=thread_ts)


def _sent(client: WebClient, file: SlackFile) -> str:
    """Send the bytes of a file; return its ID."""
    words = None if file.words is None else file.words[:WORDS_AT_MOST]
    offered = client.files_getUploadURLExternal(filename=file.name, length=len(file.data), alt_txt=words)
    name, address = offered.get("file_id"), offered.get("upload_url")
    if not isinstance(name, str) or not isinstance(address, str):
        raise NoAnswerError("no address for the file")
    _send(client, address, file.data)
    return name


def why_not(error: Exception) -> str:
    """Return why there is no file: Slack's code, or what became of the call."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error") or f"HTTP {error.response.status_code}")[:100]
    return str(error) if isinstance(error, NoAnswerError) else type(error).__name__


def _send(client: WebClient, address: str, data: bytes) -> None:
    """Send the bytes, in the clear only where Slack itself is asked so. The address lets anybody in: it is never
    shown."""
    if urlsplit(address).scheme not in ("https", urlsplit(client.base_url).scheme):
        raise NoAnswerError("the address for the file is not safe")
    request = Request(address, data=data, headers={"Content-Type": "application/octet-stream"}, method="POST")  # noqa: S310 - looked at above, and ask() takes only the web's
    answer = ask(request, SECONDS, context=client.ssl, proxy=client.proxy)
    if answer.status != OK:
        raise NoAnswerError(f"HTTP {answer.status}")
