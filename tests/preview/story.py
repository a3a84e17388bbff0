"""The scenarios as the bot tells them in Slack: alerts, clicks and digests on a store of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from bot.alerting.clicks import Click
from bot.alerting.incidents import Incidents
from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.playground.block_kit.markup import NAMES
from bot.render.alert import AlertMessages
from bot.render.reading import Reading
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.store.model import Alert
from bot.store.sqlite import SqliteStore
from tests.preview.conversation import Conversation
from tests.validated import validated

ALICE, BOB = "U0EXAMPLE1", "U0EXAMPLE2"
NAMES.update({ALICE: "Alice", BOB: "Bob", "C0EXAMPLE1": "nba-pipeline", "S0EXAMPLE1": "data-on-call"})


@cache
def reading_of(scenario: str) -> Reading:
    """Validate a scenario and return what its messages are written from."""
    pipeline = shipped_pipeline()
    with on_scenario(pipeline, load_scenario(scenario)) as ready:
        report = validated(ready.validation, Request(interval=ready.interval))
        return Reading(report=report, pipeline=pipeline, checks=ready.validation.checks)


class Story:
    """What happens in a channel, step by step."""

    def __init__(self) -> None:
        self.pipeline = shipped_pipeline()
        self.store = SqliteStore(":memory:")
        self.incidents = Incidents(self.store, self.pipeline, AlertMessages(self.pipeline))
        self.conversation = Conversation(self.store, self.pipeline.zone)
        self.now = datetime.min.replace(tzinfo=UTC)

    def morning(self, scenario: str, after: timedelta = timedelta()) -> None:
        """Let the alerts follow the report of a scenario, some time after it was seen."""
        report = reading_of(scenario).report
        self.now = report.now + after
        self.incidents.process(report, self.now)
        self.conversation.deliver(self.now)

    def clicks(self, actor: str = ALICE, after: timedelta = timedelta(minutes=7)) -> Click:
        """Return somebody's click on the gravest alert, some time after what happened last."""
        self.now += after
        alert = self.alert()
        return Click(key=alert.key, actor=actor, now=self.now, action_key=f"{actor}:{self.now}", version=alert.version)

    def alert(self) -> Alert:
        """The gravest open alert."""
        return min(self.store.open_alerts(self.pipeline.name), key=lambda alert: alert.severity)

    def told(self) -> None:
        """Let the channel show what was decided."""
        self.conversation.deliver(self.now)
