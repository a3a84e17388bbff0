"""Repairs for the commands of the shell: on a scenario or on Google Cloud, with a store or without one."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from bot.app import google_ports_of, pipeline_of
from bot.redaction.shown import Secret
from bot.repairs.composition import validating
from bot.repairs.ports import Platform
from bot.repairs.repairs import Repairs
from bot.serving.serving_settings import ServingSettings
from bot.serving.stores import store_of
from bot.setting_names import SecretSetting
from bot.settings import Settings, Variables
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.model import Report
from checks.pipeline import Pipeline
from checks.platform import Revision
from checks.ports import Ports, Service


@dataclass(frozen=True, kw_only=True)
class Repairing:
    """Everything that the commands of the shell need. ``durable`` says whether records outlive the process."""

    pipeline: Pipeline
    platform: Platform
    store: StateStore
    durable: bool
    clock: Callable[[], datetime]
    interval: str
    connect: Callable[[], Ports]
    secret: Secret | None = None
    """What the records of a bot that serves are sealed with, where this shell knows it."""

    @cached_property
    def ports(self) -> Ports:
        """What checks ask; connected when somebody asks for the first time, because a deploy step needs none."""
        return self.connect()

    @cached_property
    def repairs(self) -> Repairs:
        return Repairs(self.pipeline, self.platform, self.store, self.validate, _LaterDeploys(self), secret=self.secret)

    def validate(self, checks: Sequence[str]) -> Report:
        """Run some checks."""
        return validating(Validation(self.pipeline, self.ports, self.clock), self.interval)(checks)


@dataclass(frozen=True)
class _LaterDeploys:
    """Cloud Run's revisions, connected when they are asked for."""

    repairing: Repairing

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        return self.repairing.ports.control_plane.revisions(service, limit)

    def service(self, name: str) -> Service | None:
        return self.repairing.ports.control_plane.service(name)


@contextmanager
def repairing(pipeline_file: Path | None, scenario: str | None, now: datetime | None = None) -> Iterator[Repairing]:
    """Put repairs together; ``now`` fixes the clock, by default of a scenario at its instant.

    Raises PipelineFileError, SettingsError, StoreError, UnknownScenario, DemoExtraMissing.
    """
    settings = Settings.from_environment()
    pipeline = pipeline_of(pipeline_file, settings)
    if scenario is not None:
        with _on_scenario(pipeline, scenario, now) as prepared:
            yield prepared
        return
    from bot.gcp.repairs_connect import google_repair_platform  # noqa: PLC0415 - Google's clients take a second

    platform = google_repair_platform(pipeline, settings)
    store, durable = _store(pipeline, settings)
    try:
        yield Repairing(
            pipeline=pipeline,
            platform=platform,
            store=store,
            durable=durable,
            clock=_clock(pipeline, now),
            interval="previous",
            connect=lambda: google_ports_of(settings)(pipeline),
            secret=Variables(os.environ).secret(SecretSetting.SLACK_BOT_TOKEN),
        )
    finally:
        store.close()
        platform.close()


@contextmanager
def _on_scenario(pipeline: Pipeline, name_or_path: str, now: datetime | None) -> Iterator[Repairing]:
    """A scenario's world lives as long as the process, and so do the records of its repairs."""
    from bot.local.embedded import embedded_ports  # noqa: PLC0415 - production does without
    from bot.local.scenario import load_scenario  # noqa: PLC0415 - likewise

    chosen = load_scenario(name_or_path)
    ports = embedded_ports(pipeline, chosen)
    store = SqliteStore(":memory:")
    try:
        yield Repairing(
            pipeline=pipeline,
            platform=ports.platform,
            store=store,
            durable=False,
            clock=_clock(pipeline, now or ports.now),
            interval=chosen.file.requested,
            connect=lambda: ports,
        )
    finally:
        store.close()
        ports.close()


@contextmanager
def remembered(pipeline_file: Path | None) -> Iterator[tuple[Pipeline, StateStore, bool]]:
    """Open the store alone, with the pipeline that it belongs to. Raises as ``repairing`` does."""
    settings = Settings.from_environment()
    pipeline = pipeline_of(pipeline_file, settings)
    store, durable = _store(pipeline, settings)
    try:
        yield pipeline, store, durable
    finally:
        store.close()


def shell_actor() -> str:
    """Return who repairs from a shell, as records name them."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container's user need not have a name.
        return "shell"


def _store(pipeline: Pipeline, settings: Settings) -> tuple[StateStore, bool]:
    """Return the store of the environment; without one, a memory that ends with the process."""
    if Variables(os.environ).text("REVEILLE_STORE") is None:
        return SqliteStore(":memory:"), False
    return store_of(ServingSettings.from_environment(), settings, pipeline.project), True


def _clock(pipeline: Pipeline, now: datetime | None) -> Callable[[], datetime]:
    if now is None:
        return lambda: datetime.now(UTC)
    fixed = now if now.tzinfo is not None else now.replace(tzinfo=pipeline.zone)
    return lambda: fixed
