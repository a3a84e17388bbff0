"""Answers kept for whoever asks the same of the same rows: a drill, which changes one thing of a world at a time, has
the database answer only what the change touches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from checks.ports.warehouse import Row

AT_MOST = 1_000
"""Answers that are kept; the one that was not asked for longest goes first. A validation of the largest example
asks 115; those of days gone by only take memory."""

ROWS = 200
"""An answer of more rows is not kept."""


class KeptAnswers:
    """Answers by what they depend on. Safe from several threads."""

    def __init__(self, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._kept: OrderedDict[Hashable, Sequence[Row]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Sequence[Row] | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, rows: Sequence[Row]) -> None:
        if len(rows) > ROWS:
            return
        with self._lock:
            self._kept[key] = rows
            while len(self._kept) > self._at_most:
                self._kept.popitem(last=False)
