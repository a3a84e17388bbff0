"""What people and machines changed on the platform: the first suspects when something broke."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checks.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a place at an instant, which is aware.

    ``kind`` is what was done in one word of the field: "deploy", "policy", "variables", "job", "build". ``actor`` is
    who did it, empty where that is not known; ``what`` names the result, such as the revision; ``commits`` are those
    that came with it. ``takes`` is False for what can have taken nothing away, such as a permission that was given.
    """

    place: Place
    at: datetime
    kind: str
    actor: str = ""
    what: str = ""
    commits: tuple[str, ...] = ()
    takes: bool = True
