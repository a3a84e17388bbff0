"""dbt in a scenario: the nodes of its layers with their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.definition.files import ReadFile
from bot.scenarios.layers import merged, placed
from bot.scenarios.platform_states import DbtNodeState, DbtState
from bot.scenarios.scenario import ScenarioFile
from bot.scenarios.template import Gaps
from checks.facts.tasks import TaskState
from checks.ports.dbt import DbtKind, DbtNode, DbtProject


def dbt_project(layers: Sequence[ReadFile[ScenarioFile]], gaps: Gaps) -> DbtProject | None:
    """Lay what the layers state over one another; None where none states any. Raises PipelineFileError."""
    stated: dict[str, Any] | None = None
    for layer in layers:
        if layer.content.dbt is not None:
            with placed(layer, ("dbt",)):
                stated = merged(stated or {}, gaps.value(layer.content.dbt.model_dump(exclude_unset=True)))
    if stated is None:
        return None
    whole = DbtState.model_validate(stated)
    nodes = [_node(name, each, gaps) for name, each in whole.nodes.items() if each is not None]
    return DbtProject(name=whole.project, nodes=nodes, ran_at=gaps.value(whole.ran_at))


def _node(key: str, state: DbtNodeState, gaps: Gaps) -> DbtNode:
    named = state.name or key.partition(".")[2].partition(".")[2] or key
    filled = gaps.value(state.model_dump())
    return DbtNode(
        **{
            **filled,
            "id": key,
            "name": named,
            "kind": DbtKind(state.kind),
            "after": state.after,
            "state": None if state.state is None else TaskState(state.state),
            "test": state.test or (named if "test" in state.kind else ""),
        }
    )
