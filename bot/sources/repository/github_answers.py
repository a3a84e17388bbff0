"""Asking GitHub: one connection pool, pages, and every refusal in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from bot.redaction.shown import Secret
from bot.settings import is_loopback
from checks.ports.repository import REPOSITORY
from checks.source import Problem, SourceError

MOST_PAGES = 40
_BUSY = (500, 502, 503, 504)
_NOTHING_THERE = (404, 409, 422)
"""Not there, an empty repository, and a commit id that cannot be one."""

_FORBIDDEN, _TOO_MANY, _UNAUTHORIZED = 403, 429, 401


class _Bearer(requests.auth.AuthBase):
    """Puts the token on requests; left to itself the library would prefer a password file of the user."""

    def __init__(self, token: Secret | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class GitHubAnswers:
    """Answers of one GitHub. ``address`` is that of its REST interface; ``seconds`` bounds a question."""

    def __init__(self, address: str, token: Secret | None, *, seconds: float = 8.0, connections: int = 24) -> None:
        self._address = address.rstrip("/")
        self._seconds = seconds
        self._has_token = token is not None
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        self._session.headers.update({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"})
        self._session.max_redirects = 3
        host = urlsplit(address).hostname or ""
        # What is on this machine is never behind a proxy.
        self._proxies = {"no_proxy": host} if is_loopback(host) else None
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def one(self, path: str) -> Any | None:
        """Return what stands at a path, None where nothing does. Raises SourceError."""
        answer = self._ask(f"{self._address}{path}")
        return None if answer is None else _json(answer)

    def pages(self, path: str) -> Iterator[Any | None]:
        """Yield what stands at a path, page by page; a single None where nothing does. Raises SourceError."""
        address: str | None = f"{self._address}{path}"
        for _ in range(MOST_PAGES):
            answer = self._ask(address or "")
            if answer is None:
                yield None
                return
            yield _json(answer)
            address = answer.links.get("next", {}).get("url")
            if address is None:
                return
            if urlsplit(address)[:2] != urlsplit(self._address)[:2]:
                raise not_understood("the next page is on another machine")
        raise not_understood(f"there are more than {MOST_PAGES} pages")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _ask(self, address: str) -> requests.Response | None:
        """Ask, and once more where GitHub was only busy; None where nothing is."""
        try:
            answer = self._get(address)
            if answer.status_code in _BUSY:
                answer = self._get(address)
        except requests.Timeout:
            raise SourceError(
                REPOSITORY, Problem.TIMED_OUT, f"GitHub did not answer within {self._seconds:g} s", retryable=True
            ) from None
        except requests.RequestException as error:
            raise SourceError(
                REPOSITORY,
                Problem.UNAVAILABLE,
                f"GitHub cannot be reached ({type(error).__name__})",
                advice="Check the network and GITHUB_API_URL.",
                retryable=True,
            ) from None
        if answer.status_code in _NOTHING_THERE:
            return None
        if not answer.ok:
            raise self._refusal(answer)
        return answer

    def _get(self, address: str) -> requests.Response:
        return self._session.get(address, timeout=self._seconds, proxies=self._proxies)

    def _refusal(self, answer: requests.Response) -> SourceError:
        status = answer.status_code
        if status == _TOO_MANY or (status == _FORBIDDEN and _is_rate_limit(answer)):
            more = "" if self._has_token else " Set GITHUB_TOKEN: with a token the limit is far higher."
            return SourceError(
                REPOSITORY,
                Problem.THROTTLED,
                f"GitHub's rate limit is used up{_until(answer)}",
                advice=f"Wait and run it again, or configure a clone with REVEILLE_REPOSITORY.{more}",
                retryable=True,
            )
        if status == _UNAUTHORIZED:
            return SourceError(
                REPOSITORY,
                Problem.UNAUTHENTICATED,
                "GitHub does not accept the token",
                advice="Put a valid token into GITHUB_TOKEN.",
            )
        if status == _FORBIDDEN:
            return SourceError(
                REPOSITORY,
                Problem.DENIED,
                "GitHub does not let this token read the repository",
                advice="Give the token of GITHUB_TOKEN read access to the repository's contents.",
            )
        return SourceError(
            REPOSITORY,
            Problem.UNAVAILABLE,
            f"GitHub answered with status {status}",
            advice="Run it again; if it stays so, check GitHub's status page.",
            retryable=True,
        )


def not_understood(why: str) -> SourceError:
    """Return the error for an answer that is not GitHub's."""
    return SourceError(
        REPOSITORY,
        Problem.UNAVAILABLE,
        f"GitHub's answer makes no sense: {why}",
        advice="Check GITHUB_API_URL.",
    )


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        raise not_understood("it is no JSON") from None


def _is_rate_limit(answer: requests.Response) -> bool:
    headers = answer.headers
    return (
        headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or "rate limit" in answer.text.lower()
    )


def _until(answer: requests.Response) -> str:
    """Return when the limit ends, in words; nothing where GitHub does not say."""
    reset, wait = answer.headers.get("x-ratelimit-reset", ""), answer.headers.get("retry-after", "")
    if wait.isdigit():
        return f" for {wait} s"
    try:
        return f" until {datetime.fromtimestamp(int(reset), UTC):%H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""
