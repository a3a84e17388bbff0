"""How loud a finding is."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How loud a failed finding is; for an unknown one, how loud it could have been."""

    P0 = 0
    """Act now."""
    P1 = 1
    """Act today."""
    P2 = 2
    """Act soon."""
    P3 = 3
    """A note."""
