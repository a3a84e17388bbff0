"""Resource Manager as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.recording.recorder import Recording, never_narrowed
from bot.recording.veil import Veil
from checks.ports.policies import Policy


def sections(recording: Recording) -> Mapping[str, Any]:
    found = [answer for _, answer in recording.calls.answered("project_policy")]
    return {"project_policy": grants_of(found[-1], recording.veil)} if found else {}


narrowed = never_narrowed


def grants_of(policy: Policy, veil: Veil) -> dict[str, Any]:
    """Return the members of each role; a role with a condition, or bound twice, has a list of its bindings."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in policy.bindings:
        members = sorted(map(veil.member, each.members))
        state = {"members": members, "condition": each.condition} if each.condition else {"members": members}
        found.setdefault(each.role, []).append(state)
    return {
        role: states[0]["members"] if len(states) == 1 and len(states[0]) == 1 else states
        for role, states in sorted(found.items())
    }
