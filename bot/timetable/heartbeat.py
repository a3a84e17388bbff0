"""The heartbeat: a watcher outside is told that Slack has the digest, so that silence is noticed by somebody else.

The address holds a key. It is never logged, and neither is anything that an answer says.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.request import Request

from bot.http import ask
from bot.redaction.shown import Secret

TIMEOUT = 10.0
"""Seconds that the watcher has for the whole of its answer."""

_logger = logging.getLogger(__name__)


class UrlHeartbeat:
    """Asks for a URL; any answer of success counts as heard. Redirects are not followed: the key is for one host."""

    def __init__(self, url: Secret, *, timeout: float = TIMEOUT) -> None:
        self._url = url
        self._timeout = timeout

    def beat(self) -> bool:
        """Tell the watcher; whether it was heard. Never raises: a dead watcher must not stop what it watches."""
        try:
            request = Request(self._url.reveal(), headers={"User-Agent": "reveille"})  # noqa: S310 - settings allow http and https only
            status = ask(request, self._timeout).status
        except (OSError, ValueError) as error:
            # The text of such an error may contain the address, and the address contains the key.
            _logger.warning("the heartbeat was not heard (%s); it is tried again", type(error).__name__)
            return False
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return True
        _logger.warning("the heartbeat was refused with status %s; it is tried again", status)
        return False
