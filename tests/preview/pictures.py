"""The pictures of the documentation: pages of Slack made of real messages, from scenarios."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.playground.block_kit.posts import ShownPost, channel_page, home_page, modal_page
from bot.render.alert_links import thread_link
from bot.render.blocks import slack_message
from bot.render.digest import Digest, digest_messages
from bot.render.home import Home, home_view
from bot.render.json import report_document
from bot.render.pages import SlackMessage
from bot.render.post import post_of, with_threads
from bot.render.report_changes import changes
from bot.store.model import SnoozeUntil, StoredReport
from bot.timetable.slots import DigestCalendar
from checks.model import Verdict
from tests.preview.repairing import repairing
from tests.preview.story import ALICE, BOB, Story, reading_of

CHANNEL = "nba-pipeline"
INCIDENT = "invoker-lost"
DAY = timedelta(days=1)
NEXT_LOOK = timedelta(hours=3, minutes=20)
THREAD = "https://example.slack.com/archives/C0EXAMPLE1/p1"


def digest() -> str:
    """The digest of the morning of an incident, with what changed since the evening before."""
    before, incident = reading_of("healthy-evening"), reading_of("game-stuck")
    changed = changes(report_document(before), report_document(incident))
    story = Story()
    story.morning("game-stuck")
    alerts = story.store.open_alerts(story.pipeline.name)
    digest = Digest(reading=incident, changes=[changed], alerts=alerts, next_look=incident.report.now + NEXT_LOOK)
    return _channel(slack_message(post_of(with_threads(digest_messages(digest).parent.document, lambda _: THREAD))))


def quiet_digest() -> str:
    """The digest of a clear morning: one line."""
    return _channel(slack_message(digest_messages(Digest(reading=reading_of("healthy-morning"))).parent))


def firing() -> str:
    story = Story()
    story.morning(INCIDENT)
    return _conversation(story)


def acknowledged() -> str:
    story = Story()
    story.morning(INCIDENT)
    story.incidents.acknowledge(story.clicks())
    story.told()
    return _conversation(story)


def snoozed() -> str:
    story = Story()
    story.morning(INCIDENT)
    click = story.clicks(BOB)
    until = story.now + timedelta(hours=4)
    story.incidents.snooze(click, until=until, ends_on=SnoozeUntil.TIME, reason="The deploy is being rolled back")
    story.told()
    return _conversation(story)


def resolved() -> str:
    story = Story()
    story.morning(INCIDENT)
    story.incidents.acknowledge(story.clicks())
    story.told()
    story.morning("invoker-repaired")
    return _conversation(story)


def blind() -> str:
    story = Story()
    for minutes in (0, 15, 30):
        story.morning("half-the-sources-down", after=timedelta(minutes=minutes))
    return _conversation(story)


def repair_form() -> str:
    """What the button Repair… opens."""
    with repairing(INCIDENT) as story:
        return modal_page(story.form())


def repaired() -> str:
    """The thread of an alert that was repaired from it."""
    with repairing(INCIDENT) as story:
        story.confirmed()
        return _conversation(story)


def home() -> str:
    """The home tab on the morning of an incident that somebody has taken."""
    story = Story()
    story.morning(INCIDENT)
    story.incidents.acknowledge(story.clicks(ALICE))
    reading = reading_of(INCIDENT)
    report = reading.report
    last = StoredReport(
        key="report",
        pipeline=report.pipeline,
        job="digest",
        previous=report.previous.name,
        at=report.now,
        verdict=report.verdict.value,
        document=report_document(reading),
    )
    alerts = story.store.open_alerts(report.pipeline)
    days = [report.current.day - number * DAY for number in range(1 + len(FORTNIGHT))]
    digests = [(str(day), verdict) for day, verdict in zip(days, (report.verdict, *FORTNIGHT), strict=True)]
    calendar = DigestCalendar(story.pipeline)
    page = Home(
        pipeline=story.pipeline,
        now=story.now,
        last=last,
        digests=digests[::-1],
        alerts=alerts,
        threads={each.key: thread_link(story.store.delivery(each.thread)) for each in alerts},
        next_look=calendar.next_slot(calendar.at(story.now), story.now),
    )
    return home_page(home_view(page))


FORTNIGHT = (
    *(Verdict.BLOCKED,) * 5,
    *(Verdict.ALL_CLEAR,) * 3,
    Verdict.WATCH,
    Verdict.ALL_CLEAR,
    Verdict.ACT,
    *(Verdict.ALL_CLEAR,) * 2,
)
"""The verdicts of the digests before, the newest first."""


def _channel(message: SlackMessage) -> str:
    body: Mapping[str, Any] = {"text": message.text, "blocks": message.blocks}
    return channel_page(CHANNEL, [ShownPost(body=body, time="08:00")])


def _conversation(story: Story) -> str:
    return channel_page(CHANNEL, list(story.conversation.posts()))


PICTURES: Mapping[str, Callable[[], str]] = {
    "digest": digest,
    "digest-quiet": quiet_digest,
    "alert-firing": firing,
    "alert-acknowledged": acknowledged,
    "alert-snoozed": snoozed,
    "alert-resolved": resolved,
    "alert-blind": blind,
    "repair-form": repair_form,
    "repair-thread": repaired,
    "home": home,
}
"""The pages by the name of their picture, ``docs/slack-NAME.png``."""
