from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts.orchestration import Flag
from checks.model import Outcome, Severity, badness
from checks.orchestration.trigger_verdict import CODES, Situation, judge
from checks.registry import COMMON_CODES

DUE = datetime(2026, 2, 11, 12, tzinfo=UTC)
GRACE = timedelta(minutes=30)
SECOND = timedelta(seconds=1)
BEFORE, PAST = DUE - timedelta(hours=1), DUE + timedelta(hours=1)

PLAIN = Situation(
    applies=True,
    flag=Flag.FALSE,
    enough=False,
    since=None,
    triggered_at=None,
    critical_missing=False,
    effect=False,
    logged=False,
    now=PAST,
    due=DUE,
    grace=GRACE,
)


def situation(**changes: Any) -> Situation:
    return replace(PLAIN, **changes)


TABLE = [
    pytest.param({"flag": Flag.TRUE, "effect": True}, "triggered", None, id="true, effect"),
    pytest.param({"flag": Flag.TRUE, "now": BEFORE}, "effect-pending", None, id="true, no effect, before due"),
    pytest.param({"flag": Flag.TRUE}, "triggered-without-effect", Severity.P0, id="true, no effect, past due"),
    pytest.param(
        {"enough": True, "since": PAST - GRACE}, "trigger-pending", None, id="false, enough, no effect, within grace"
    ),
    pytest.param(
        {"enough": True, "since": PAST - GRACE - SECOND},
        "not-triggered",
        Severity.P0,
        id="false, enough, no effect, past grace",
    ),
    pytest.param(
        {"enough": True, "since": DUE - GRACE, "effect": True},
        "bypassed",
        Severity.P2,
        id="false, enough, effect, no log, past grace",
    ),
    pytest.param(
        {"enough": True, "since": DUE - GRACE, "effect": True, "logged": True},
        "flag-not-set",
        Severity.P3,
        id="false, enough, effect, log, past grace",
    ),
    pytest.param({"now": BEFORE}, "processors-running", None, id="false, not enough, no effect, before due"),
    pytest.param({}, "processors-missing", Severity.P1, id="false, not enough, no effect, past due"),
    pytest.param({"critical_missing": True}, "processors-missing", Severity.P0, id="the same without a critical one"),
    pytest.param({"effect": True}, "untracked", Severity.P3, id="false, not enough, effect, past due"),
    pytest.param({"effect": True, "now": BEFORE}, "untracked", Severity.P3, id="false, not enough, effect, before due"),
    pytest.param({"flag": Flag.ABSENT, "effect": True}, "no-record", Severity.P3, id="no document, effect"),
    pytest.param({"flag": Flag.ABSENT}, "not-started", Severity.P0, id="no document, no effect, past due"),
    pytest.param({"flag": Flag.ABSENT, "now": BEFORE}, "not-started-yet", None, id="no document, before due"),
    pytest.param({"applies": False, "flag": Flag.TRUE}, "off-day", None, id="no games"),
    pytest.param({"applies": False, "flag": Flag.UNREADABLE}, "off-day", None, id="no games, unreadable flag"),
    pytest.param({"flag": Flag.UNREADABLE}, "flag-unreadable", Severity.P0, id="unreadable flag"),
    pytest.param({"flag": Flag.UNREADABLE, "effect": None}, "flag-unreadable", Severity.P0, id="the same, no evidence"),
    pytest.param({"flag": Flag.UNREADABLE, "effect": True}, "flag-unreadable", Severity.P3, id="the same, effect"),
    pytest.param({"too_few": True}, "too-few-rows", None, id="too few rows, past due"),
    pytest.param({"too_few": True, "now": BEFORE}, "processors-running", None, id="too few rows, before due"),
    pytest.param({"too_few": True, "effect": True}, "untracked", Severity.P3, id="too few rows, effect"),
    pytest.param({"flag": Flag.ABSENT, "expired": True}, "expired", None, id="no document, expired"),
    pytest.param(
        {"flag": Flag.ABSENT, "expired": True, "effect": True}, "expired", None, id="no document, expired, effect"
    ),
    pytest.param(
        {"enough": True, "since": DUE - GRACE, "effect": True, "logged": None},
        "source-unavailable",
        Severity.P2,
        id="only the log would tell, and it cannot be read",
    ),
    pytest.param(
        {"enough": True, "since": DUE - GRACE, "logged": None},
        "not-triggered",
        Severity.P0,
        id="the log cannot be read, and is not needed",
    ),
    pytest.param({"flag": Flag.TRUE, "effect": None}, "no-evidence", Severity.P0, id="true, nothing shows an effect"),
    pytest.param(
        {"enough": True, "effect": None}, "no-evidence", Severity.P0, id="false, enough, nothing shows an effect"
    ),
    pytest.param({"enough": True, "effect": None, "now": BEFORE}, "trigger-pending", None, id="the same, before due"),
    pytest.param({"flag": Flag.ABSENT, "effect": None}, "no-evidence", Severity.P0, id="no document, no evidence"),
]


