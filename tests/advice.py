"""Actions of the texts that people read, for tests that are not about commands."""

from __future__ import annotations

from checks.actions import Action, RepairKey
from checks.stated_commands import stated


def advised(text: str, command: str | None = None, repair: str = "") -> Action:
    """Return an action with commands as a pipeline file states them, and the keys of repairs."""
    return Action(text=text, commands=stated(command), repairs=tuple(map(RepairKey.read, repair.split())))
