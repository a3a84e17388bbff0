"""Google's word for who calls: a token's signature, issuer, audience and account must all be right.

What a token says of itself is read first, because that costs nothing. Certificates are fetched only for one that could
be genuine, by one thread, while the threads that serve Slack go on.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"

KEPT_SECONDS = 3600.0
"""Google's certificates are fetched again after an hour; they change every few days, and old ones stay for a while."""

USABLE_SECONDS = 24 * 3600.0
"""While Google cannot be reached, old ones are good for a day."""

FAILED_SECONDS = 15.0
"""So long after a fetch that failed nobody tries another."""

FETCH_SECONDS = 5.0
MOST_WAITING = 3
"""Callers that wait for somebody else's fetch; more are asked to come again, and keep no thread from Slack."""

CLOCK_SKEW_SECONDS = 10

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


class RefusedError(Exception):
    """The caller is not the one that may knock; the message names no secret."""


class UndecidedError(Exception):
    """Nobody can tell now whether the caller may knock; trying again may help."""


Fetch = Callable[..., Any]
"""Asks for a URL, as ``google.auth.transport.Request`` does."""


class GoogleTokens:
    """Accepts tokens that Google signed for one account, made out to one audience.

    ``fetch`` gets Google's certificates, by default over the network; they are kept for an hour.
    """

    def __init__(
        self, audience: str, account: str, *, fetch: Fetch | None = None, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._audience = audience
        self._account = account
        self._certificates = Certificates(fetch, timer)

    def __call__(self, token: str) -> None:
        """Judge a token. Raises RefusedError and UndecidedError."""
        from google.auth import exceptions, jwt  # noqa: PLC0415 - heavy, and needed only where Cloud Scheduler calls

        try:
            header = jwt.decode_header(token)  # type: ignore[no-untyped-call]
            self._plausible(header, jwt.decode(token, verify=False), time.time())  # type: ignore[no-untyped-call]
            certificate = self._certificates().get(header["kid"])
            if certificate is None:
                raise RefusedError("no key of Google's signed it")
            jwt.decode(  # type: ignore[no-untyped-call]
                token,
                certs={header["kid"]: certificate},
                audience=self._audience,
                clock_skew_in_seconds=CLOCK_SKEW_SECONDS,
            )
        except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError, RecursionError) as error:
            # The error's text can hold the token's content.
            raise RefusedError(f"the token is not valid ({type(error).__name__})") from error

    def _plausible(self, header: Mapping[str, Any], claims: Mapping[str, Any], now: float) -> None:
        """Look whether a token says what a genuine one would. Raises RefusedError, TypeError and KeyError."""
        if header.get("alg") != "RS256" or not _KEY_ID.fullmatch(header["kid"]):
            raise RefusedError("the token is not signed as Google signs")
        if claims.get("iss") not in ISSUERS:
            raise RefusedError("the token is not one of Google's")
        if claims.get("aud") != self._audience:
            raise RefusedError("the token is made out to somebody else")
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            raise RefusedError("the token belongs to another account")
        if not claims["iat"] - CLOCK_SKEW_SECONDS <= now <= claims["exp"] + CLOCK_SKEW_SECONDS:
            raise RefusedError("the token is over, or not yet begun")


class Certificates:
    """Google's certificates by the ID of their key; fetched by one thread, while others use what is there."""

    def __init__(self, fetch: Fetch | None, timer: Callable[[], float]) -> None:
        self._fetch = fetch
        self._timer = timer
        self._kept: tuple[float, Mapping[str, str]] | None = None
        self._failed_at = float("-inf")
        self._fetching = threading.Lock()
        self._waiting = threading.Semaphore(MOST_WAITING)

    def __call__(self) -> Mapping[str, str]:
        """Return them. Raises UndecidedError."""
        fresh, usable = self._known(KEPT_SECONDS), self._known(USABLE_SECONDS)
        if fresh is not None:
            return fresh
        if self._timer() - self._failed_at >= FAILED_SECONDS:
            if self._fetching.acquire(blocking=False):
                try:
                    self._renew()
                finally:
                    self._fetching.release()
            elif usable is None:
                self._await_other()
        usable = self._known(USABLE_SECONDS)
        if usable is None:
            raise UndecidedError("Google's certificates could not be fetched")
        return usable

    def _known(self, seconds: float) -> Mapping[str, str] | None:
        kept = self._kept
        return kept[1] if kept is not None and self._timer() - kept[0] < seconds else None

    def _renew(self) -> None:
        """Fetch. A failure is remembered, so that what cannot be had is not asked for with every request."""
        from google.auth import exceptions  # noqa: PLC0415 - as above

        try:
            answer = (self._fetch or _over_the_network())(CERTIFICATES, method="GET", timeout=FETCH_SECONDS)
            certificates = json.loads(answer.data) if answer.status == HTTPStatus.OK else None
        except (exceptions.TransportError, OSError, ValueError):
            certificates = None
        if isinstance(certificates, dict) and certificates:
            self._kept = (self._timer(), certificates)
        else:
            self._failed_at = self._timer()

    def _await_other(self) -> None:
        """Wait until the one who fetches has an answer, unless enough others wait already."""
        if not self._waiting.acquire(blocking=False):
            return
        try:
            if self._fetching.acquire(timeout=2 * FETCH_SECONDS):
                self._fetching.release()
        finally:
            self._waiting.release()


def _over_the_network() -> Fetch:
    from google.auth.transport.requests import Request  # noqa: PLC0415 - heavy, and needed once an hour

    transport: Fetch = Request()
    return transport
