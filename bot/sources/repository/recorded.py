"""The repository from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.scenarios.scene import Scene
from checks.ports.repository import REPOSITORY, Commit

SHORTEST_COMMIT = 7
"""Characters of an abbreviated commit that git takes for sure."""


def connect(scene: Scene) -> ScenarioRepository | None:
    return ScenarioRepository(scene) if scene.deployed(REPOSITORY, "repository") else None


@dataclass(frozen=True, slots=True)
class ScenarioRepository:
    """The port ``Repository``."""

    scene: Scene

    def head(self) -> Commit:
        self.scene.faults.raise_for(REPOSITORY, lambda only: only == "head")
        return self.scene.world().commits[0]

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits after one, None for one that is not known; at least its first seven characters."""
        self.scene.faults.raise_for(REPOSITORY, lambda only: only == commit)
        commits = self.scene.world().commits
        for number, each in enumerate(commits):
            if each.id == commit or (len(commit) >= SHORTEST_COMMIT and each.id.startswith(commit)):
                return commits[:number]
        return None

    def after(self, instant: datetime) -> Sequence[Commit]:
        self.scene.faults.raise_for(REPOSITORY, lambda only: only == "after")
        return tuple(each for each in self.scene.world().commits if each.at > instant)

    def exists(self, path: str) -> bool:
        self.scene.faults.raise_for(REPOSITORY, lambda only: only == path)
        return path.strip("/") not in self.scene.world().missing_paths
