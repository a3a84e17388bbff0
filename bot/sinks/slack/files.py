"""A file of text in a thread of Slack, by the three steps of its present flow: ask for an address, send the bytes
there, say where the file is shown. The scope is ``files:write``.

Slack posts a message of its own for it, which carries no key of ours: nothing finds it again, so it is done once.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.http import NoAnswerError, ask

SECONDS = 10
"""How long the bytes may take: a report has some ten thousand."""

OK = 200


def share_text(client: WebClient, channel: str, thread_ts: str, name: str, content: str) -> None:
    """Show a text as a file in a thread. Raises SlackClientError and OSError; what was refused was not shown."""
    data = content.encode()
    offered = client.files_getUploadURLExternal(filename=name, length=len(data))
    file, address = offered.get("file_id"), offered.get("upload_url")
    if not isinstance(file, str) or not isinstance(address, str):
        raise NoAnswerError("no address for the file")
    _send(client, address, data)
    client.files_completeUploadExternal(files=[{"id": file, "title": name}], channel_id=channel, thread_ts=thread_ts)


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
