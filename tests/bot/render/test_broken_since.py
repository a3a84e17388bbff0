"""Since when something is broken: said where a fact says so, and never of when it was first seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.alerting.alerts import Reason, Transition
from bot.alerting.incident import broken_since
from bot.render.alert import alert_message
from bot.render.alert_list import alert_list
from bot.render.alert_replies import transition_reply
from bot.render.message import Line
from bot.render.problems import cause_section
from bot.store.model import Alert, AlertState
from checks.model import Cause, FindingKey, Outcome, Severity
from tests.bot.alerting.incident_reports import PIPELINE
from tests.bot.render.alert_states import OPEN
from tests.bot.render.reports import NOW, finding, healthy, reading_of
from tests.fakes import NIGHT

DAYS = timedelta(days=6)
MINUTE = timedelta(minutes=1)


def with_fact(began: datetime | None, **changes: object) -> Alert:
    evidence = {} if began is None else {"broken_since": {"at": began.isoformat()}}
    return replace(OPEN, opened_at=NOW, details={**OPEN.details, "evidence": evidence}, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("began", "said"),
    [
        pytest.param(NOW - DAYS, NOW - DAYS, id="days before it was seen"),
        pytest.param(NOW, NOW, id="at the very moment"),
        pytest.param(NOW + MINUTE, None, id="after it was first seen"),
        pytest.param(None, None, id="no fact"),
    ],
)
def test_a_fault_began_at_the_latest_when_it_was_first_seen(began: datetime | None, said: datetime | None) -> None:
    assert broken_since(with_fact(began)) == said


@pytest.mark.parametrize(
    ("began", "said"),
    [
        pytest.param(NOW + 4 * MINUTE, NOW + 4 * MINUTE, id="while it was closed"),
        pytest.param(NOW + 5 * MINUTE, NOW + 5 * MINUTE, id="as it came back"),
        pytest.param(NOW + 6 * MINUTE, None, id="after it came back"),
    ],
)
def test_what_is_back_began_at_the_latest_when_it_was_seen_again(began: datetime, said: datetime | None) -> None:
    assert broken_since(with_fact(began, waits_since=NOW + 5 * MINUTE)) == said


def test_a_change_that_somebody_is_known_to_have_made_is_told_also_while_the_alert_was_open() -> None:
    at = (NOW + MINUTE).isoformat()
    alert = with_fact(None)
    known = replace(alert, details={**alert.details, "broken_since": at, "evidence": {"changed_at": {"at": at}}})

    assert broken_since(known) == NOW + MINUTE


@pytest.mark.parametrize("began", [NOW - DAYS, None], ids=["a fact", "no fact"])
def test_the_alert_and_the_list_say_since_when_it_is_broken_only_where_it_is_known(began: datetime | None) -> None:
    alert = with_fact(began)

    for shown in (
        str(alert_message(alert, PIPELINE, NOW + MINUTE).document),
        str(alert_list(PIPELINE, [alert], NOW + MINUTE).blocks),
    ):
        assert "irst seen 11 Feb 08:00 EST" in shown
        assert ("roken since 5 Feb 08:00 EST (6 days)" in shown) is (began is not None)


def test_the_resolution_says_how_long_it_was_broken() -> None:
    before = with_fact(NOW - DAYS)
    after = replace(before, state=AlertState.RESOLVED, resolved_at=NOW + 10 * MINUTE)

    reply = transition_reply(
        Transition(reason=Reason.RESOLVED, before=before, alert=after), PIPELINE, NOW + 10 * MINUTE
    )

    assert "10 min after it was first seen (broken for 6 days)" in str(reply["notice"])
    closed = str(alert_message(after, PIPELINE, NOW + 10 * MINUTE).document)
    assert "5 Feb 08:00 to 11 Feb 08:10 EST, 6 days" in closed


@pytest.mark.parametrize(
    ("began", "said"),
    [(NOW - DAYS, True), (NOW - timedelta(seconds=59), False), (None, False)],
    ids=["days ago", "just now", "no fact"],
)
def test_a_report_says_in_words_since_when_a_cause_is_broken(began: datetime | None, *, said: bool) -> None:
    cause = Cause(
        code="invoker-lost",
        subject="games",
        sentence="Nobody can call it.",
        severity=Severity.P0,
        explains=(FindingKey("grading", "catboost_v9", NIGHT.name),),
        broken_since=began,
    )
    failed = finding(Outcome.FAILED, "low", "catboost_v9", "Low.", severity=Severity.P0)

    lines = cause_section(reading_of({**healthy(), "grading": [failed]}, (cause,)))

    shown = [each.text for each in lines if isinstance(each, Line) and each.label == "Broken since"]
    assert shown == (["5 Feb 08:00 EST (6 days)"] if said else [])
