"""What the servers saw: every request, so that "asked once" is counted where nobody can flatter it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any


class Seen:
    """Counts requests by source and method, and how often each document, query, service or policy was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._items: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, method: str, *items: str) -> None:
        """Note one request and what it asked for."""
        with self._lock:
            self._requests[source, method] += 1
            self._items.update((source, f"{method} {item}") for item in items)

    def take(self) -> Mapping[str, Any]:
        """Return what was seen since the last call, and start again.

        ``requests`` counts by source and method, ``items`` the different things that were asked for by
        source, ``repeated`` names what was asked for more than once.
        """
        with self._lock:
            requests, items = self._requests, self._items
            self._requests, self._items = Counter(), Counter()
        by_source: dict[str, dict[str, int]] = {}
        for (source, method), count in sorted(requests.items()):
            by_source.setdefault(source, {})[method] = count
        return {
            "requests": by_source,
            "items": dict(Counter(source for source, _ in items)),
            "repeated": sorted(f"{source}: {item[:100]}" for (source, item), count in items.items() if count > 1),
        }
