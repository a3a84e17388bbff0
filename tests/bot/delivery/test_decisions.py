"""What follows from an answer of Slack: each reason at its limit, and no sequence of answers without an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.decisions import (
    PATIENCE,
    SEARCHES,
    TRIES,
    UNSEARCHED,
    UNSEARCHED_URGENT,
    Adaptation,
    Attempt,
    DeliveryFate,
    Form,
    another,
    is_lost,
    judge,
    may_go_again,
)
from bot.delivery.troubles import PostError, SinkCall, Trouble
from tests.bot.delivery.posting import HOME, MORNING, OTHER

SECOND = timedelta(seconds=1)


def error(trouble: Trouble, call: SinkCall = SinkCall.POST) -> PostError:
    return PostError(trouble, "a_code", channel=OTHER, call=call)


def steps(attempt: Attempt | None) -> list[Adaptation]:
    return [] if attempt is None else [note.step for note in attempt.notes]


@given(
    troubles=st.lists(st.sampled_from(Trouble), min_size=12, max_size=12),
    channel=st.sampled_from([HOME, OTHER]),
    thread=st.sampled_from([None, "1.1"]),
    calls=st.booleans(),
    tried=st.integers(0, 6),
)
@settings(deadline=None)
def test_a_message_is_sent_otherwise_at_most_a_few_times_and_never_again_in_the_same_way(
    troubles: list[Trouble], channel: str, thread: str | None, calls: bool, tried: int
) -> None:
    attempt: Attempt | None = Attempt(channel=channel, thread_ts=thread)
    seen = []
    for trouble in troubles:
        if attempt is None:
            break
        seen.append((attempt.channel, attempt.thread_ts, attempt.form, attempt.mentions))
        attempt = another(attempt, error(trouble), default=HOME, calls=calls, tried=tried)

    assert attempt is None
    assert len(set(seen)) == len(seen) <= 7


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.UNAVAILABLE, Trouble.APP])
def test_what_is_not_the_messages_fault_changes_nothing_about_it(trouble: Trouble) -> None:
    assert another(Attempt(channel=OTHER), error(trouble), default=HOME, calls=True, tried=9) is None


@pytest.mark.parametrize(
    ("trouble", "calls", "taken"),
    [
        (Trouble.CHANNEL, True, [Adaptation.REROUTED]),
        (Trouble.ACCESS, False, [Adaptation.REROUTED]),
        (Trouble.ACCESS, True, [Adaptation.UNMENTIONED]),
        (Trouble.RESTRICTED, True, [Adaptation.UNMENTIONED]),
        (Trouble.RESTRICTED, False, [Adaptation.REROUTED]),
        (Trouble.UNTHREADED, False, [Adaptation.REROUTED]),
        (Trouble.CONTENT, True, [Adaptation.WORDS]),
    ],
)
def test_the_first_step_fits_the_trouble(trouble: Trouble, calls: bool, taken: list[Adaptation]) -> None:
    assert steps(another(Attempt(channel=OTHER), error(trouble), default=HOME, calls=calls, tried=0)) == taken


@pytest.mark.parametrize(
    ("tried", "taken"),
    [pytest.param(TRIES - 1, [], id="just before"), pytest.param(TRIES, [Adaptation.REROUTED], id="at the limit")],
)
def test_a_code_that_nobody_has_told_us_of_is_waited_for_at_first(tried: int, taken: list[Adaptation]) -> None:
    attempt = Attempt(channel=OTHER)

    assert steps(another(attempt, error(Trouble.REFUSED), default=HOME, calls=False, tried=tried)) == taken


@pytest.mark.parametrize("trouble", [Trouble.UNTHREADED, Trouble.GONE])
def test_an_answer_leaves_its_thread_before_its_channel(trouble: Trouble) -> None:
    found = another(Attempt(channel=OTHER, thread_ts="1.1"), error(trouble), default=HOME, calls=False, tried=0)

    assert found is not None
    assert (found.channel, found.thread_ts) == (OTHER, None)


def test_without_a_default_channel_there_is_nowhere_else_to_go() -> None:
    assert another(Attempt(channel=OTHER), error(Trouble.CHANNEL), default=None, calls=False, tried=0) is None


def test_the_shortest_form_has_nothing_to_leave_out() -> None:
    shortest = Attempt(channel=OTHER, form=Form.SHORT)

    assert another(shortest, error(Trouble.CONTENT), default=HOME, calls=True, tried=0) is None


@pytest.mark.parametrize(
    ("trouble", "tried", "lost"),
    [
        (Trouble.GONE, 0, True),
        (Trouble.CHANNEL, 0, True),
        (Trouble.ACCESS, TRIES - 1, False),
        (Trouble.ACCESS, TRIES, True),
        (Trouble.REFUSED, TRIES - 1, False),
        (Trouble.REFUSED, TRIES, True),
        (Trouble.CONTENT, 99, False),
        (Trouble.UNAVAILABLE, 99, False),
        (Trouble.BUSY, 99, False),
        (Trouble.APP, 99, False),
    ],
)
def test_an_edit_is_lost_when_no_further_attempt_can_reach_its_message(
    trouble: Trouble, tried: int, lost: bool
) -> None:
    assert is_lost(error(trouble, SinkCall.EDIT), tried) is lost


@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("trouble", Trouble)
def test_a_message_in_doubt_waits_for_a_look_as_long_as_that_may_help(
    trouble: Trouble, again: bool, urgent: bool
) -> None:
    bound = UNSEARCHED_URGENT if urgent else UNSEARCHED

    def goes(after: timedelta, reads: int = SEARCHES) -> bool:
        look = error(trouble, SinkCall.FIND)
        return may_go_again(look, since=MORNING, reads=reads, again=again, urgent=urgent, now=MORNING + after)

    at_once = trouble not in (Trouble.BUSY, Trouble.UNAVAILABLE, Trouble.APP) and not again
    assert goes(bound - SECOND) is at_once
    assert goes(bound) is (trouble is not Trouble.APP)
    # Two looks with a night between them are no refusal that lasts.
    assert goes(100 * bound, SEARCHES - 1) is at_once


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Trouble.APP, DeliveryFate.APP_REFUSED),
        (Trouble.CONTENT, DeliveryFate.UNACCEPTABLE),
        (Trouble.BUSY, DeliveryFate.RATE_LIMITED),
        (Trouble.UNAVAILABLE, DeliveryFate.NO_ANSWER),
        (Trouble.CHANNEL, DeliveryFate.CHANNEL_REFUSED),
        (Trouble.ACCESS, DeliveryFate.CHANNEL_REFUSED),
        (Trouble.RESTRICTED, DeliveryFate.CHANNEL_REFUSED),
        (Trouble.UNTHREADED, DeliveryFate.CHANNEL_REFUSED),
        (Trouble.GONE, DeliveryFate.REFUSED),
        (Trouble.REFUSED, DeliveryFate.REFUSED),
    ],
)
def test_what_waits_waits_for_a_reason_and_a_refusal_is_given_up_after_a_day(
    trouble: Trouble, reason: DeliveryFate
) -> None:
    def judged(age: timedelta) -> DeliveryFate:
        return judge(error(trouble), age=age, failing=age, elsewhere=False, silent=True)

    never = (DeliveryFate.APP_REFUSED, DeliveryFate.UNACCEPTABLE, DeliveryFate.RATE_LIMITED, DeliveryFate.NO_ANSWER)
    assert judged(PATIENCE - SECOND) is reason
    assert judged(PATIENCE) is (reason if reason in never else DeliveryFate.GIVEN_UP)


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.UNAVAILABLE])
def test_a_slack_that_is_down_is_waited_for_for_ever_and_one_channel_for_a_day(trouble: Trouble) -> None:
    def given_up(failing: timedelta, *, elsewhere: bool) -> bool:
        reason = judge(error(trouble), age=timedelta(0), failing=failing, elsewhere=elsewhere, silent=True)
        return reason is DeliveryFate.GIVEN_UP

    assert not given_up(PATIENCE * 9, elsewhere=False)
    assert not given_up(PATIENCE - SECOND, elsewhere=True)
    assert given_up(PATIENCE, elsewhere=True)


@pytest.mark.parametrize(("silent", "reason"), [(True, DeliveryFate.NO_ANSWER), (False, DeliveryFate.CANNOT_SEARCH)])
def test_a_look_without_answer_holds_up_its_channel_only_when_nothing_else_is_answered(
    silent: bool, reason: DeliveryFate
) -> None:
    zero = timedelta(0)

    assert (
        judge(error(Trouble.UNAVAILABLE, SinkCall.FIND), age=zero, failing=zero, elsewhere=False, silent=silent)
        is reason
    )


def test_a_refused_edit_pauses_no_channel() -> None:
    zero = timedelta(0)

    found = judge(error(Trouble.ACCESS, SinkCall.EDIT), age=zero, failing=zero, elsewhere=False, silent=False)

    assert found is DeliveryFate.REFUSED
