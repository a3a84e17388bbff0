"""An incoming webhook: one address that takes a text and gives nothing back, without an app's token.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; Mattermost and Google Chat take the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.request import Request

from bot.http import RedirectError, ask
from bot.redaction.shown import Secret
from bot.settings import SettingsError, Variables, web_fault

VARIABLE = "REVEILLE_WEBHOOK_DIGEST"
SECONDS = 10.0
"""For the whole call."""


class NotTakenError(Exception):
    """The other side did not take the text; the sentence says why, and never the address."""


def address_of(environment: Mapping[str, str]) -> Secret:
    """Return where texts go. Raises SettingsError where the variable is missing, or holds no address."""
    url = Variables(environment).secret(VARIABLE)
    fault = "is not set" if url is None else web_fault(url.reveal())
    if url is None or fault is not None:
        raise SettingsError(
            f"{VARIABLE} {fault}: expected the address of an incoming webhook, such as https://hooks.example.com/KEY."
        )
    return url


def send(url: Secret, text: str) -> None:
    """Post a text, once. Raises NotTakenError."""
    request = Request(  # noqa: S310 - only addresses of the web get here
        url.reveal(),
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        method="POST",
    )
    try:
        status = ask(request, SECONDS).status
    except RedirectError:
        raise NotTakenError("it leads to another address, which is not followed. Copy the address again.") from None
    except OSError as error:
        # What it says may hold the address, which is secret.
        raise NotTakenError(f"it does not answer ({type(error).__name__}). Run the command again.") from None
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        gone = status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        remedy = "The address is no longer valid: make a new one" if gone else "Run the command again"
        raise NotTakenError(f"it answers {status}. {remedy}.")
