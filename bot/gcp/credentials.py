"""Google credentials that all clients of the process share."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from bot.gcp.errors import LOGIN
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
    except (GoogleAuthError, OSError) as error:
        message = f"There are no Google credentials that can be used ({type(error).__name__}). {LOGIN}"
        raise SettingsError(message) from error
    return SharedCredentials(credentials)
