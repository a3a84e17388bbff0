"""dbt's artifacts as a scenario states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.recorder import Recording, differing, never_narrowed
from bot.recording.veil import stated
from bot.scenarios.platform_states import DbtNodeState
from checks.ports.dbt import DbtNode, DbtProject


def sections(recording: Recording) -> Mapping[str, Any]:
    for _, answer in recording.calls.answered("project"):
        return {"dbt": _project(recording, answer)}
    return {}


def _project(recording: Recording, project: DbtProject) -> Mapping[str, Any]:
    nodes = {each.id: _node(recording, each) for each in project.nodes}
    return {**stated({"project": project.name}), "ran_at": project.ran_at, "nodes": nodes}


def _node(recording: Recording, node: DbtNode) -> dict[str, Any]:
    usual = {**DbtNodeState().model_dump(exclude={"ended_at"}), "after": []}
    state = {
        **asdict(node),
        "kind": str(node.kind),
        "state": None if node.state is None else str(node.state),
        "message": recording.veil.text(node.message),
    }
    del state["id"]
    return differing(stated(state), usual)


narrowed = never_narrowed
