"""All that people get of one scenario: alerts in each state with thread, details and report, the digest, Home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from bot.alerting.alerts import AlertFault, Observation, Observed, decide
from bot.alerting.chronicle import Chronicle, Event, Happening
from bot.alerting.clicks import acknowledged, snoozed
from bot.alerting.recheck import RecheckResult
from bot.render.alert import AlertMessages, alert_message
from bot.render.alert_list import alert_list
from bot.render.blocks import slack_message, slack_messages, without_native
from bot.render.digest import Digest, digest_messages
from bot.render.home import Home, home_view
from bot.render.incident_report import report_post
from bot.render.json import report_document
from bot.render.pages import Block, SlackMessage
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, AlertState, AuditEntry, SnoozeUntil, StoredReport
from bot.validation import Validation
from checks.catalog import checks_of
from checks.model import Report, Verdict
from checks.notifications import AlertPolicy, Escalation
from checks.pipeline import Pipeline
from handlers.buttons import Pressed
from handlers.services import Services
from handlers.snooze_form import Origin, snooze_form
from handlers.views import details
from tests.bot.render.screens import alerts_in
from tests.fakes import ports
from tests.handlers.rig import CHANNEL, running
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed

USER = "U0EXAMPLE1"
MINUTE = timedelta(minutes=1)
HISTORY = (*Verdict, None) * 3
LONG_REASON = f"Rolled back by the platform team & <others>: {', '.join(map(str, range(500)))}"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, or a ``view`` that opens or is published."""

    name: str
    message: SlackMessage | None = None
    view: Mapping[str, Any] | None = None

    @property
    def blocks(self) -> Sequence[Block]:
        return self.view["blocks"] if self.message is None and self.view is not None else self.message.blocks  # type: ignore[union-attr]


def everything_of(scenario: str) -> Iterator[Sent]:
    """Yield all messages and views of a shipped scenario."""
    return everything_in(replayed(scenario).report, NBA)


def everything_in(report: Report, pipeline: Pipeline) -> Iterator[Sent]:
    """Yield all messages and views of a run."""
    reading = Reading(report=report, pipeline=pipeline, checks=checks_of(pipeline))
    alerts = [each.alert for each in alerts_in(report, pipeline)]
    for number, alert in enumerate(alerts):
        for name, sent in _of_alert(alert, report.now, pipeline):
            yield replace(sent, name=f"{name} of alert {number}")
    yield from _of_report(reading, alerts)


def states_of(alert: Alert, now: datetime) -> Mapping[str, Alert]:
    """Return an alert in each of its states, as clicks and runs make them."""
    later = now + 10 * MINUTE
    taken, asleep = acknowledged(alert, USER, now), _asleep(alert, now, until=now + 90 * MINUTE)
    until_change = _asleep(alert, now, until=None)
    closed = decide(alert, _seen(alert, Observed.CLEAR), later, AlertPolicy()).alert
    found = {
        "firing": alert,
        "acknowledged": taken,
        "snoozed": asleep,
        "until it changes": until_change,
        "resolved": closed,
        "back": closed and decide(closed, _failing(alert), later + 10 * MINUTE, AlertPolicy()).alert,
    }
    return {name: each for name, each in found.items() if each is not None}


def _asleep(alert: Alert, now: datetime, until: datetime | None) -> Alert | None:
    ends_on = SnoozeUntil.TIME if until else SnoozeUntil.CHANGE
    return snoozed(alert, USER, now, until=until, ends_on=ends_on, reason=LONG_REASON)


def _failing(alert: Alert) -> Observation:
    names = {each.name for each in fields(AlertFault)} & {each.name for each in fields(Alert)}
    fault = AlertFault(**{name: getattr(alert, name) for name in names})
    return replace(_seen(alert, Observed.UNSEEN), observed=Observed.FAILING, failure=fault)


def _seen(alert: Alert, observed: Observed) -> Observation:
    return Observation(key=alert.key, pipeline=alert.pipeline, observed=observed)


