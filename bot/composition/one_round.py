"""One round of a pipeline's timetable in a process that ends: for jobs of Cloud Run, and other schedulers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.composition.notifier import Notifier, notifier_of, prepare
from bot.composition.repairs import repairing_of
from bot.serving.serving_settings import SlackSettings
from bot.timetable.schedules import Schedules


@contextmanager
def one_round(
    pipeline_file: Path | None, scenario: str | None, now: datetime | None
) -> Iterator[tuple[Notifier, Schedules]]:
    """Put together what a round needs; its timetable is never started. The clock begins at ``now`` and goes on.

    Raises SettingsError, StoreError, PipelineFileError, UnknownScenario, DemoExtraMissing.
    """
    prepared = prepare(pipeline_file, scenario, SlackSettings.outgoing(), now)
    told = notifier_of(prepared)
    try:
        repairing = repairing_of(prepared.settings, prepared.slack.bot_token, told)
        yield (
            told,
            Schedules(
                told.digests,
                told.notifications,
                prepared.pipeline.zone,
                told.clock,
                follow=None if repairing is None else repairing.following.turn,
            ),
        )
    finally:
        told.store.close()
        told.close()
