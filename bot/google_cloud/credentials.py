"""Google credentials that all clients of the process share."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

import google.auth
from google.auth import environment_vars
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from bot.google_cloud.errors import LOGIN
from bot.settings import SettingsError

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


class SharedCredentials(Credentials):
    """Lets one thread fetch the token that all need.

    Fifty questions start at once; with Google's own credentials each of them would fetch a token.
    """

    def __init__(self, inner: Credentials) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._refreshing = threading.Lock()

    @property
    def universe_domain(self) -> str:
        return str(self._inner.universe_domain)

    def refresh(self, request: Any) -> None:
        """Fetch a token unless another thread has just done so. Raises what Google's credentials raise."""
        with self._refreshing:
            if not self._inner.valid:
                self._inner.refresh(request)  # type: ignore[no-untyped-call]
            self.token, self.expiry = self._inner.token, self._inner.expiry

    def apply(self, headers: Any, token: str | None = None) -> None:
        """Put token and quota project into the headers of a request."""
        self._inner.apply(headers, token or self.token)  # type: ignore[no-untyped-call]


def default_credentials() -> SharedCredentials:
    """Return the application default credentials. Raises SettingsError when there are none."""
    try:
        with warnings.catch_warnings():
            # A hint about quota projects, printed into the middle of a report.
            warnings.simplefilter("ignore", UserWarning)
            credentials, _ = google.auth.default(scopes=SCOPES)
    except (GoogleAuthError, OSError, ValueError) as error:
        why = _key_file() or f"There are no Google credentials that can be used ({type(error).__name__})."
        message = f"{why} {LOGIN}"
        raise SettingsError(message) from error
    return SharedCredentials(credentials)


def _key_file() -> str:
    """Say what is wrong with the key file that Google's own variable names; empty where it names none."""
    named = os.environ.get(environment_vars.CREDENTIALS)
    if not named:
        return ""
    if not os.path.isfile(named):  # noqa: PTH113 - a path of any kind, which Path might refuse
        return f"{environment_vars.CREDENTIALS} names {named!r}, and there is no such file."
    if not os.access(named, os.R_OK):
        return f"{environment_vars.CREDENTIALS} names {named!r}, which this account cannot read."
    return f"{environment_vars.CREDENTIALS} names {named!r}, which is no key file of Google's."
