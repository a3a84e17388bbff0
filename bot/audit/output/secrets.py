"""Secrets that stand in a script: an excerpt of it may end in a build's log, where more people read it."""

from __future__ import annotations

import re

_NAMED = r"[\w-]*(?:api_?key|access_?key|private_?key|token|secret|passw|credential|webhook)[\w-]*"
_REFERENCE = r"[^\s,;'\"]*:(?:latest|\d+)\b"
"""What ``--update-secrets`` takes: the name of a secret and its version, which are no secret."""

_VALUE = re.compile(rf"(?P<name>\b{_NAMED}=['\"]?)(?!{_REFERENCE})(?P<value>[^\s,;'\"$\\]+)", re.IGNORECASE)


def masked(line: str) -> str:
    """Return a line with asterisks for values whose names say that they are secret; every column stays where it is."""
    return _VALUE.sub(lambda found: found["name"] + "*" * len(found["value"]), line)
