"""What a digest says of its alerts after it was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import limits
from bot.render.post import post_of
from bot.render.standing import lead, restated, since_digest, since_report
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, AlertState
from checks.model import Severity, Verdict
from tests.bot.store.records import an_alert

ZONE = ZoneInfo("America/New_York")
OPENED = an_alert().opened_at
WRITTEN = OPENED + timedelta(minutes=1)
LATER = WRITTEN + timedelta(minutes=12)
BODY = {
    "text": "🔴 NBA player props: BLOCKED. Phase 4 was not triggered.",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "🔴 NBA player props: BLOCKED", "emoji": False}},
        {"type": "divider"},
    ],
}


def resolved(alert: Alert, **details: Any) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, resolved_at=LATER, changed_at=LATER, details=details)


def said(verdict: Verdict, *alerts: Alert) -> str:
    return lead(since_digest(verdict, WRITTEN, alerts), ZONE)


def test_a_digest_whose_alerts_are_as_it_told_them_stays_as_it_is() -> None:
    assert (
        formatted(restated(post_of(BODY), since_digest(Verdict.BLOCKED, WRITTEN, [an_alert()]), {}, ZONE).document)
        == BODY
    )


def test_a_digest_whose_last_alert_was_resolved_says_until_when_it_was_blocked_and_by_whom() -> None:
    alert = resolved(an_alert(), repaired_by="U0ANN")
    standing = since_digest(Verdict.BLOCKED, WRITTEN, [alert])

    body = formatted(
        restated(post_of(BODY), standing, {alert.key: "https://example.slack.com/archives/C1/p1"}, ZONE).document
    )

    header, section, _ = body["blocks"]
    until = f"{LATER.astimezone(ZONE):%H:%M %Z}"
    assert header["text"]["text"] == f"✅ Was BLOCKED until {until}: NBA player props"
    assert body["text"].startswith(f"✅ Was BLOCKED until {until}; now no alert is open. ")
    assert f"resolved {until} by a repair of <@U0ANN>" in section["text"]["text"]
    assert "<https://example.slack.com/archives/C1/p1|thread>" in section["text"]["text"]


def test_what_is_left_says_what_is_so_now() -> None:
    left = an_alert("left", severity=Severity.P1)

    assert "; now ACT, 1 alert is open" in said(Verdict.BLOCKED, resolved(an_alert()), left)


def test_one_of_two_grave_alerts_that_was_resolved_leaves_the_digest_blocked() -> None:
    assert said(Verdict.BLOCKED, resolved(an_alert()), an_alert("other")) == "Still BLOCKED: 1 alert is open"


def test_an_alert_that_nobody_checks_any_more_does_not_end_what_the_digest_says() -> None:
    standing = since_digest(Verdict.BLOCKED, WRITTEN, [resolved(an_alert(), closing="gone")])

    assert standing.until is None


def test_a_graver_alert_since_a_clear_digest_leads_it() -> None:
    new = replace(an_alert(), opened_at=LATER, changed_at=LATER)

    body = formatted(restated(post_of(BODY), since_digest(Verdict.ALL_CLEAR, WRITTEN, [new]), {}, ZONE).document)

    assert body["text"].startswith("🔴 Was ALL CLEAR at ")
    assert "now BLOCKED, 1 alert is open" in body["text"]


def test_an_unknown_digest_stays_so_while_its_alert_is_open() -> None:
    taken = replace(an_alert(severity=Severity.P1), state=AlertState.ACKNOWLEDGED, owner="U0ANN", changed_at=LATER)

    assert said(Verdict.UNKNOWN, taken) == "Still UNKNOWN: 1 alert is open"


@pytest.mark.parametrize(("minutes", "counts"), [(0, False), (1, True)], ids=["with the digest", "just after it"])
def test_only_what_was_resolved_after_the_digest_is_news(minutes: int, *, counts: bool) -> None:
    alert = replace(resolved(an_alert()), resolved_at=WRITTEN + timedelta(minutes=minutes))

    assert bool(since_digest(Verdict.WATCH, WRITTEN, [alert]).closed) is counts


def test_a_report_counts_only_alerts_that_its_document_tells() -> None:
    alert = resolved(an_alert())
    finding = {"outcome": "failed", "subject": alert.subject, "interval": "2026-02-10"}
    told = {"results": [{"check": alert.check, "findings": [finding]}]}

    assert since_report(Verdict.BLOCKED, WRITTEN, told, [alert]).until == LATER
    assert since_report(Verdict.BLOCKED, WRITTEN, {"results": []}, [alert]).until is None


def test_an_open_alert_is_either_told_by_a_report_or_new_since() -> None:
    told, new, ended = an_alert("told"), an_alert("new", subject="other"), resolved(an_alert("ended", subject="ended"))
    finding = {"outcome": "failed", "subject": told.subject, "interval": "2026-02-10"}
    document = {"results": [{"check": told.check, "findings": [finding]}]}

    standing = since_report(Verdict.BLOCKED, WRITTEN, document, [told, new, ended])

    assert ([*standing.told], [*standing.new]) == ([told], [new])


ALERTS = st.lists(
    st.builds(
        lambda number, severity, state, minutes, title: replace(
            an_alert(f"alert-{number}", severity=severity, title=title * 40, owner="U0ANN"),
            state=state,
            opened_at=WRITTEN + timedelta(minutes=minutes),
            resolved_at=LATER if state is AlertState.RESOLVED else None,
        ),
        st.integers(0, 9),
        st.sampled_from(Severity),
        st.sampled_from(AlertState),
        st.integers(-3, 3),
        st.sampled_from(["<!here> & ", "word ", "*_`"]),
    ),
    max_size=12,
    unique_by=lambda each: each.key,
)


@settings(deadline=None)
@given(st.sampled_from(Verdict), ALERTS)
def test_a_digest_never_claims_an_end_while_an_alert_of_that_weight_is_open(
    verdict: Verdict, alerts: list[Alert]
) -> None:
    standing = since_digest(verdict, WRITTEN, alerts)
    links = {each.key: f"https://example.slack.com/archives/C0000001/p{'1' * 16}" for each in alerts}

    body = formatted(restated(post_of(BODY), standing, links, ZONE).document)

    gravest = min((each.severity for each in alerts if each.state is not AlertState.RESOLVED), default=None)
    if standing.until is not None:
        assert gravest is None or verdict is not Verdict.BLOCKED or gravest > Severity.P0
    if gravest is Severity.P0:
        assert standing.now in (Verdict.BLOCKED, Verdict.UNKNOWN)
    assert len(body["text"]) <= limits.FALLBACK_TEXT
    assert "<!here>" not in str(body)
