"""Repairs for the commands of the shell: on a scenario or on Google Cloud, with a store or without one."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.composition.google import google_ports, google_repair_platform
from bot.composition.shell_store import shell_store, store_of_shell
from bot.composition.validation import clock_of, pipeline_of, scenario_of, validating
from bot.redaction.shown import Secret
from bot.repairs.model import SHELL
from bot.repairs.ports import Platform
from bot.repairs.service import RepairService
from bot.setting_names import SecretSetting
from bot.settings import Settings, SettingsError, Variables
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.model import Report
from checks.pipeline import Pipeline
from checks.ports.services import CLOUD_RUN, Revision, Service
from checks.source import Ports

if TYPE_CHECKING:
    from bot.scenarios.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class ShellRepairs:
    """Everything that the commands of the shell need. ``durable`` says whether records outlive the process. What is
    written has the time of ``clock``; ``judged_at`` may be another instant, on a live project too."""

    pipeline: Pipeline
    platform: Platform
    store: StateStore
    durable: bool
    clock: Callable[[], datetime]
    judged_at: Callable[[], datetime]
    interval: str
    connect: Callable[[], Ports]
    secret: Secret | None = None
    """What the records of a bot that serves are sealed with, where this shell knows it."""

    @cached_property
    def ports(self) -> Ports:
        """What checks ask; connected when somebody asks for the first time, because a deploy step needs none."""
        return self.connect()

    @cached_property
    def repairs(self) -> RepairService:
        return RepairService(
            self.pipeline, self.platform, self.store, self.validate, _LaterDeploys(self), secret=self.secret
        )

    def validate(self, checks: Sequence[str]) -> Report:
        """Run some checks."""
        return validating(Validation(self.pipeline, self.ports, self.judged_at), self.interval)(checks)


@dataclass(frozen=True)
class _LaterDeploys:
    """Cloud Run's revisions, connected when they are asked for."""

    repairing: ShellRepairs

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        return self.repairing.ports[CLOUD_RUN].revisions(service, limit)

    def service(self, name: str) -> Service | None:
        return self.repairing.ports[CLOUD_RUN].service(name)


@contextmanager
def repairing(pipeline_file: Path | None, scenario: str | None, now: datetime | None = None) -> Iterator[ShellRepairs]:
    """Put repairs together; ``now`` is the instant that is judged, by default of a scenario its own.

    Raises PipelineFileError, SettingsError, StoreError, UnknownScenario, DemoExtraMissing.
    """
    settings = Settings.from_environment()
    recorded = scenario_of(scenario)
    pipeline = pipeline_of(pipeline_file, settings, recorded)
    if recorded is not None:
        with _on_scenario(pipeline, recorded, now) as prepared:
            yield prepared
        return
    platform = google_repair_platform(pipeline, settings)
    store, durable = shell_store(pipeline, settings)
    try:
        yield ShellRepairs(
            pipeline=pipeline,
            platform=platform,
            store=store,
            durable=durable,
            clock=clock_of(pipeline, None),
            judged_at=clock_of(pipeline, now),
            interval="previous",
            connect=lambda: google_ports(pipeline, settings),
            secret=Variables(os.environ).secret(SecretSetting.SLACK_BOT_TOKEN),
        )
    finally:
        store.close()
        platform.close()


@contextmanager
def _on_scenario(pipeline: Pipeline, scenario: Scenario, now: datetime | None) -> Iterator[ShellRepairs]:
    """A scenario's world lives as long as the process, and so do the records of its repairs."""
    from bot.composition.scenario import scenario_ports  # noqa: PLC0415 - production does without

    ports = scenario_ports(pipeline, scenario)
    store = SqliteStore(":memory:")
    clock = clock_of(pipeline, now or ports.now)
    try:
        yield ShellRepairs(
            pipeline=pipeline,
            platform=ports.platform,
            store=store,
            durable=False,
            clock=clock,
            judged_at=clock,
            interval=scenario.file.requested,
            connect=lambda: ports,
        )
    finally:
        store.close()
        ports.close()


@contextmanager
def remembered(pipeline_file: Path | None) -> Iterator[tuple[Pipeline, StateStore]]:
    """Open the store alone, with the pipeline that it belongs to. Raises as ``repairing`` does, and SettingsError where
    nobody named one."""
    settings = Settings.from_environment()
    pipeline = pipeline_of(pipeline_file, settings)
    with store_of_shell(pipeline, settings) as store:
        if store is None:
            raise SettingsError("there is no store to read: set REVEILLE_STORE to its file, or to 'firestore'.")
        yield pipeline, store


def shell_actor() -> str:
    """Return who repairs from a shell, as records name them."""
    try:
        return f"{SHELL}:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container's user need not have a name.
        return SHELL