def _of_alert(alert: Alert, now: datetime, pipeline: Pipeline) -> Iterator[tuple[str, Sent]]:
    later = now + 10 * MINUTE
    services = _services(pipeline)
    for state, each in states_of(alert, now).items():
        yield state, Sent("", slack_message(alert_message(each, pipeline, later)))
        deed = AuditEntry(key="1", at=now, actor=USER, action="acknowledged", subject=each.key, outcome=LONG_REASON)
        yield (
            f"details, {state},",
            Sent("", view=details(services, each, [deed, *(replace(deed, outcome="done"),) * 20])),
        )
        events = (Event(at=now, what=Happening.FOUND), Event(at=later, what=Happening.ACKNOWLEDGED, actor=USER))
        told = report_post(
            Chronicle(alert=each, events=events, now=later), pipeline, ("As Markdown: the file beside this",)
        )
        yield f"report, {state},", Sent("", slack_message(told))
    for name, body in _replies(alert, now, AlertMessages(pipeline)):
        shown = formatted(body)
        yield name, Sent("", SlackMessage(text=str(shown["text"]), blocks=tuple(shown.get("blocks") or ())))
    origin = Origin(target=Pressed(key=alert.key, version=1), channel=CHANNEL, thread="1770000000.000001")
    yield "snooze form", Sent("", view=snooze_form(alert, origin, now, now + timedelta(hours=20)))


def _replies(alert: Alert, now: datetime, writer: AlertMessages) -> Iterator[tuple[str, Mapping[str, Any]]]:
    later = now + timedelta(hours=5)
    policy = AlertPolicy(escalation=Escalation())
    for observed in (Observed.CLEAR, Observed.UNSEEN):
        moved = decide(alert, _seen(alert, observed), later, policy)
        if moved.speaks and moved.alert is not None:
            yield f"reply {moved.reason}", writer.reply(moved, later)
    for click in ("acknowledged", "snoozed", "taken-over", "released", "unsnoozed"):
        yield f"click {click}", writer.clicked(states_of(alert, now).get(click, alert), click, USER)
    yield "checked again", writer.looked(alert, None, USER, later, RecheckResult(blind=("BigQuery (timed out)",)))
    yield "pointer", writer.pointer(alert)
    yield "past the store", writer.past_store(alert, later)


def _of_report(reading: Reading, alerts: Sequence[Alert]) -> Iterator[Sent]:
    report = reading.report
    for quiet in (True, False):
        digest = digest_messages(Digest(reading=reading, alerts=alerts, next_look=report.now, quiet=quiet))
        yield Sent(f"digest, quiet: {quiet}", slack_message(digest.parent))
    for number, post in enumerate(digest.thread):
        yield Sent(f"digest in detail {number}", slack_message(post))
    for full in (False, True):
        for number, message in enumerate(slack_messages(message_of(replace(reading, full=full)))):
            yield Sent(f"answer {number}, full: {full}", message)
    listed = alert_list(reading.pipeline, alerts, report.now)
    yield Sent("/alerts", SlackMessage(text=listed.text, blocks=tuple(listed.blocks)))
    for state in (AlertState.FIRING, AlertState.SNOOZED):
        held = [replace(states_of(each, report.now).get(state.value, each), reason="a deploy") for each in alerts]
        yield Sent(f"Home, {state}", view=home_view(_home(reading, report, held)))


def _home(reading: Reading, report: Report, alerts: Sequence[Alert]) -> Home:
    last = StoredReport(
        key="1",
        pipeline=report.pipeline,
        job="digest",
        previous=report.previous.name,
        at=report.now,
        verdict=report.verdict.value,
        document=report_document(reading),
    )
    days = [str(report.current.day - timedelta(days=each)) for each in range(14)]
    return Home(
        pipeline=reading.pipeline,
        now=report.now,
        last=last,
        digests=list(zip(days, HISTORY, strict=False)),
        alerts=alerts,
        next_look=report.now,
    )


def _services(pipeline: Pipeline) -> Services:
    """What details are drawn with: nothing is asked and nothing sent."""
    now = datetime.fromisoformat("2026-02-11T13:00:00+00:00")
    return replace(
        _rig_services(),
        validation=Validation(pipeline, ports(), lambda: now),
        alert_message=lambda alert, at: alert_message(alert, pipeline, at),
    )


@cache
def _rig_services() -> Services:
    with running() as rig:
        return rig.services


def forms_of(sent: Sent) -> Iterator[SlackMessage]:
    """Yield a message as it is sent, and as a workspace gets it that takes no native blocks."""
    if sent.message is not None:
        yield sent.message
        yield SlackMessage(text=sent.message.text, blocks=tuple(without_native(sent.message.blocks)))
