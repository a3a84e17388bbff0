"""What stands in an event, and how PagerDuty gets it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.pages import PageAction, event_of
from bot.delivery.decisions import Attempt, Form
from bot.sinks.webhook.events import DEDUP_KEY, SUMMARY, WebhookWording, dedup_key, formatted
from bot.store.model import Alert
from checks.model import Severity
from tests.bot.store.records import NOW, an_alert

PAGERDUTY_BYTES = 512_000


def event(action: PageAction = PageAction.TRIGGER, alert: Alert | None = None) -> dict[str, object]:
    return event_of(alert or an_alert(), action, "opened", NOW)


def test_our_own_format_says_everything_and_names_the_delivery() -> None:
    sent = formatted(event(), "reveille", key="page:1", secret=None)

    assert sent["id"] == "page:1"
    assert (sent["version"], sent["action"], sent["key"]) == (1, "trigger", an_alert().thread)
    assert sent["alert"]["severity"] == an_alert().severity.name


@pytest.mark.parametrize(
    ("severity", "theirs"),
    list(zip(Severity, ["critical", "error", "warning", "info"], strict=True)),
    ids=str,
)
def test_pagerduty_gets_its_own_severities(severity: Severity, theirs: str) -> None:
    sent = formatted(event(alert=replace(an_alert(), severity=severity)), "pagerduty", key="k", secret="routing")

    assert (sent["routing_key"], sent["event_action"], sent["payload"]["severity"]) == ("routing", "trigger", theirs)


@pytest.mark.parametrize("action", [PageAction.ACKNOWLEDGE, PageAction.RESOLVE])
def test_what_ends_an_incident_has_the_key_that_began_it_and_no_payload(action: PageAction) -> None:
    first, last = (formatted(event(each), "pagerduty", key="k", secret="r") for each in (PageAction.TRIGGER, action))

    assert last["dedup_key"] == first["dedup_key"]
    assert set(last) == {"routing_key", "event_action", "dedup_key"}


@given(title=st.text(max_size=3_000), what=st.text(max_size=3_000), impacts=st.lists(st.text(max_size=3_000)))
def test_every_event_keeps_to_the_limits_of_pagerduty(title: str, what: str, impacts: list[str]) -> None:
    alert = replace(an_alert(), title=title, details={"what": what, "impacts": impacts, "link": "x" * 3_000})

    sent = formatted(event(alert=alert), "pagerduty", key="k", secret="r")

    assert len(sent["payload"]["summary"]) <= SUMMARY
    assert len(sent["dedup_key"]) <= DEDUP_KEY
    assert len(json.dumps(sent)) <= PAGERDUTY_BYTES


@pytest.mark.parametrize("length", [DEDUP_KEY, DEDUP_KEY + 1], ids=["at the limit", "just past it"])
def test_long_keys_stay_different(length: int) -> None:
    one, other = "a" * (length - 1) + "1", "a" * (length - 1) + "2"

    assert len(dedup_key(one)) <= DEDUP_KEY
    assert dedup_key(one) != dedup_key(other)


def test_a_plainer_event_says_less_and_is_about_the_same() -> None:
    body = {
        "event": event(alert=replace(an_alert(), title="t" * 900, details={"what": "w", "link": "https://x.example"}))
    }

    words, short = (
        WebhookWording().shown(body, Attempt(channel="hook", form=form))["event"] for form in (Form.WORDS, Form.SHORT)
    )

    assert (words["key"], short["key"]) == (an_alert().thread, an_alert().thread)
    assert (words["alert"]["link"], words["alert"]["what"], short["alert"]["what"]) == (None, "w", "")
    assert len(short["alert"]["title"]) <= 200
