"""Lists that come page by page, bounded as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

LONGEST = 25.0
"""Seconds that all pages of a list may take together: a check has 30, and another question may follow."""


def every(pages: Iterable[Any], seconds: float = LONGEST) -> Iterator[Any]:
    """Yield the items of every page; each page is bounded by the caller's own time-out.

    Raises TimeoutError when the pages together take longer, as of a server that never says which is the last.
    """
    deadline = time.monotonic() + seconds
    for item in pages:
        if time.monotonic() > deadline:
            message = f"the list did not end within {seconds:g} s"
            raise TimeoutError(message)
        yield item
