"""One life of the bot: digests, alerts, store, outbox and a real Slack client; it can die anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from slack_sdk import WebClient

from bot.alerting.incidents import Incidents
from bot.delivery.outbox import Outbox
from bot.delivery.outboxes import Outboxes
from bot.playground.slack.server import TOKEN
from bot.redaction.shown import Secret
from bot.render.alert import AlertMessages
from bot.sinks.slack.poster import SlackPoster
from bot.sinks.webhook.endpoints import Endpoint
from bot.sinks.webhook.poster import WebhookPoster
from bot.store.model import SLACK, WEBHOOK, StateStore
from bot.timetable.digest import Digests
from bot.timetable.digest_standing import DigestStanding
from bot.timetable.done import Done
from tests.faults.foretold import Foretold
from tests.faults.points import Points, guarded
from tests.faults.story import CHANNEL, PAGER, PIPELINE, Fact, report
from tests.faults.workspace import Clock

PACE = timedelta(seconds=2)
"""The clock moves so far between two turns of the outbox: Slack takes one message a second in a channel."""
TURNS = 40
CALL_SECONDS = 5

ROUND = timedelta(minutes=1)
ROUNDS = 30
"""A dead holder's lease of the digest keeps the next life waiting for some minutes; a few may die one after another."""


class Life:
    """What a process holds between its start and its death; only the store and Slack outlive it."""

    def __init__(
        self, store: StateStore, slack_url: str, pager_url: str, owner: str, clock: Clock, points: Points
    ) -> None:
        self.clock = clock
        self.points = points
        self._store = guarded(store, "store", points)
        poster = guarded(SlackPoster(WebClient(TOKEN, base_url=slack_url, timeout=CALL_SECONDS)), "slack", points)
        standing = DigestStanding(self._store, PIPELINE)
        self.incidents = Incidents(self._store, PIPELINE, AlertMessages(PIPELINE), digest=standing)
        self._facts: Mapping[str, Fact] = {}
        self._digests = Digests(Foretold(lambda _: self._facts, clock), self._store, self.incidents, clock, owner)
        pager = Endpoint(name=PAGER.name, format="reveille", url=Secret(pager_url))
        events = guarded(WebhookPoster({PAGER.name: pager}), "webhook", points)
        self._outbox = Outboxes(
            {
                SLACK: Outbox(self._store, poster, clock, owner),
                WEBHOOK: Outbox(self._store, events, clock, f"{owner}-events", told_in=CHANNEL),
            },
            SLACK,
        )

    def process(self, facts: Mapping[str, Fact]) -> None:
        """Process the report that says so; nothing is sent yet."""
        self.incidents.process(report(facts, self.clock()), self.clock())

    def turn(self) -> int:
        """Let the outbox take one turn; return what it counts."""
        return self._outbox.pump()

    def see(self, facts: Mapping[str, Fact]) -> None:
        """Write the digest that is owed on these facts, or only process them; send what follows from it."""
        self._facts = facts
        if self._write_digest() is Done.NOT_OWED:
            self.process(facts)
        self.send()

    def send(self) -> None:
        """Let the outbox take its turns until nothing waits, within bounds."""
        for _ in range(TURNS):
            self.turn()
            if not self._store.pending():
                return
            self.clock.now += PACE

    def _write_digest(self) -> Done:
        for _ in range(ROUNDS):
            done = self._digests.run_owed()
            if done is not Done.BUSY:
                return done
            self.clock.now += ROUND
        message = "somebody who is dead keeps the digest for ever"
        raise AssertionError(message)
