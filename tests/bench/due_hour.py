"""How long a due hour has passed when its thread stands in Slack: the timetable in simulated time.

The reports are foretold, because what a run takes is measured elsewhere. The way from the timetable to Slack is
the product's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from slack_sdk import WebClient

from bot.alerting.incidents import Incidents
from bot.delivery.outbox import Outbox
from bot.playground.slack.server import SlackServer
from bot.render.alert import AlertMessages
from bot.request import Plan
from bot.sinks.slack.poster import SlackPoster
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.timetable.schedules import ROUND_SECONDS, Schedules
from bot.validation import Validation
from checks.model import CheckResult, Report, Severity
from tests.fakes import ports
from tests.faults.story import CHANNEL, PIPELINE, START, report
from tests.faults.workspace import Clock, shown

SUBJECT = "service-0"
EVERY_MINUTE = range(15)
LONGEST = timedelta(hours=1)


class Due(Validation):
    """Finds a failure from its due hour on."""

    def __init__(self, clock: Callable[[], datetime], due: datetime) -> None:
        super().__init__(PIPELINE, ports(), clock)
        self._due = due

    def run(self, planned: Plan, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        del planned, observe
        now = self._clock()
        return report({SUBJECT: Severity.P0 if now >= self._due else "waiting"}, now)


def seconds_to_thread(due: datetime) -> float:
    """Return the seconds from a due hour to its thread in Slack. Raises TimeoutError when none comes."""
    clock = Clock(due - timedelta(minutes=31))
    store = SqliteStore(":memory:")
    with SlackServer((CHANNEL,), clock=clock) as slack:
        outbox = Outbox(store, SlackPoster(WebClient(slack.token, base_url=slack.api_url)), clock, "bench")
        digests = Digests(Due(clock, due), store, Incidents(store, PIPELINE, AlertMessages(PIPELINE)), clock, "bench")
        notifications = PIPELINE.notifications
        assert notifications is not None
        schedules = Schedules(digests, notifications, PIPELINE.zone, clock, pump=outbox.pump)
        while clock.now < due + LONGEST:
            schedules.run("round")
            if any(f":{SUBJECT}:" in message.key for message in shown(slack)):
                return (clock.now - due).total_seconds()
            clock.now += timedelta(seconds=ROUND_SECONDS)
    raise TimeoutError(f"No thread within {LONGEST} of the due hour.")


def measure(run: float) -> Mapping[str, float]:
    """Return the worst delay over a due hour at every minute of a watch interval; ``run`` is what one run takes.

    All in seconds.
    """
    notifications = PIPELINE.notifications
    assert notifications is not None
    delays = [seconds_to_thread(START + timedelta(hours=1, minutes=minute, seconds=1)) for minute in EVERY_MINUTE]
    return {"worst": max(delays) + run, "watch": notifications.watch_minutes * 60.0, "run": run}