@pytest.mark.parametrize(("changes", "code", "severity"), TABLE)
def test_the_table(changes: dict[str, Any], code: str, severity: Severity | None) -> None:
    judgement = judge(situation(**changes))

    assert (judgement.code, judgement.severity) == (code, severity)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(DUE, "processors-running", id="at the limit"),
        pytest.param(DUE + SECOND, "processors-missing", id="just past it"),
    ],
)
def test_the_due_time_itself_is_not_past_due(now: datetime, code: str) -> None:
    assert judge(situation(now=now)).code == code


@pytest.mark.parametrize(
    ("now", "since", "code"),
    [
        pytest.param(PAST, PAST - GRACE, "trigger-pending", id="at the limit"),
        pytest.param(PAST, PAST - GRACE - SECOND, "not-triggered", id="just past it"),
        pytest.param(DUE, DUE - timedelta(hours=5), "trigger-pending", id="grace over long ago, not due yet"),
        pytest.param(DUE + SECOND, DUE - timedelta(hours=5), "not-triggered", id="grace over long ago, just due"),
        pytest.param(PAST, None, "not-triggered", id="enough since nobody knows when, past due"),
        pytest.param(BEFORE, None, "trigger-pending", id="enough since nobody knows when, before due"),
    ],
)
def test_grace_ends_after_enough_and_never_before_due(now: datetime, since: datetime | None, code: str) -> None:
    assert judge(situation(enough=True, since=since, now=now)).code == code


def test_a_late_run_gets_its_grace_and_no_more() -> None:
    late = DUE + timedelta(hours=2)

    within = judge(situation(enough=True, since=late, now=late + GRACE))
    past = judge(situation(enough=True, since=late, now=late + GRACE + SECOND))

    assert (within.code, past.code) == ("trigger-pending", "not-triggered")


@pytest.mark.parametrize(
    ("now", "triggered_at", "code"),
    [
        pytest.param(PAST, PAST - GRACE, "effect-pending", id="at the limit"),
        pytest.param(PAST, PAST - GRACE - SECOND, "triggered-without-effect", id="just past it"),
        pytest.param(PAST, None, "triggered-without-effect", id="triggered nobody knows when"),
        pytest.param(DUE, DUE - timedelta(hours=5), "effect-pending", id="grace over long ago, not due yet"),
    ],
)
def test_a_late_trigger_gets_time_to_have_an_effect(now: datetime, triggered_at: datetime | None, code: str) -> None:
    assert judge(situation(flag=Flag.TRUE, triggered_at=triggered_at, now=now)).code == code


TIMES = st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda distance: DUE + distance)
SITUATIONS = st.builds(
    Situation,
    applies=st.booleans(),
    flag=st.sampled_from(Flag),
    enough=st.booleans(),
    since=st.none() | TIMES,
    triggered_at=st.none() | TIMES,
    critical_missing=st.booleans(),
    effect=st.sampled_from([True, False, None]),
    logged=st.sampled_from([True, False, None]),
    now=TIMES,
    due=TIMES,
    grace=st.timedeltas(timedelta(0), timedelta(hours=3)),
    expired=st.booleans(),
    too_few=st.booleans(),
)


@given(SITUATIONS)
def test_every_situation_has_a_documented_judgement(any_situation: Situation) -> None:
    judgement = judge(any_situation)

    assert judgement.code in {**CODES, **COMMON_CODES}
    assert (judgement.severity is not None) == (judgement.outcome in (Outcome.FAILED, Outcome.UNKNOWN))


@given(SITUATIONS)
def test_nothing_passes_without_an_effect(any_situation: Situation) -> None:
    judgement = judge(any_situation)

    assert judgement.outcome is not Outcome.PASSED or any_situation.effect is True


@given(SITUATIONS)
def test_nothing_fails_on_an_off_day(any_situation: Situation) -> None:
    assert judge(replace(any_situation, applies=False)).outcome is Outcome.SKIPPED


@given(SITUATIONS)
def test_before_due_nothing_fails_louder_than_a_note(any_situation: Situation) -> None:
    judgement = judge(replace(any_situation, now=min(any_situation.now, any_situation.due)))

    assert judgement.outcome is not Outcome.FAILED or judgement.severity is Severity.P3


@given(SITUATIONS)
def test_past_due_an_effect_never_makes_it_worse(any_situation: Situation) -> None:
    late = replace(any_situation, now=max(any_situation.now, any_situation.due + SECOND))
    without, with_effect = judge(replace(late, effect=False)), judge(replace(late, effect=True))

    if without.outcome is Outcome.FAILED and with_effect.outcome is not Outcome.UNKNOWN:
        assert badness(with_effect.outcome, with_effect.severity) >= badness(without.outcome, without.severity)


@given(SITUATIONS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_time_alone_never_makes_it_better(any_situation: Situation, later: timedelta) -> None:
    now, after = judge(any_situation), judge(replace(any_situation, now=any_situation.now + later))

    assert badness(after.outcome, after.severity) <= badness(now.outcome, now.severity)
