"""The judge of a soak: what is planted is counted, each under its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.ledger import Shown
from tests.faults.soak.ledger import Broken, Findings, Look, Passed, judge, threads_of
from tests.faults.story import CHANNEL

MIDNIGHT = datetime(2026, 2, 12, tzinfo=UTC)
ALERT = "shop:service-ready:labels:-"
THREAD = f"alert:{ALERT}:0"
DIGEST = "digest:shop:2026-02-12"


def at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def message(key: str, hour: float, thread: Shown | None = None) -> Shown:
    ts = f"{at(hour).timestamp():.6f}"
    return Shown(key=key, channel=CHANNEL, ts=ts, thread_ts=None if thread is None else thread.ts, text=key)


BROKEN = Broken(pipeline="shop", fault="labels", alert=ALERT, begins=at(2.2), ends=at(4.2))
PASSED = Passed(
    broken=(BROKEN,),
    looks=tuple(Look(pipeline="shop", at=at(hour), full=hour in (8, 17)) for hour in range(24)),
    silences=(),
    digests={"shop": {date(2026, 2, 12): at(8)}},
    until=at(24),
)
OPENED = message(THREAD, 3.01)
RESOLVED = message(f"{THREAD}:resolved:2", 5.01, OPENED)
POSTED = message(DIGEST, 8.01)
SHOWN = (OPENED, RESOLVED, POSTED)


def found(findings: Findings) -> dict[str, int]:
    return {name: len(each) for name, each in findings.everything.items() if each}


def test_what_was_told_once_and_in_time_is_right() -> None:
    assert found(judge(PASSED, SHOWN)) == {}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param((POSTED,), {"lost": 1}, id="no thread"),
        pytest.param((OPENED, POSTED), {"lost": 1}, id="no end"),
        pytest.param((OPENED, RESOLVED), {"lost": 1}, id="no digest"),
        pytest.param((OPENED, *SHOWN), {"double": 1}, id="the thread twice"),
        pytest.param((*SHOWN, POSTED), {"double": 1}, id="the digest twice"),
        pytest.param((*SHOWN, RESOLVED), {"double": 2}, id="the end twice"),
        pytest.param((*SHOWN, message(f"alert:{ALERT}:1", 3.5)), {"double": 1}, id="a second thread"),
        pytest.param((*SHOWN, replace(RESOLVED, key=f"{THREAD}:resolved:3")), {"double": 1}, id="resolved twice"),
        pytest.param((*SHOWN, message("digest:shop:2026-02-11", 8)), {"double": 1}, id="a digest that nobody owes"),
        pytest.param((message(THREAD, 4.01), POSTED), {"late": 1, "lost": 1}, id="told a look too late"),
        pytest.param((OPENED, message(RESOLVED.key, 6.01, OPENED), POSTED), {"late": 1}, id="resolved too late"),
        pytest.param((OPENED, RESOLVED, message(DIGEST, 9.01)), {"late": 1}, id="a late digest"),
        pytest.param((*SHOWN, message("alert:shop:x:y:-:0", 3)), {"wrong": 1}, id="told, and nothing was broken"),
        pytest.param((*SHOWN, message(THREAD + "0", 1.5)), {"wrong": 1}, id="told before it was broken"),
        pytest.param((OPENED, message(RESOLVED.key, 4.01, OPENED), POSTED), {"wrong": 1}, id="over while broken"),
    ],
)
def test_what_is_planted_is_counted(shown: tuple[Shown, ...], expected: dict[str, int]) -> None:
    assert found(judge(PASSED, shown)) == expected


def test_a_look_that_somebody_died_over_does_not_count_and_the_next_one_does() -> None:
    died = [replace(each, undisturbed=each.at != at(3)) for each in PASSED.looks]
    later = (message(THREAD, 4.01), message(RESOLVED.key, 5.01, message(THREAD, 4.01)), POSTED)

    assert found(judge(replace(PASSED, looks=died), later)) == {}


def test_what_ended_before_anybody_could_look_may_go_untold() -> None:
    short = replace(BROKEN, ends=at(2.9))

    findings = judge(replace(PASSED, broken=(short,)), (POSTED,))

    assert found(findings) == {}
    (told,) = findings.uneven
    assert told.startswith("no thread is owed for shop labels, 12 02:12 to 12 02:54: ")
    assert told.endswith("it was over before the first undisturbed look at it, 12 03:00")


def test_what_nobody_could_look_at_before_the_days_ended_is_named() -> None:
    last = replace(BROKEN, fault="jobs", begins=at(17.5), ends=at(30), by_digest=True)

    findings = judge(replace(PASSED, broken=(BROKEN, last)), SHOWN)

    assert found(findings) == {}
    assert findings.uneven == [
        "no thread is owed for shop jobs, 12 17:30 to 13 06:00: the days ended before an undisturbed digest at it"
    ]


@given(
    spoilt=st.sets(st.integers(0, 23)),
    begun=st.sets(st.integers(0, 23 * 60), max_size=4),
    opened=st.sets(st.integers(0, 24 * 60), max_size=4),
    announced=st.booleans(),
)
def test_incidents_and_threads_are_as_many_but_for_what_is_named(
    spoilt: set[int], begun: set[int], opened: set[int], announced: bool
) -> None:
    spans = [(at(minute / 60), at(minute / 60 + 0.7)) for minute in sorted(begun)]
    passed = replace(
        PASSED,
        broken=[replace(BROKEN, begins=begins, ends=ends) for begins, ends in spans],
        looks=[replace(each, undisturbed=each.at not in {at(hour) for hour in spoilt}) for each in PASSED.looks],
        announced=frozenset({THREAD} if announced else ()),
    )
    shown = [message(THREAD, minute / 60) for minute in opened]

    findings = judge(passed, [*shown, POSTED])

    untold = [each for each in findings.lost if not each.endswith("its end")]
    excused = [each for each in findings.uneven if each.startswith("no thread")]
    more = len(findings.double) + len(findings.wrong) + len(findings.uneven) - len(excused)
    assert len(passed.broken) - len(untold) - len(excused) == len(threads_of(shown)) - more


def test_what_slack_did_not_take_is_late_only_once_it_takes_messages_again() -> None:
    silent = replace(PASSED, silences=((at(2.5), at(3.5)),))
    inside = message(THREAD, 3.6)
    shown = (inside, message(RESOLVED.key, 5.01, inside), POSTED)

    assert found(judge(PASSED, shown)) == {"late": 1}
    assert found(judge(silent, shown)) == {}
    assert found(
        judge(silent, (message(THREAD, 3.9), replace(shown[1], thread_ts=f"{at(3.9).timestamp():.6f}"), POSTED))
    ) == {"late": 1}


def test_what_only_a_digest_sees_is_owed_with_the_next_digest() -> None:
    slow = replace(PASSED, broken=(replace(BROKEN, ends=at(10), by_digest=True, healed_by_digest=True),))
    opened = message(THREAD, 8.02)

    assert found(judge(slow, (opened, message(RESOLVED.key, 17.01, opened), POSTED))) == {}
    assert found(judge(slow, (POSTED,))) == {"lost": 1}
    assert found(judge(slow, (opened, message(RESOLVED.key, 18.01, opened), POSTED))) == {"late": 1}


def test_a_digest_that_is_made_up_for_sees_what_was_broken_when_it_was_due() -> None:
    slow = replace(BROKEN, begins=at(8.1), ends=at(20), by_digest=True, healed_by_digest=True)
    looks = [
        replace(each, full=each.at == at(9), makes_up_for=at(8) if each.at == at(9) else None) for each in PASSED.looks
    ]
    passed = replace(PASSED, broken=(slow,), looks=looks)

    assert found(judge(passed, (POSTED,))) == {}
    assert found(judge(replace(passed, broken=(replace(slow, begins=at(7)),)), (POSTED,))) == {"lost": 1}


def test_a_message_that_says_itself_that_it_may_be_there_twice_may_be_so_once() -> None:
    announced = replace(PASSED, announced=frozenset({THREAD}))

    assert found(judge(announced, (OPENED, *SHOWN))) == {}
    assert judge(announced, (OPENED, *SHOWN)).uneven == [
        "one more thread for shop labels, 12 02:12 to 12 04:12: it says that it may be there twice"
    ]
    assert found(judge(announced, (OPENED, OPENED, *SHOWN))) == {"double": 1}


def test_a_thread_of_the_same_number_is_another_incidents_once_the_former_is_forgotten() -> None:
    again = replace(BROKEN, begins=at(12.2), ends=at(14.2))
    opened = message(THREAD, 13.01)
    shown = (*SHOWN, opened, message(RESOLVED.key, 15.01, opened))

    assert found(judge(replace(PASSED, broken=(BROKEN, again)), shown)) == {}
    assert found(judge(PASSED, shown))["double"] > 0
