"""What becomes of an alert: a table of every transition, and properties that hold of all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.alerting.alerts import AlertFault, Observation, Observed, Reason, Transition, decide, was_told
from bot.store.model import Alert, AlertState, SnoozeUntil
from checks.model import Severity
from checks.notifications import AlertPolicy

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)
POLICY = AlertPolicy(remind_minutes={Severity.P0: 60, Severity.P1: 240}, flap_minutes=60, unknown_runs=3)
NO_REMINDERS = AlertPolicy(remind_minutes={}, remind_owner_minutes={}, flap_minutes=60, unknown_runs=3)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def failure(**changes: Any) -> AlertFault:
    return replace(
        AlertFault(
            check="trigger",
            code="not-triggered",
            subject="phase3_to_phase4",
            interval="2026-02-10",
            phase="phase4",
            severity=Severity.P1,
            title="Precompute was not triggered",
            channel="C0000001",
            fingerprint="as it was",
            extent=3,
        ),
        **changes,
    )


def failing(after_runs: int = 1, **changes: Any) -> Observation:
    return Observation(
        key="a-key", pipeline="nba", observed=Observed.FAILING, failure=failure(**changes), after_runs=after_runs
    )


def seen(observed: Observed) -> Observation:
    return Observation(key="a-key", pipeline="nba", observed=observed)


def counted(before: Alert | None) -> Observation:
    """One more run in a row of three that say so."""
    return replace(failing(after_runs=3), in_a_row={"a-check": 1 + (0 if before is None else before.unknown_runs)})


def alert(**changes: Any) -> Alert:
    """An alert that was told five minutes ago and that nobody has acknowledged."""
    opened = decide(None, failing(), NOW - 5 * MINUTE, POLICY).alert
    assert opened is not None
    return replace(opened, **{"version": 1, "answered": changes.get("severity", opened.severity), **changes})


def acknowledged(**changes: Any) -> Alert:
    return alert(state=AlertState.ACKNOWLEDGED, owner="U0000001", **changes)


def snoozed(until: datetime | None = NOW + HOUR, ends_on: SnoozeUntil = SnoozeUntil.TIME, **changes: Any) -> Alert:
    return alert(state=AlertState.SNOOZED, owner="U0000001", snoozed_until=until, snooze_ends_on=ends_on, **changes)


def resolved(ago: timedelta, **changes: Any) -> Alert:
    return alert(state=AlertState.RESOLVED, resolved_at=NOW - ago, **changes)


WORSE: dict[str, Any] = {"severity": Severity.P0, "fingerprint": "worse"}
MILDER: dict[str, Any] = {"severity": Severity.P2, "fingerprint": "milder"}
WIDER: dict[str, Any] = {"extent": 4, "fingerprint": "wider"}
NARROWER: dict[str, Any] = {"extent": 2, "fingerprint": "narrower"}
OTHER: dict[str, Any] = {"code": "processors-missing", "fingerprint": "other"}
NEXT_RUN, CHANGE = SnoozeUntil.NEXT_RUN, SnoozeUntil.CHANGE
FIRING, ACKNOWLEDGED, SNOOZED, RESOLVED = AlertState

TABLE: list[tuple[str, Alert | None, Observation, Reason, AlertState | None, bool]] = [
    ("nothing known, failing", None, failing(), Reason.OPENED, FIRING, True),
    ("nothing known, clear", None, seen(Observed.CLEAR), Reason.UNCHANGED, None, False),
    ("nothing known, waiting or skipped", None, seen(Observed.QUIET), Reason.UNCHANGED, None, False),
    ("nothing known, could not check", None, seen(Observed.BLIND), Reason.UNCHANGED, None, False),
    ("nothing known, did not look", None, seen(Observed.UNSEEN), Reason.UNCHANGED, None, False),
    ("firing, the same", alert(), failing(), Reason.UNCHANGED, FIRING, False),
    ("firing, graver", alert(), failing(**WORSE), Reason.WORSENED, FIRING, True),
    ("firing, milder", alert(), failing(**MILDER), Reason.EASED, FIRING, False),
    ("firing, wider", alert(), failing(**WIDER), Reason.WORSENED, FIRING, False),
    ("firing, narrower", alert(), failing(**NARROWER), Reason.EASED, FIRING, False),
    ("firing, different", alert(), failing(**OTHER), Reason.CHANGED, FIRING, False),
    ("firing, clear", alert(), seen(Observed.CLEAR), Reason.RESOLVED, RESOLVED, False),
    ("firing, waiting or skipped", alert(), seen(Observed.QUIET), Reason.UNCHANGED, FIRING, False),
    ("firing, could not check", alert(), seen(Observed.BLIND), Reason.UNCHANGED, FIRING, False),
    ("firing, did not look", alert(), seen(Observed.UNSEEN), Reason.UNCHANGED, FIRING, False),
    ("firing, told elsewhere", alert(), seen(Observed.SUPERSEDED), Reason.SUPERSEDED, RESOLVED, False),
    ("acknowledged, the same", acknowledged(), failing(), Reason.UNCHANGED, ACKNOWLEDGED, False),
    ("acknowledged, graver", acknowledged(), failing(**WORSE), Reason.WORSENED, FIRING, True),
    ("acknowledged, milder", acknowledged(), failing(**MILDER), Reason.EASED, ACKNOWLEDGED, False),
    ("acknowledged, wider", acknowledged(), failing(**WIDER), Reason.WORSENED, ACKNOWLEDGED, False),
    ("acknowledged, clear", acknowledged(), seen(Observed.CLEAR), Reason.RESOLVED, RESOLVED, False),
    ("snoozed, the same", snoozed(), failing(), Reason.UNCHANGED, SNOOZED, False),
    ("snoozed, graver", snoozed(severity=Severity.P2), failing(), Reason.WORSENED, SNOOZED, False),
    ("snoozed, a P0 now", snoozed(severity=Severity.P2), failing(**WORSE), Reason.WORSENED, FIRING, True),
    ("snoozed, milder", snoozed(), failing(**MILDER), Reason.EASED, SNOOZED, False),
    ("snoozed, clear", snoozed(), seen(Observed.CLEAR), Reason.RESOLVED, RESOLVED, False),
    ("snoozed until a change, the same", snoozed(None, CHANGE), failing(), Reason.UNCHANGED, SNOOZED, False),
    ("snoozed until a change, graver", snoozed(None, CHANGE), failing(**WORSE), Reason.WORSENED, FIRING, True),
    ("snoozed until a change, milder", snoozed(None, CHANGE), failing(**MILDER), Reason.EASED, FIRING, False),
    ("snoozed until a change, different", snoozed(None, CHANGE), failing(**OTHER), Reason.CHANGED, FIRING, False),
    ("snoozed until a change, blind", snoozed(None, CHANGE), seen(Observed.BLIND), Reason.UNCHANGED, SNOOZED, False),
    ("snoozed until the next run", snoozed(None, NEXT_RUN), failing(), Reason.SNOOZE_ENDED, FIRING, True),
    ("snoozed until a run looks", snoozed(None, NEXT_RUN), seen(Observed.UNSEEN), Reason.UNCHANGED, SNOOZED, False),
    ("resolved, clear", resolved(HOUR), seen(Observed.CLEAR), Reason.UNCHANGED, RESOLVED, False),
    ("resolved, did not look", resolved(HOUR), seen(Observed.UNSEEN), Reason.UNCHANGED, RESOLVED, False),
    ("resolved, told elsewhere", resolved(HOUR), seen(Observed.SUPERSEDED), Reason.UNCHANGED, RESOLVED, False),
]


@pytest.mark.parametrize(
    ("before", "observation", "reason", "state", "mention"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_transition_has_its_reason(
    before: Alert | None, observation: Observation, reason: Reason, state: AlertState | None, mention: bool
) -> None:
    transition = decide(before, observation, NOW, POLICY)

    after = None if transition.alert is None else transition.alert.state
    assert (transition.reason, after, transition.mention) == (reason, state, mention)


@pytest.mark.parametrize(
    ("severity", "silent", "reason"),
    [
        (Severity.P0, 60 * MINUTE - timedelta(seconds=1), Reason.UNCHANGED),
        (Severity.P0, 60 * MINUTE, Reason.REMINDED),
        (Severity.P1, 60 * MINUTE, Reason.UNCHANGED),
        (Severity.P1, 240 * MINUTE, Reason.REMINDED),
        (Severity.P2, 9_999 * MINUTE, Reason.UNCHANGED),
    ],
    ids=["just before", "at the interval", "P1 waits longer", "P1 at its interval", "P2 has none"],
)
def test_it_reminds_after_the_interval_of_its_severity(severity: Severity, silent: timedelta, reason: Reason) -> None:
    before = alert(severity=severity, notified_at=NOW - silent)

    transition = decide(before, failing(severity=severity), NOW, POLICY)

    assert transition.reason is reason


@pytest.mark.parametrize("observed", [Observed.BLIND, Observed.UNSEEN])
def test_it_reminds_of_what_nobody_could_look_at_again(observed: Observed) -> None:
    before = alert(severity=Severity.P0, notified_at=NOW - HOUR)

    assert decide(before, seen(observed), NOW, POLICY).reason is Reason.REMINDED


@pytest.mark.parametrize("before", [acknowledged(notified_at=NOW - 9 * HOUR), snoozed(notified_at=NOW - 9 * HOUR)])
def test_nobody_is_reminded_of_what_somebody_has_taken(before: Alert) -> None:
    assert decide(before, failing(), NOW, POLICY).reason is Reason.UNCHANGED


@pytest.mark.parametrize(
    ("severity", "silent", "reason"),
    [
        (Severity.P0, 2 * HOUR - timedelta(seconds=1), Reason.UNCHANGED),
        (Severity.P0, 2 * HOUR, Reason.REMINDED),
        (Severity.P1, 99 * HOUR, Reason.UNCHANGED),
    ],
    ids=["just before", "at the interval", "P1 has none"],
)
def test_whoever_has_a_p0_is_asked_how_it_stands(severity: Severity, silent: timedelta, reason: Reason) -> None:
    before = acknowledged(severity=severity, notified_at=NOW - silent)

    transition = decide(before, failing(severity=severity), NOW, POLICY)

    assert transition.reason is reason
    assert transition.alert is not None
    assert (transition.alert.state, transition.alert.owner) == (ACKNOWLEDGED, before.owner)


@pytest.mark.parametrize(("silent", "mention"), [(3 * HOUR, False), (4 * HOUR, True)], ids=["not due", "due"])
def test_a_change_reminds_when_a_reminder_is_due_anyway(silent: timedelta, mention: bool) -> None:
    before = alert(notified_at=NOW - silent)

    moved = decide(before, failing(**WIDER), NOW, POLICY)

    assert (moved.reason, moved.mention) == (Reason.WORSENED, mention)
    assert decide(moved.alert, failing(**WIDER), NOW, POLICY).reason is Reason.UNCHANGED


def test_a_reminder_is_repeated_only_after_another_interval() -> None:
    first = decide(alert(notified_at=NOW - 4 * HOUR), failing(), NOW, POLICY)

    again = [decide(first.alert, failing(), NOW + wait, POLICY).reason for wait in (MINUTE, 4 * HOUR)]

    assert (first.reason, again) == (Reason.REMINDED, [Reason.UNCHANGED, Reason.REMINDED])


@pytest.mark.parametrize(
    ("until", "reason"),
    [(NOW + timedelta(seconds=1), Reason.UNCHANGED), (NOW, Reason.SNOOZE_ENDED), (NOW - HOUR, Reason.SNOOZE_ENDED)],
    ids=["just before", "at its end", "long over"],
)
@pytest.mark.parametrize(
    "observation", [failing(), seen(Observed.UNSEEN), seen(Observed.BLIND)], ids=lambda each: each.observed
)
def test_a_snooze_ends_at_its_time(observation: Observation, until: datetime, reason: Reason) -> None:
    assert decide(snoozed(until), observation, NOW, POLICY).reason is reason


def test_what_fires_again_has_no_owner() -> None:
    woken = decide(snoozed(NOW, reason="later"), failing(), NOW, POLICY).alert

    assert woken is not None
    assert (woken.owner, woken.snoozed_until, woken.reason) == (None, None, "")


@pytest.mark.parametrize(
    ("ago", "reason", "generation"),
    [
        (timedelta(0), Reason.REOPENED, 0),
        (60 * MINUTE, Reason.REOPENED, 0),
        (60 * MINUTE + timedelta(seconds=1), Reason.OPENED, 1),
        (-HOUR, Reason.REOPENED, 0),
    ],
    ids=["at once", "at the end of the window", "just past it", "after the clock was put back"],
)
def test_it_reopens_its_old_thread_inside_the_flap_window(ago: timedelta, reason: Reason, generation: int) -> None:
    before = resolved(ago)

    transition = decide(before, failing(), NOW, POLICY)

    assert transition.alert is not None
    assert (transition.reason, transition.alert.generation) == (reason, generation)
    assert (transition.alert.thread == before.thread) == (generation == 0)
    assert (transition.alert.version, transition.alert.resolved_at) == (before.version, None)


@pytest.mark.parametrize(("silent", "mention"), [(239 * MINUTE, False), (240 * MINUTE, True)], ids=["early", "in time"])
def test_what_flaps_calls_nobody_more_often_than_a_reminder(silent: timedelta, mention: bool) -> None:
    before = resolved(MINUTE, severity=Severity.P1, notified_at=NOW - silent)

    transition = decide(before, failing(severity=Severity.P1), NOW, POLICY)

    assert (transition.reason, transition.mention) == (Reason.REOPENED, mention)


def test_a_p0_that_is_back_calls_however_lately_it_called() -> None:
    before = resolved(MINUTE, severity=Severity.P0, notified_at=NOW - MINUTE)

    transition = decide(before, failing(severity=Severity.P0), NOW, POLICY)

    assert (transition.reason, transition.mention) == (Reason.REOPENED, True)


def test_a_snooze_given_for_a_p0_holds_when_the_p0_is_back() -> None:
    before = resolved(MINUTE, severity=Severity.P0, snoozed_until=NOW + HOUR)

    transition = decide(before, failing(severity=Severity.P0), NOW, POLICY)

    assert (transition.reason, transition.mention) == (Reason.REOPENED, False)


@pytest.mark.parametrize(
    ("before", "severity", "shows"),
    [
        pytest.param(resolved(MINUTE, severity=Severity.P0), Severity.P0, True, id="a P0 that is back"),
        pytest.param(resolved(MINUTE, severity=Severity.P1), Severity.P0, True, id="back as a P0"),
        pytest.param(alert(severity=Severity.P1, answered=Severity.P1), Severity.P0, True, id="a P0 by now"),
        pytest.param(
            resolved(MINUTE, severity=Severity.P0, answered=Severity.P0, snoozed_until=NOW + HOUR),
            Severity.P0,
            False,
            id="a P0 that somebody snoozed",
        ),
        pytest.param(resolved(MINUTE, severity=Severity.P1), Severity.P1, False, id="a P1 that is back"),
        pytest.param(None, Severity.P0, False, id="a new P0, which is a message of the channel anyway"),
        pytest.param(
            alert(severity=Severity.P0, notified_at=NOW - 24 * HOUR), Severity.P0, False, id="a reminder of a P0"
        ),
    ],
)
def test_a_p0_that_calls_anew_shows_in_the_channel(before: Alert | None, severity: Severity, shows: bool) -> None:
    transition = decide(before, failing(severity=severity), NOW, POLICY)

    assert transition.is_broadcast is shows


FINDING = {"check": "trigger", "code": "not-triggered", "severity": "P1"}
MORE: dict[str, Any] = {"extent": 4, "fingerprint": "more", "details": {"findings": [FINDING]}}


@pytest.mark.parametrize(
    ("ago", "reason"),
    [(None, Reason.WORSENED), (59 * MINUTE, Reason.COUNTED), (60 * MINUTE, Reason.WORSENED)],
    ids=["never told", "just before an hour", "after an hour"],
)
def test_the_thread_hears_of_a_count_once_an_hour(ago: timedelta | None, reason: Reason) -> None:
    before = alert(counted_at=None if ago is None else NOW - ago, details={"extent": 3, "findings": [FINDING]})

    transition = decide(before, failing(**MORE), NOW, POLICY)

    assert transition.reason is reason
    assert transition.alert is not None
    assert transition.alert.details["extent"] == 4


def test_another_kind_of_failure_is_told_at_once_although_a_count_was() -> None:
    before = alert(counted_at=NOW - MINUTE, details={"extent": 3, "findings": [FINDING]})
    other = {"findings": [FINDING, {**FINDING, "check": "phase-log"}]}

    transition = decide(before, failing(extent=4, fingerprint="more", details=other), NOW, POLICY)

    assert transition.reason is Reason.WORSENED


@given(
    reads=st.lists(
        st.tuples(
            st.sets(st.sampled_from("abcd"), min_size=1),
            st.sampled_from((Severity.P0, Severity.P1, Severity.P2)),
            st.sampled_from((MINUTE, 15 * MINUTE, HOUR)),
        ),
        min_size=1,
        max_size=20,
    ),
    before=st.sampled_from((None, acknowledged(), snoozed(until=NOW + 24 * HOUR))),
)
@example(reads=[(set(each), Severity.P1, MINUTE) for each in ("a", "ab", "a", "ab")], before=None)
@example(reads=[(set(each), Severity.P1, MINUTE) for each in ("a", "ab")], before=snoozed(severity=Severity.P2))
def test_an_open_alert_shows_what_the_last_run_saw_whatever_its_thread_was_told(
    reads: list[tuple[set[str], Severity, timedelta]], before: Alert | None
) -> None:
    current, now, message = before, NOW, before
    for subjects, severity, later in reads:
        now += later
        findings = [{**FINDING, "severity": severity.name, "subject": each} for each in sorted(subjects)]
        seen = failing(
            severity=severity,
            extent=len(subjects),
            fingerprint=f"{severity.name} {sorted(subjects)}",
            details={"findings": findings},
        )
        transition = decide(current, seen, now, POLICY)
        current = transition.alert
        message = current if transition.speaks else message

        assert current is not None
        assert current.details["findings"] == findings
        assert message is not None
        assert message.details["findings"] == findings


@given(
    severities=st.lists(st.sampled_from((Severity.P0, Severity.P1, Severity.P2)), min_size=1, max_size=30),
    acknowledged_at=st.sampled_from((Severity.P0, Severity.P1, Severity.P2)),
)
def test_after_an_acknowledgement_only_what_is_graver_than_all_before_calls(
    severities: list[Severity], acknowledged_at: Severity
) -> None:
    current: Alert | None = acknowledged(severity=acknowledged_at)
    gravest, now, called = acknowledged_at, NOW, []
    for severity in severities:
        now += 15 * MINUTE
        transition = decide(current, failing(severity=severity, fingerprint=severity.name), now, NO_REMINDERS)
        called.append((transition.mention, severity < gravest))
        gravest, current = min(gravest, severity), transition.alert

    assert [mention for mention, _ in called] == [is_graver for _, is_graver in called]


def test_a_snooze_outlasts_a_recovery() -> None:
    closed = decide(snoozed(NOW + 48 * HOUR), seen(Observed.CLEAR), NOW, POLICY)

    back = decide(closed.alert, failing(), NOW + 24 * HOUR, POLICY)

    assert closed.reason is Reason.RESOLVED
    assert back.alert is not None
    assert (back.reason, back.alert.state, back.mention) == (Reason.REOPENED, AlertState.SNOOZED, False)


def test_a_recovery_is_a_change_that_ends_a_snooze() -> None:
    closed = decide(snoozed(NOW + 48 * HOUR, CHANGE), seen(Observed.CLEAR), NOW, POLICY)

    back = decide(closed.alert, failing(), NOW + MINUTE, POLICY)

    assert back.alert is not None
    assert back.alert.state is AlertState.FIRING


@pytest.mark.parametrize(
    ("states", "opens_at"),
    [
        ("xx", None),
        ("xxx", 2),
        ("xx.xx", None),
        ("xx.xxx", 5),
        ("xx?x", 3),
    ],
    ids=["too few", "enough", "interrupted", "begun again", "not looked at between"],
)
def test_not_being_able_to_look_opens_after_so_many_runs_in_a_row(states: str, opens_at: int | None) -> None:
    current: Alert | None = None
    reasons = []
    for state in states:
        left = {} if current is None else current.details.get("in_a_row", {})
        unseen = replace(seen(Observed.UNSEEN), in_a_row=left)
        observation = {"x": counted(current), ".": seen(Observed.CLEAR), "?": unseen}[state]
        transition = decide(current, observation, NOW, POLICY)
        current = transition.alert
        reasons.append(transition.reason)

    opened = [index for index, reason in enumerate(reasons) if reason is Reason.OPENED]
    assert opened == ([] if opens_at is None else [opens_at])
    assert current is not None
    assert current.generation == 0
    assert was_told(current) == (opens_at is not None)


@pytest.mark.parametrize(
    ("minutes", "opens"),
    [
        ((0, 1, 2, 3), False),
        ((0, 7, 14), False),
        ((0, 8, 16), True),
        ((0, 15, -60, 30), True),
        ((0, -1, 15, 14), False),
    ],
    ids=["clicks within minutes", "just too close", "just apart", "the clock was put back", "two clocks"],
)
def test_runs_close_to_each_other_count_as_one(minutes: tuple[int, ...], opens: bool) -> None:
    current: Alert | None = None
    reasons = []
    for each in minutes:
        transition = decide(current, replace(counted(current), apart=8 * MINUTE), NOW + each * MINUTE, POLICY)
        current = transition.alert
        reasons.append(transition.reason)

    assert (Reason.OPENED in reasons) == opens


def test_a_record_that_only_counts_is_no_open_alert() -> None:
    transition = decide(None, failing(after_runs=3), NOW, POLICY)

    assert transition.alert is not None
    assert (transition.alert.state, transition.alert.resolved_at) == (AlertState.RESOLVED, NOW)
    assert (transition.speaks, transition.writes, was_told(transition.alert)) == (False, True, False)


def test_a_count_that_begins_after_a_recovery_leads_to_a_thread_of_its_own() -> None:
    current: Alert | None = resolved(9 * HOUR, generation=4)
    for _ in range(3):
        current = decide(current, counted(current), NOW, POLICY).alert

    assert current is not None
    assert (current.state, current.generation) == (AlertState.FIRING, 5)


def test_an_observation_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="do not go together"):
        Observation(key="a-key", pipeline="nba", observed=Observed.CLEAR, failure=failure())


def test_a_count_begins_anew_after_a_recovery() -> None:
    current: Alert | None = None
    for observation in (*[failing(after_runs=3)] * 3, seen(Observed.CLEAR), *[failing(after_runs=3)] * 2):
        transition = decide(current, observation, NOW, POLICY)
        current = transition.alert

    assert transition.reason is Reason.UNCHANGED
    assert current is not None
    assert current.state is AlertState.RESOLVED


STEPS = st.tuples(
    st.sampled_from(
        [
            failing(),
            failing(**WORSE),
            failing(**MILDER),
            failing(**WIDER),
            failing(**NARROWER),
            failing(**OTHER),
            failing(after_runs=2),
            *(seen(observed) for observed in Observed if observed is not Observed.FAILING),
        ]
    ),
    st.integers(min_value=-5, max_value=600),
    st.sampled_from(["nothing", "acknowledge", "snooze"]),
)


@given(st.lists(STEPS, max_size=30))
def test_it_opens_and_closes_in_turn_whatever_happens(steps: list[tuple[Observation, int, str]]) -> None:
    current, now = None, NOW
    told: list[Reason] = []
    for observation, minutes, click in steps:
        now += timedelta(minutes=minutes)
        transition = decide(current, observation, now, POLICY)
        current = transition.alert
        if transition.reason in (Reason.OPENED, Reason.REOPENED, Reason.RESOLVED, Reason.SUPERSEDED):
            told.append(transition.reason)
        if current is not None and current.state is AlertState.FIRING and click != "nothing":
            state = AlertState.ACKNOWLEDGED if click == "acknowledge" else AlertState.SNOOZED
            until = now + HOUR if click == "snooze" else None
            current = replace(current, state=state, owner="U0000001", snoozed_until=until)
        check_invariants(transition, observation)

    assert all(reason in (Reason.OPENED, Reason.REOPENED) for reason in told[::2])
    assert all(reason in (Reason.RESOLVED, Reason.SUPERSEDED) for reason in told[1::2])


def check_invariants(transition: Transition, observation: Observation) -> None:
    before, after = transition.before, transition.alert
    if observation.observed in (Observed.QUIET, Observed.BLIND, Observed.UNSEEN):
        assert (before is None) == (after is None)
        assert before is None or after is None or (before.state is RESOLVED) == (after.state is RESOLVED)
    if not transition.speaks and (after is None or was_told(after)):
        assert (
            before is None
            or after is None
            or replace(before, unknown_runs=0, details={}) == replace(after, unknown_runs=0, details={})
        )
    if before is not None and after is not None:
        assert after.version == before.version
        assert after.generation in (before.generation, before.generation + 1)
    if transition.mention:
        assert after is not None
        asks_the_owner = after.state is ACKNOWLEDGED and after.severity in POLICY.remind_owner_minutes
        assert after.state is AlertState.FIRING or asks_the_owner


@given(st.lists(STEPS, min_size=1, max_size=10))
def test_the_same_run_seen_twice_says_nothing_new(steps: list[tuple[Observation, int, str]]) -> None:
    current, now = None, NOW
    for observation, minutes, _ in steps:
        now += timedelta(minutes=abs(minutes))
        current = decide(current, observation, now, POLICY).alert
    last = replace(steps[-1][0], after_runs=1)
    current = decide(current, last, now, POLICY).alert

    again = decide(current, last, now, POLICY)

    assert not again.speaks
