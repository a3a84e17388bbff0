"""Socket Mode: Slack's events over a connection that this process opens, for where nothing can reach it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.redaction.shown import Secret

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

PING_SECONDS = 3.0
"""A connection that breaks without a word is given up after four or five pings that nobody answered."""

_logger = logging.getLogger(__name__)


class SlackSocket:
    """Connects, however long that takes; once connected, Slack's own client connects again whenever it must.

    ``pause`` waits so many seconds, or less when its event is set.
    """

    def __init__(
        self,
        app: App,
        app_token: Secret,
        client: WebClient,
        *,
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._handler = SocketModeHandler(app, app_token.reveal(), web_client=client, ping_interval=ping_seconds)
        self._pause = pause
        self._over = threading.Event()
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._connect, name="socket-mode", daemon=True)

    @property
    def connected(self) -> bool:
        return bool(self._handler.client.is_connected())

    def start(self) -> None:
        """Begin to connect, and come back at once."""
        self._thread.start()

    def close(self) -> None:
        """Take nothing more. What has come already is still answered."""
        self._over.set()
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection; Slack's client cannot be closed by two threads at once."""
        with self._closing:
            self._handler.close()  # type: ignore[no-untyped-call]  # of Bolt

    def _connect(self) -> None:
        seconds = FIRST_PAUSE_SECONDS
        while not self._over.is_set():
            try:
                self._handler.connect()  # type: ignore[no-untyped-call]  # of Bolt
            except Exception as error:  # noqa: BLE001 - whatever Slack or the network does, the next attempt comes
                _logger.warning("Slack's socket cannot be reached (%s); trying again", type(error).__name__)
                self._pause(self._over, seconds)
                seconds = min(seconds * 2, LONGEST_PAUSE_SECONDS)
            else:
                _logger.info("connected to Slack's socket")
                if self._over.is_set():
                    # Told to end while it connected: what Slack's client has started since would go on for ever.
                    self._disconnect()
                return
