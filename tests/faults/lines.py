"""The commands that a process of the fault runs is given, one line of JSON each."""

from __future__ import annotations

import json
import sys
from typing import Any


def read_line() -> dict[str, Any] | None:
    """Return the next command, None when nobody gives any more."""
    line = sys.stdin.readline()
    return dict(json.loads(line)) if line else None
