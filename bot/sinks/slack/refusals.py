"""Which blocks a workspace has refused lately: kept in the store for the next process, and tried again later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from bot.render.blocks import NATIVE
from bot.store.model import Lease, StoreError

TRIED_AGAIN = timedelta(days=7)
"""A workspace may get a block at any time, and one refused message a week is cheap."""

OWNER = "slack"

_logger = logging.getLogger(__name__)


class Leases(Protocol):
    """What of the store keeps something until a time."""

    def acquire(self, lease: str, owner: str, now: datetime, until: datetime) -> bool: ...

    def lease(self, lease: str, now: datetime) -> Lease | None: ...


class RefusedBlocks:
    """The types of blocks that ``workspace``, by its address, does not take. A store that fails forgets nothing that
    this process saw, and keeps no message back."""

    def __init__(self, leases: Leases | None, workspace: Callable[[], str], clock: Callable[[], datetime]) -> None:
        """Without a store they are known as long as the process lives."""
        self._leases = leases
        self._workspace = workspace
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    def among(self, types: Collection[str]) -> frozenset[str]:
        """Return those of the types that are refused at present."""
        now = self._clock()
        return frozenset(each for each in types if self._until(each, now) > now)

    def remember(self, types: Collection[str]) -> None:
        """Keep that types are refused."""
        now = self._clock()
        for each in sorted(NATIVE & frozenset(types)):
            self._seen[self._name(each)] = now + TRIED_AGAIN
            _logger.info("the workspace takes no block %s: its content is shown without it for a week", each)
            if self._leases is None:
                continue
            try:
                self._leases.acquire(self._name(each), OWNER, now, now + TRIED_AGAIN)
            except StoreError as error:
                _logger.warning("that a block is refused could not be stored: %s", error)

    def _until(self, kind: str, now: datetime) -> datetime:
        name = self._name(kind)
        if (seen := self._seen.get(name, now)) > now or self._leases is None:
            return seen
        try:
            found = self._leases.lease(name, now)
        except StoreError:
            return now
        return now if found is None else found.until

    def _name(self, kind: str) -> str:
        return f"refused-block:{kind}:{urlsplit(self._workspace()).hostname or ''}"
