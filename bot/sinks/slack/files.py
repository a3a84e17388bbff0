"""A file of text in a thread of Slack, by the three steps of its present flow: ask for an address, send the bytes
there, say where the file is shown. The scope is ``files:write``.

Slack posts a message of its own for it, which carries no key of ours: nothing finds it again, so it is done once.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.http import ask

SECONDS = 10
"""How long the bytes may take: a report has some ten thousand."""

OK = 200


class NoFileError(Exception):
    """There is no file, or it is not known. The text is Slack's code, or what became of the call."""


def share_text(client: WebClient, channel: str, thread_ts: str, name: str, content: str) -> None:
    """Show a text as a file in a thread. Raises NoFileError."""
    data = content.encode()
    try:
        offered = client.files_getUploadURLExternal(filename=name, length=len(data))
        file, address = str(offered["file_id"]), str(offered["upload_url"])
        _send(client, address, data)
        client.files_completeUploadExternal(
            files=[{"id": file, "title": name}], channel_id=channel, thread_ts=thread_ts
        )
    except SlackApiError as error:
        raise NoFileError(str(error.response.get("error") or f"HTTP {error.response.status_code}")[:100]) from error
    except (SlackClientError, OSError, KeyError) as error:
        raise NoFileError(type(error).__name__) from error


def _send(client: WebClient, address: str, data: bytes) -> None:
    """Send the bytes, in the clear only where Slack itself is asked so. The address lets anybody in: it is never
    shown."""
    if urlsplit(address).scheme not in ("https", urlsplit(client.base_url).scheme):
        raise NoFileError("the address for the file is not safe")
    request = Request(address, data=data, headers={"Content-Type": "application/octet-stream"}, method="POST")  # noqa: S310 - looked at above, and ask() takes only the web's
    answer = ask(request, SECONDS, context=client.ssl, proxy=client.proxy)
    if answer.status != OK:
        raise NoFileError(f"HTTP {answer.status}")
