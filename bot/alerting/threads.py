"""The threads of alerts, for who follows what was done from them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.alerting.incidents import Incidents
from bot.alerting.recheck import RecheckResult
from bot.validation import Validation

_logger = logging.getLogger(__name__)


class AlertThreads:
    """Speaks in threads and checks their alerts again. ``wake`` tells the outbox that something waits, ``still_open``
    returns what a thread hears of an alert that a repair has not closed."""

    def __init__(
        self,
        incidents: Incidents,
        validation: Validation,
        wake: Callable[[], None],
        still_open: Callable[[datetime, ZoneInfo, RecheckResult], Mapping[str, Any]],
    ) -> None:
        self._still_open = still_open
        self._incidents = incidents
        self._validation = validation
        self._wake = wake

    def tell(self, key: str, name: str, body: Mapping[str, Any], now: datetime) -> bool:
        """Say something in the thread of an alert, once for each ``name``. Raises StoreError."""
        told = self._incidents.tell(key, name, body, now)
        self._wake()
        return told

    def look_again(self, key: str, name: str, now: datetime, repairer: str = "") -> None:
        """Validate what an alert is about and decide again; say so where nothing changed by it. What is resolved then,
        the repair of ``repairer`` resolved. Raises StoreError."""
        try:
            request = self._incidents.recheck(key, now)
        except LookupError:
            _logger.info("there is no alert any more to look at again")
            return
        report = self._validation.run(self._validation.plan(request))
        repairers = {key: repairer} if repairer else {}
        transition = self._incidents.process(report, now, repairers=repairers).of(key)
        if (transition is None or not transition.speaks) and not self._incidents.is_over(key):
            look = self._incidents.seen_in(key, report)
            self._incidents.tell(
                key, f"looked:{name}", self._still_open(now, self._validation.pipeline.zone, look), now
            )
        self._wake()
