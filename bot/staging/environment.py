"""The staging environment: everything that can be done with it, for the shell and for Slack alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.staging.datasets import set_up
from bot.staging.deployment import deploy, targets
from bot.staging.inventory import standing
from bot.staging.ports import StagingPorts
from bot.staging.prefix import Prefix, StagingError, must_be_free, read_prefix
from bot.staging.proof import ProductionChange, Snapshot, changes, snapshot
from bot.staging.removal import Removal, plan_removal, remove
from bot.staging.seeds import Seeding, seed
from bot.staging.steps import StagingStep, Tell
from checks.pipeline import Pipeline
from checks.staging_spec import Staging


def _unheard(_: StagingStep) -> None:
    """Nobody follows the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingEnvironment:
    """Staging of one pipeline under one prefix. Every method raises StagingError and SourceError."""

    pipeline: Pipeline
    staging: Staging
    prefix: Prefix
    project: str
    ports: StagingPorts
    pause: Callable[[float], object] = time.sleep

    @property
    def datasets(self) -> Sequence[str]:
        """The datasets of production that staging has copies of."""
        return datasets_of(self.pipeline, self.staging)

    def set_up(self, tell: Tell = _unheard, *, dry_run: bool = False) -> list[StagingStep]:
        """Create the datasets."""
        self._must_be_free()
        return set_up(self.ports.tables, self.prefix, self.datasets, self.staging.expiry_days, tell, dry_run=dry_run)

    def seed(
        self, day: date, tell: Tell = _unheard, *, limit: int | None = None, again: bool = False, dry_run: bool = False
    ) -> list[StagingStep]:
        """Copy one date."""
        if not self.staging.seed:
            raise StagingError("The pipeline file names no table under 'seed' of 'staging'.")
        known = self._must_be_free()
        if missing := [name for name in map(self.prefix.of, self.datasets) if name not in known]:
            raise StagingError(f"There is no dataset {missing[0]!r} yet: run 'reveille staging setup' first.")
        seeding = Seeding(
            pipeline=self.pipeline,
            prefix=self.prefix,
            day=day,
            limit=limit or self.staging.row_limit,
            again=again,
            dry_run=dry_run,
            pause=self.pause,
        )
        return seed(self.ports.tables, self.staging.seed, seeding, tell)

    def deploy(self, services: Sequence[str], tell: Tell = _unheard, *, dry_run: bool = False) -> list[StagingStep]:
        """Deploy services of production beside themselves."""
        chosen = targets(self.pipeline, self.staging, services)
        self._must_be_free()
        return deploy(self.ports, self.prefix, self.pipeline, self.staging, chosen, tell, dry_run=dry_run)

    def look(self, now: datetime) -> Snapshot:
        """Look at production, to compare later."""
        return snapshot(
            self.ports.tables,
            self.ports.collections,
            project=self.project,
            datasets=self.datasets,
            watched=self.staging.collections,
            at=now,
        )

    def changed_since(self, before: Snapshot, now: datetime) -> tuple[Snapshot, tuple[ProductionChange, ...]]:
        """Look again, and name what is not as it was."""
        after = self.look(now)
        return after, changes(before, after)

    def plan_teardown(self) -> Removal:
        """List what a teardown would remove."""
        return plan_removal(self.ports, self.prefix, self.datasets)

    def tear_down(self, removal: Removal, tell: Tell = _unheard) -> list[StagingStep]:
        """Remove what was listed."""
        return remove(self.ports, self.prefix, removal, tell)

    def status(self) -> list[StagingStep]:
        """Say what stands."""
        return standing(self.ports, self.prefix, self.datasets, self.staging.collections)

    def _must_be_free(self) -> Collection[str]:
        """Return the datasets of the project, once it is certain that the prefix is nobody else's."""
        labels_by_name = self.ports.tables.datasets()
        must_be_free(self.prefix, labels_by_name)
        return labels_by_name


def datasets_of(pipeline: Pipeline, staging: Staging) -> tuple[str, ...]:
    """Return the datasets of production that staging has copies of."""
    return staging.datasets or pipeline.datasets


def staging_of(pipeline: Pipeline) -> Staging:
    """Return the section of the pipeline file. Raises StagingError without one."""
    if pipeline.staging is None:
        raise StagingError("The pipeline file has no section 'staging'; docs/pipeline-file.md says what belongs there.")
    return pipeline.staging


def prefix_of(pipeline: Pipeline, text: str | None) -> Prefix:
    """Accept a prefix, or the pipeline file's own where none is given. Raises StagingError."""
    staging = staging_of(pipeline)
    originals = {*pipeline.datasets, *staging.datasets, *staging.collections, *_state_collections(pipeline)}
    return read_prefix(staging.prefix if text is None else text, originals)


def _state_collections(pipeline: Pipeline) -> set[str]:
    return {transition.state for transition in pipeline.transitions if transition.state is not None}
