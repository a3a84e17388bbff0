"""The answer of a few checks: it never speaks for the pipeline, and names what is open beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.alerting.incident import incidents_of
from bot.render.alert_list import gravest_first
from bot.render.alert_title import short_title
from bot.render.message import Line, Message, Part, SmallPrint, mark_of_severity
from bot.render.reading import Reading
from bot.render.words import number, quoted
from bot.store.model import Alert
from checks.model import Outcome, Severity

ALERTS_AT_MOST = 3
"""Open alerts beside an answer; more are counted, and ``/alerts`` lists them."""


def status_of(reading: Reading) -> str:
    """Return what a few checks say, in the place of a verdict: ``nothing found``, ``3 problems``.

    A problem is what an alert tells, as in the digest: a cause with all that follows from it is one."""
    incidents = incidents_of(reading.report)
    problems = sum(each.severity is not Severity.P3 for each in incidents)
    notes = len(incidents) - problems
    found = [number(problems, "problem")] if problems else [number(notes, "note")] if notes else []
    if reading.of(Outcome.UNKNOWN):
        return ", ".join([*found, "not everything could be checked"])
    if not any(each.finding.checked for each in reading.found):
        return "nothing was checked"
    return "".join(found) or "nothing found"


def partial_message(
    message: Message,
    reading: Reading,
    name: str,
    ran: tuple[int, int],
    alerts: Sequence[Alert] | None,
    links: Mapping[str, str],
) -> Message:
    """Return the message of a report as the answer of a few checks called ``name``.

    ``ran`` is how many checks ran, and of how many. ``alerts`` are those that are open, None where they could not be
    read; ``links`` lead to their threads, by the key of the alert.
    """
    some, every = ran
    return replace(
        message,
        title=name,
        status=f"{status_of(reading)} ({some} of {number(every, 'check')})",
        parts=(*_open_alerts(alerts, links), *message.parts),
    )


def without_a_word(message: Message, service: str, titles: Sequence[str]) -> Message:
    """Return the answer about a service with the checks that ran and have nothing about it: that they found nothing
    says nothing."""
    if not titles:
        return message
    return replace(message, parts=(*message.parts, SmallPrint(text=f"Nothing about {service}: {quoted(titles, 4)}.")))


def _open_alerts(alerts: Sequence[Alert] | None, links: Mapping[str, str]) -> Iterator[Part]:
    if alerts is None:
        yield SmallPrint(text="The open alerts could not be read; /alerts lists them when the store answers.")
        return
    for alert in gravest_first(alerts)[:ALERTS_AT_MOST]:
        yield Line(
            mark=mark_of_severity(alert.severity),
            label="open alert",
            text=short_title(alert),
            link=links.get(alert.key),
        )
    if len(alerts) > ALERTS_AT_MOST:
        yield SmallPrint(text=f"and {number(len(alerts) - ALERTS_AT_MOST, 'more open alert')}: /alerts lists them.")
