"""The pictures of the documentation: pages of Slack made of real messages, from scenarios."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from bot.playground.block_kit.posts import ShownPost, channel_page, home_page, modal_page
from bot.playground.slack.workspace import SharedFile
from bot.render.alert_links import thread_link
from bot.render.blocks import slack_message
from bot.render.digest import Digest, digest_messages
from bot.render.home import Home, home_view
from bot.render.json import report_document
from bot.render.pages import SlackMessage
from bot.render.post import post_of, with_threads
from bot.render.reading import Reading
from bot.render.report_changes import changes
from bot.render.webpage.pictures import pictures_of
from bot.sinks.slack.pictures import png_of
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


def pictures_of_a_digest() -> str:
    """What ends the thread of a digest: two weeks by phase, volume, the night."""
    reading = _read(FORTNIGHT_OF[0])
    now, zone = reading.report.now, reading.pipeline.zone
    documents = [_days_ago(report_document(_read(name)), ago, reading) for ago, name in enumerate(FORTNIGHT_OF)]
    files = {
        f"F{at}": SharedFile(f"{each.name}.png", 0, each.words, png_of(each.svg), each.title)
        for at, each in enumerate(pictures_of(documents, reading.pipeline, now))
    }
    time = f"{now.astimezone(zone):%H:%M}"
    reply = ShownPost(body={"text": ""}, time=time, files=files)
    message = slack_message(digest_messages(Digest(reading=reading)).parent)
    post = ShownPost(body={"text": message.text, "blocks": message.blocks}, time=time, replies=[reply])
    page = channel_page(CHANNEL, [post])
    for name, file in files.items():
        page = page.replace(f"files/{name}", f"data:image/png;base64,{b64encode(file.content or b'').decode()}")
    return page


FORTNIGHT_OF = (
    *("healthy-morning", "healthy-morning", "game-stuck"),
    *("healthy-morning",) * 3,
    *("invoker-lost",) * 3,
    *("healthy-morning", "no-predictions", "healthy-morning", "one-game-day", "healthy-morning"),
)
"""The scenarios of the days before a digest, the newest first."""


@cache
def _read(scenario: str) -> Reading:
    return reading_of(scenario)


def _days_ago(document: Mapping[str, Any], days: int, reading: Reading) -> Mapping[str, Any]:
    """Return a report as if its interval lay so many days before the one of the reading."""
    wanted = date.fromisoformat(reading.report.previous.name) - days * DAY
    later = wanted - date.fromisoformat(document["previous"])
    text = DATE.sub(lambda found: str(date.fromisoformat(found[0]) + later), json.dumps(document))
    moved: Mapping[str, Any] = json.loads(text)
    return moved


DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    "digest-pictures": pictures_of_a_digest,
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
