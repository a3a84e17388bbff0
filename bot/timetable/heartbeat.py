"""The heartbeat: a watcher outside is told that Slack has the digest, so that silence is noticed by somebody else.

The address holds a key. It is never logged, and neither is anything that an answer says.
"""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.request

from bot.redaction.shown import Secret

TIMEOUT = 10.0
"""Seconds that the watcher has to answer."""

_logger = logging.getLogger(__name__)


class UrlHeartbeat:
    """Asks for a URL; any answer of success counts as heard. Redirects are not followed: the key is for one host."""

    def __init__(self, url: Secret, *, timeout: float = TIMEOUT) -> None:
        self._url = url
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirect)

    def beat(self) -> bool:
        """Tell the watcher; whether it was heard. Never raises: a dead watcher must not stop what it watches."""
        try:
            request = urllib.request.Request(self._url.reveal(), headers={"User-Agent": "reveille"})  # noqa: S310 - settings allow http and https only
            with self._opener.open(request, timeout=self._timeout):
                return True
        except urllib.error.HTTPError as error:
            _logger.warning("the heartbeat was refused with status %s; it is tried again", error.code)
            error.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            # The text of such an error may contain the address, and the address contains the key.
            _logger.warning("the heartbeat was not heard (%s); it is tried again", type(error).__name__)
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
